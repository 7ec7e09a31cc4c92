import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { acceptedAnswer, duplicateAnswer, errorAnswerSchema } from './bodies.ts';
import { readStart, START_BODIES, type StartRoute } from './read.ts';

const EXPECT = { media: { kind: 'expect', carrier: 'twilio', ttl_s: 60 } };
const DISPATCH = {
  room: 'in_+1555_x1',
  participant_identity: 'sip_+1555',
  sip_call_id: 'SCL_abc',
  received_at: 1_795_466_612_345,
  deadline_ms: 20_000,
};

const read = (route: StartRoute, body: unknown, key?: string) => readStart(route, JSON.stringify(body), key);
const why = (route: StartRoute, body: unknown, key?: string) => {
  const start = read(route, body, key);
  return start.ok ? 'it is valid' : start.why;
};
const hash = (route: StartRoute, body: unknown, key?: string) => {
  const start = read(route, body, key);
  return start.ok ? start.hash : start.why;
};

describe('a valid start', () => {
  it.each([
    [
      '/attach',
      { ...EXPECT, call_id: 'cmp-81', agent: 'survey', context: { from: '+49', vars: { n: [1] } } },
    ],
    ['/attach', { media: { kind: 'livekit', room: 'r', participant_identity: 'sip_1' } }],
    ['/attach', { media: { kind: 'dial', carrier: 'pcm', url: 'wss://media.example.com/call?x=1' } }],
    ['/livekit/dialout', { to: '+15550123', ringing_timeout_s: 30, max_duration_s: 900 }],
    ['/livekit/widget', {}],
    ['/livekit/dispatch', { ...DISPATCH, attributes: { 'sip.trunkID': 'ST_1' } }],
  ] as const)('%s %j', (route, body) =>
    expect(read(route, body)).toMatchObject({ ok: true, start: { route, body } }),
  );

  it('has its call id from the body, from Idempotency-Key, or from LiveKit', () => {
    expect(read('/attach', { ...EXPECT, call_id: 'a' })).toMatchObject({ callId: 'a' });
    expect(read('/attach', EXPECT, 'b')).toMatchObject({ callId: 'b' });
    expect(read('/attach', { ...EXPECT, call_id: 'a' }, 'a')).toMatchObject({ callId: 'a' });
    expect(read('/livekit/dispatch', DISPATCH)).toMatchObject({ callId: 'SCL_abc' });
    expect(read('/attach', EXPECT)).toMatchObject({ callId: undefined });
  });
});

describe('two requests are the same', () => {
  it('whatever the order of their members, and wherever the call id stands', () => {
    const body = { call_id: 'a', media: { kind: 'expect', carrier: 'pcm' }, context: { from: '1', to: '2' } };
    const other = { context: { to: '2', from: '1' }, media: { carrier: 'pcm', kind: 'expect' } };
    expect(hash('/attach', body)).toBe(hash('/attach', other, 'a'));
    expect(hash('/attach', body)).not.toBe(hash('/attach', { ...body, agent: 'x' }));
  });

  it('when they are about one caller, for dispatch', () => {
    expect(hash('/livekit/dispatch', DISPATCH)).toBe(
      hash('/livekit/dispatch', { ...DISPATCH, deadline_ms: 1, received_at: 5, from: '+1' }),
    );
    expect(hash('/livekit/dispatch', DISPATCH)).not.toBe(
      hash('/livekit/dispatch', { ...DISPATCH, room: 'other' }),
    );
  });
});

describe('what is wrong is named', () => {
  it('part by part, all of them', () => {
    const fault = why('/attach', {
      call_id: 'a/b',
      agent: 7,
      media: { kind: 'expect', carrier: 'fax' },
      dialect: 1,
    });
    for (const part of ['call_id', 'agent', 'media.carrier', 'dialect']) expect(fault).toContain(part);
  });

  it.each([
    ['/attach', {}, 'media'],
    ['/attach', { media: { kind: 'dial_in' } }, 'media.kind'],
    ['/attach', { ...EXPECT, call_id: '../../etc/passwd' }, 'call_id'],
    ['/attach', { ...EXPECT, call_id: '' }, 'call_id'],
    ['/attach', { ...EXPECT, call_id: 'x'.repeat(129) }, 'call_id'],
    ['/attach', { media: { ...EXPECT.media, ttl_s: 1.5 } }, 'ttl_s'],
    ['/attach', { media: { kind: 'dial', carrier: 'pcm', url: 'http://x' } }, 'media.url'],
    ['/attach', { media: { kind: 'dial', carrier: 'pcm', url: 'ws://u:p@x/' } }, 'media.url'],
    ['/attach', { media: { kind: 'dial', carrier: 'pcm', url: 'ws://x', headers: { Host: 'y' } } }, 'Host'],
    [
      '/attach',
      { media: { kind: 'dial', carrier: 'pcm', url: 'ws://x', headers: { A: 'b\r\nC: d' } } },
      'headers.A',
    ],
    ['/livekit/dialout', { to: '' }, 'to'],
    ['/livekit/dialout', { to: '+1\n', ringing_timeout_s: 0 }, 'ringing_timeout_s'],
    ['/livekit/widget', { vars: {} }, 'vars'],
    ['/livekit/dispatch', { ...DISPATCH, received_at: '2026' }, 'received_at'],
    ['/livekit/dispatch', { ...DISPATCH, sip_call_id: 'SCL/abc' }, 'sip_call_id'],
  ] as const)('%s %j', (route, body, part) => expect(why(route, body)).toContain(part));

  it('also when it is no JSON, no object, or nested without end', () => {
    expect(readStart('/attach', '{"media":', undefined)).toMatchObject({ why: 'the body is not valid JSON' });
    expect(why('/attach', [])).toContain('expected object');
    expect(readStart('/attach', '['.repeat(30_000) + ']'.repeat(30_000), undefined)).toMatchObject({
      ok: false,
    });
  });

  it('without an end to the list', () => {
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`x${n}`, 1]));
    expect(why('/livekit/widget', many).length).toBeLessThan(2100);
  });

  it('when Idempotency-Key is no call id, or another one', () => {
    expect(why('/attach', EXPECT, 'a/b')).toContain('Idempotency-Key');
    expect(why('/attach', { ...EXPECT, call_id: 'a' }, 'b')).toContain('different');
  });
});

it('bodies and answers can be written as JSON Schema', () => {
  for (const schema of [...Object.values(START_BODIES), acceptedAnswer, duplicateAnswer, errorAnswerSchema])
    expect(JSON.stringify(z.toJSONSchema(schema))).toContain('"type":"object"');
});

import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { pcm } from '../../src/carriers/pcm/media.ts';
import { CarrierServer } from '../support/carrier-server.ts';
import { describeLine } from '../support/line-conformance.ts';
import { LineEvents } from '../support/line-events.ts';
import { connectPcm } from '../support/pcm-far-end.ts';
import { placed } from '../support/twilio-far-end.ts';

describeLine('plain-audio', () => connectPcm(new CarrierServer(pcm)));

let release: () => void = () => undefined;
afterEach(() => release());

async function connect(start?: object) {
  const server = new CarrierServer(pcm);
  const connected = await connectPcm(server, start);
  release = connected.release;
  return { server, ...connected, events: new LineEvents(connected.line) };
}

describe('a plain-audio line', () => {
  test.each([8000, 16000, 24000, 48000])('runs at %i Hz, with what its start says', async (rate) => {
    const { line } = await connect({
      event: 'start',
      rate,
      agent: 'clinic',
      call_id: 'c-1',
      from: 'web',
      vars: { plan: { seats: 3 } },
      colour: 'unknown members are ignored',
    });
    expect(line.facts).toMatchObject({
      carrier: 'pcm',
      rate,
      agent: 'clinic',
      callId: 'c-1',
      from: 'web',
      vars: { plan: { seats: 3 } },
      can: { dtmfOut: true },
    });
  });

  test('takes messages of any whole number of samples', async () => {
    const { far, events } = await connect();
    for (const count of [1, 7, 320, 5000]) far.media(new Int16Array(count));
    far.media(new Int16Array(0));
    for (let i = 0; i < 4; i++) await events.next('media');
    expect(placed(events)).toEqual([
      [0, 1],
      [1, 7],
      [8, 320],
      [328, 5000],
    ]);
  });

  test('shows a gap where the client left silence out, and none for a slow network', async () => {
    const { far, events, pass } = await connect();
    far.media(new Int16Array(320));
    await events.next('media');
    await pass(700);
    far.media(new Int16Array(320));
    await events.next('media');
    await pass(2000);
    far.media(new Int16Array(320));
    await events.next('media');
    expect(placed(events).map(([at]) => at)).toEqual([0, 320, 640 + 16 * (2000 - 20)]);
  });

  test('tells the client what the call tells the line', async () => {
    const { client, line } = await connect();
    line.tell({ kind: 'ready', callId: 'call_x' });
    line.tell({ kind: 'transcript', who: 'agent', text: 'Hello.', final: true });
    line.dtmf('1#');
    void line.end('agent.finished');
    expect(await client.nextJson()).toEqual({ event: 'ready', call_id: 'call_x' });
    expect(await client.nextJson()).toEqual({
      event: 'transcript',
      who: 'agent',
      text: 'Hello.',
      final: true,
    });
    expect(await client.nextJson()).toEqual({ event: 'dtmf', digit: '1' });
    expect(await client.nextJson()).toEqual({ event: 'dtmf', digit: '#' });
    expect(await client.nextJson()).toEqual({ event: 'end', reason: 'agent.finished' });
    expect(await client.closed).toMatchObject({ code: 1000 });
  });

  test('that turns out to be a duplicate is told so, and closed as not allowed', async () => {
    const { client, line } = await connect();
    void line.end('start.duplicate');
    expect(await client.nextJson()).toEqual({ event: 'end', reason: 'duplicate' });
    expect(await client.closed).toMatchObject({ code: 1008 });
  });

  test('does not share memory with the samples it was given, however long they wait to be sent', async () => {
    const { far, client, line } = await connect();
    far.deafen();
    const samples = new Int16Array(100_000);
    let last = 0;
    while (line.backlogBytes() < 300_000) line.send(samples.fill(++last), 0);
    samples.fill(0);
    client.socket.resume();
    for (let value = 1; value <= last; value++) {
      const sent = await far.next();
      expect('audio' in sent && sent.audio.every((sample) => sample === value)).toBe(true);
    }
  });

  test.each([
    ['half a sample', new Uint8Array(321)],
    ['text that is not JSON', 'hello'],
    ['JSON that is no message', '{"rate":16000}'],
  ])('ends with line.protocol on %s, and tells the client', async (_what, message) => {
    const { client, events } = await connect();
    client.send(message);
    expect(await events.next('end')).toMatchObject({ reason: 'line.protocol' });
    expect(await client.nextJson()).toEqual({ event: 'end', reason: 'line.protocol' });
    expect(await client.closed).toMatchObject({ code: 1008, reason: expect.stringMatching(/./) });
  });

  test('survives 5,000 random frames: it goes on or ends once, and nothing is thrown', async () => {
    const event = fc.constantFrom('mark', 'dtmf', 'clear', 'ready', 'new');
    const text = fc
      .record(
        { event, name: fc.anything(), digit: fc.anything(), rate: fc.anything() },
        { requiredKeys: ['event'] },
      )
      .map((each) => JSON.stringify(each, (_key, value: unknown) => (typeof value === 'bigint' ? 0 : value)));
    const audio = fc.uint8Array({ maxLength: 400 }).map((bytes) => bytes.subarray(0, bytes.length & ~1));
    const { client, events, far } = await connect();
    for (const message of fc.sample(fc.oneof<fc.Arbitrary<string | Uint8Array>[]>(text, audio), 5000))
      client.send(message);
    await far.settled();
    expect(events.all.length).toBeGreaterThanOrEqual(5000);
    expect(events.kinds()).not.toContain('end');
    const anything = fc.oneof<fc.Arbitrary<string | Uint8Array>[]>(fc.json(), fc.string(), fc.uint8Array());
    for (const message of fc.sample(anything, 200)) client.send(message);
    client.send(new Uint8Array(1));
    await events.next('end');
    expect(events.kinds().filter((kind) => kind === 'end')).toHaveLength(1);
    expect(events.kinds().at(-1)).toBe('end');
  });
});

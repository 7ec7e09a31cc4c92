import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { START_POSTS } from '../../src/contract/front-answers.ts';
import { EXPECT_PCM, type Posted, post } from '../support/post.ts';
import { freeWorker, rawExchange, type WorkerProcess } from '../support/worker.ts';

const KEY = 'key-one-0123456789';
const OLD_KEY = 'key-two-0123456789';
const AUTH = { authorization: `Bearer ${KEY}` };
const BODIES: Readonly<Record<string, object>> = {
  '/attach': EXPECT_PCM,
  '/livekit/dialout': { to: '+15550123' },
  '/livekit/widget': {},
  '/livekit/dispatch': {
    room: 'r',
    participant_identity: 'sip_1',
    sip_call_id: 'SCL_1',
    received_at: 1,
    deadline_ms: 1,
  },
};

// One worker in production for the whole file: after each bad input its seat must be free, and nothing have begun.
let folder: string;
let worker: WorkerProcess;
let pid: number;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cxb-test-'));
  mkdirSync(join(folder, 'data'));
  worker = await freeWorker({
    folder,
    shared: true,
    env: {
      CXBCORE_MODE: 'production',
      CXBCORE_AGENT: 'quiet',
      CXBCORE_API_KEYS: `${KEY},${OLD_KEY}`,
      CXBCORE_TOKEN_KEYS: 'token-key-0123456789',
      CXBCORE_PUBLIC_URL: 'https://voice.example.com',
      CXBCORE_REQUEST_HEADER_MS: '200',
    },
  });
  pid = (await worker.status()).pid;
});

afterAll(async () => {
  await worker.dispose();
  rmSync(folder, { recursive: true, force: true });
});

afterEach(async () => {
  const status = await worker.until(({ state }) => state === 'free');
  expect(status).toMatchObject({ pid, calls: 0, call: null });
  for (const name of ['journal', 'records']) expect(namesIn(join(folder, 'data', name))).toEqual([]);
  expect(namesIn(join(folder, 'cxbcore_claims')).filter((name) => !name.startsWith('once'))).toEqual([]);
});

function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

const start = (path: string, body: unknown, headers: Record<string, string> = AUTH): Promise<Posted> =>
  post({ socketPath: worker.socket }, path, body, headers);
const raw = (head: readonly string[], body = '') =>
  rawExchange(worker.socket, `${head.join('\r\n')}\r\n\r\n${body}`);

describe.each(START_POSTS)('POST %s', (route) => {
  const body = BODIES[route];

  it.each([
    ['no key', {}],
    ['a wrong key', { authorization: 'Bearer key-one-012345678x' }],
    ['an empty key', { authorization: 'Bearer ' }],
    ['another scheme', { authorization: `Basic ${KEY}` }],
  ])('with %s is 401', async (_what, headers) => {
    const answer = await start(route, body, headers);
    expect(answer).toMatchObject({ status: 401, json: { error: 'unauthorized' } });
    expect(answer.headers['www-authenticate']).toBe('Bearer');
    expect(answer.body).not.toContain('CXBCORE_');
  });

  it.each([
    ['no body', '', 'not valid JSON'],
    ['half a body', '{"media":', 'not valid JSON'],
    ['a list', [], 'expected object'],
    ['a number', 7, 'expected object'],
    ['null', null, 'expected object'],
    ['unknown members', { ...body, dialect: 1 }, 'dialect'],
    ['an agent that is a number', { ...body, agent: 7 }, 'agent'],
    ['a body that is nested without end', `${'{"a":'.repeat(9000)}1${'}'.repeat(9000)}`, 'nested too deeply'],
    ['a body that is no UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22]), 'UTF-8'],
  ])('with %s is 400, and says so', async (_what, wrong, said) => {
    const answer = await start(route, wrong);
    expect(answer).toMatchObject({ status: 400, json: { error: 'bad_request' } });
    expect(answer.json['message']).toContain(said);
  });

  it('with an Idempotency-Key that is no call id is 400', async () => {
    for (const key of ['a/b', '../x', '', 'x'.repeat(200), 'ä'])
      expect((await start(route, body, { ...AUTH, 'idempotency-key': key })).status).toBe(400);
  });

  it('with a body of 1 MiB is 413', async () => {
    const answer = await start(route, `{"call_id":"${'x'.repeat(1_048_576)}"}`);
    expect(answer).toMatchObject({ status: 413, json: { error: 'too_large' } });
  });

  it('with a body that comes too slowly is 408', async () => {
    const answer = await raw(
      [`POST ${route} HTTP/1.1`, 'Host: x', `Authorization: Bearer ${KEY}`, 'Content-Length: 100'],
      '{"media"',
    );
    expect(answer).toMatch(/^HTTP\/1.1 408 [\s\S]*"request_timeout"/);
  });

  it('whose sender leaves in the middle leaves nothing behind', async () => {
    for (let i = 0; i < 10; i++) {
      const socket = net.connect(worker.socket, () => {
        socket.write(`POST ${route} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{`, () =>
          socket.destroy(),
        );
      });
      await new Promise((resolve) => void socket.on('error', resolve).on('close', resolve));
      await worker.until(({ state }) => state === 'free');
    }
  });

  it.each(['GET', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH'])('by %s instead is 405', async (method) => {
    const answer = await raw([`${method} ${route} HTTP/1.1`, 'Host: x', `Authorization: Bearer ${KEY}`]);
    expect(answer).toMatch(/^HTTP\/1.1 405 [\s\S]*Allow: POST/);
  });

  it('that asks for an upgrade to WebSocket is 400', async () => {
    const text = JSON.stringify(body);
    const answer = await raw(
      [
        `POST ${route} HTTP/1.1`,
        'Host: x',
        `Authorization: Bearer ${KEY}`,
        'Connection: upgrade',
        'Upgrade: websocket',
        `Content-Length: ${text.length}`,
      ],
      text,
    );
    expect(answer).toMatch(/^HTTP\/1.1 400 [\s\S]*Upgrade header/);
  });

  it('by a WebSocket handshake is 405', async () => {
    const answer = await raw([
      `GET ${route} HTTP/1.1`,
      'Host: x',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ]);
    expect(answer).toMatch(/^HTTP\/1.1 405 /);
  });

  it('that the proxy has given up already is 503 and is not read', async () => {
    const answer = await start(route, body, { ...AUTH, 'x-start-ms': '1000' });
    expect(answer).toMatchObject({ status: 503, json: { error: 'stale_start' } });
  });

  it('with an agent this host does not have is 422', async () => {
    const answer = await start(route, { ...body, agent: 'nobody' });
    expect(answer).toMatchObject({ status: 422, json: { error: 'unusable' } });
  });
});

it('each of several keys is as good as the other, so that one can replace the other', async () => {
  for (const key of [KEY, OLD_KEY]) {
    const answer = await start(
      '/attach',
      { ...EXPECT_PCM, agent: 'nobody' },
      { authorization: `Bearer ${key}` },
    );
    expect(answer.status).toBe(422);
  }
});

it('in production without any key nobody may start a call, and the log says what to set', async () => {
  const other = await freeWorker({ env: { CXBCORE_MODE: 'production' } });
  for (const headers of [{}, { authorization: 'Bearer undefined' }, AUTH])
    expect(await post({ socketPath: other.socket }, '/attach', EXPECT_PCM, headers)).toMatchObject({
      status: 401,
    });
  expect(other.output()).toContain('CXBCORE_API_KEYS');
  expect((await other.status()).state).toBe('free');
});

it('in development a start that comes from elsewhere needs a key too', async () => {
  const other = await freeWorker({ env: { CXBCORE_AGENT: 'quiet' } });
  const foreign: Record<string, string>[] = [
    { 'x-forwarded-for': '203.0.113.9' },
    { host: 'voice.example.com' },
    { origin: 'https://evil.example.com' },
  ];
  for (const headers of foreign)
    expect(await post({ socketPath: other.socket }, '/attach', EXPECT_PCM, headers)).toMatchObject({
      status: 401,
    });
});

it.each(['/livekit/dialout', '/livekit/widget', '/livekit/dispatch'])(
  '%s where LiveKit is not set up is 422, and says what is missing',
  async (route) => {
    const answer = await start(route, BODIES[route]);
    expect(answer).toMatchObject({ status: 422, json: { error: 'unusable' } });
    expect(answer.json['message']).toContain('LIVEKIT_URL');
  },
);

it.each([
  ['a name with a slash', 'a/b'],
  ['a way out of the folder', '../../etc/passwd'],
  ['a way out that is encoded', '%2e%2e%2fx'],
  ['nothing', ''],
  ['a dot first', '.x'],
  ['129 characters', 'x'.repeat(129)],
  ['a newline', 'a\nb'],
  ['a zero byte', 'a\u0000b'],
  ['a number', 7],
])('a call id of %s is 400', async (_what, call_id) => {
  const answer = await start('/attach', { ...EXPECT_PCM, call_id });
  expect(answer).toMatchObject({ status: 400, json: { error: 'bad_request' } });
  expect(answer.json['message']).toContain('call_id');
});

it.each([
  ['a host that is not allowed', 'wss://media.example.com/call'],
  ['this machine', 'ws://127.0.0.1:1/'],
  ['this machine, written as a number', 'ws://2130706433/'],
  ['an address of the cloud', 'ws://169.254.169.254/latest/meta-data'],
])('dialling %s is 422', async (_what, url) => {
  const answer = await start('/attach', { media: { kind: 'dial', carrier: 'pcm', url } });
  expect(answer).toMatchObject({ status: 422, json: { error: 'unusable' } });
  expect(answer.json['message']).toContain('CXBCORE_DIAL_ALLOW');
});

it.each([
  'POST /attach/ HTTP/1.1',
  'POST /attach/../attach HTTP/1.1',
  'POST //attach HTTP/1.1',
  'POST /attach%2f HTTP/1.1',
  'POST /ATTACH HTTP/1.1',
  'POST /drain HTTP/1.1',
  'POST /livekit HTTP/1.1',
])('%s is 404', async (line) => {
  const answer = await raw([line, 'Host: x', `Authorization: Bearer ${KEY}`, 'Content-Length: 2'], '{}');
  expect(answer).toMatch(/^HTTP\/1.1 404 /);
});

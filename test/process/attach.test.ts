import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { signTwilio } from '../../src/carriers/twilio/signature.ts';
import { issueToken } from '../../src/contract/token.ts';
import type { CallRecord } from '../../src/journal/call-record.ts';
import { until } from '../support/host.ts';
import { EXPECT_PCM, post } from '../support/post.ts';
import { RawClient, RefusedError } from '../support/raw-client.ts';
import { CONNECTED, startWith } from '../support/twilio-far-end.ts';
import {
  freePort,
  freeWorker,
  rawExchange,
  startWorkerProcess,
  type WorkerProcess,
  workerFolder,
} from '../support/worker.ts';

const TOKEN_KEY = 'token-key-0123456789';
const START = { event: 'start', rate: 8000 };

async function reserving(env: Record<string, string> = {}): Promise<WorkerProcess> {
  return freeWorker({
    env: { CXBCORE_TOKEN_KEYS: TOKEN_KEY, CXBCORE_FLEET: 'here', CXBCORE_AGENT: 'quiet', ...env },
  });
}

const attach = (worker: WorkerProcess, body: object) => post({ socketPath: worker.socket }, '/attach', body);

/** The media of a reservation, to whichever socket of the worker. */
function connect(worker: WorkerProcess, url: unknown, socket: 'rsv' | 'sock' = 'rsv'): Promise<RawClient> {
  const path = String(url).replace(/^wss?:\/\/[^/]+/, '');
  return RawClient.connect(`ws+unix:${worker.socket.replace(/sock$/, socket)}:${path}`);
}

async function refusal(connecting: Promise<RawClient>): Promise<{ status: number; body: string }> {
  try {
    await connecting;
  } catch (error) {
    if (error instanceof RefusedError) return error;
    throw error;
  }
  throw new Error('the connection was let in');
}

/** The path goes out as it stands: clients would make something else of its dots. */
async function rawStatus(worker: WorkerProcess, path: string): Promise<number> {
  const head = [
    `GET ${path} HTTP/1.1`,
    'Host: localhost',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ];
  const answer = await rawExchange(worker.socket.replace(/sock$/, 'rsv'), `${head.join('\r\n')}\r\n\r\n`);
  return Number(answer.slice(9, 12));
}

const records = (worker: WorkerProcess): string[] => {
  const folder = join(worker.dataDir, 'records');
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
};
const record = (worker: WorkerProcess, callId: string): Promise<CallRecord> =>
  until(() => {
    if (!records(worker).includes(`${callId}.json`)) return undefined;
    return JSON.parse(readFileSync(join(worker.dataDir, 'records', `${callId}.json`), 'utf8')) as CallRecord;
  });

describe('a reservation', () => {
  it('holds the seat for its media, which begins the call that was asked for', async () => {
    const worker = await reserving();
    const asked = {
      ...EXPECT_PCM,
      call_id: 'cmp-81-000123',
      agent: 'talker',
      context: { from: '+4930', to: '+4940', vars: { order: 7 } },
    };
    const answer = await attach(worker, asked);
    expect(answer).toMatchObject({
      status: 202,
      json: {
        call_id: 'cmp-81-000123',
        worker: 1,
        fleet: 'here',
        status_url: '/api/fleets/here/calls/cmp-81-000123',
      },
    });
    const { media_url: url } = answer.json;
    expect(url).toMatch(/^ws:\/\/127\.0\.0\.1:8080\/media\/pcm\/r\/here\/1\/cxb1\./);
    expect(await worker.status()).toMatchObject({
      state: 'reserved',
      call: { call_id: 'cmp-81-000123', agent: 'talker', state: 'opening' },
    });

    const client = await connect(worker, url);
    client.send(START);
    expect(await client.nextJson()).toEqual({ event: 'ready', call_id: 'cmp-81-000123' });
    expect(await worker.status()).toMatchObject({ state: 'live', call: { agent: 'talker' } });
    expect(existsSync(worker.socket.replace(/sock$/, 'rsv'))).toBe(false);
    client.socket.close();
    expect(await record(worker, 'cmp-81-000123')).toMatchObject({
      agent: { name: 'talker' },
      from: '+4930',
      to: '+4940',
      end: { reason: 'caller.hung_up' },
    });
    await worker.until(({ state, calls }) => state === 'free' && calls === 1);
    expect(records(worker)).toHaveLength(1);
  });

  it('is told again to whoever asks again, while it waits and after its call', async () => {
    const worker = await reserving({
      CXBCORE_SOCKET: '',
      CXBCORE_PORT: String(await freePort()),
    });
    const port = Number(/cxbcore_tcp(\d+)\.ctl/.exec(worker.control)?.[1]);
    const start = (body: object, headers = {}) => post({ port }, '/attach', body, headers);
    const first = await start({ ...EXPECT_PCM, call_id: 'c1' });
    expect(first.status).toBe(202);
    const again = await start(EXPECT_PCM, { 'idempotency-key': 'c1' });
    expect(again).toMatchObject({
      status: 200,
      json: { ...first.json, status: 'duplicate', state: 'reserved' },
    });
    const other = await start({ media: { kind: 'expect', carrier: 'twilio' }, call_id: 'c1' });
    expect(other).toMatchObject({ status: 409, json: { error: 'id_conflict', call_id: 'c1' } });
    const full = await start(EXPECT_PCM);
    expect(full).toMatchObject({ status: 429, json: { error: 'at_capacity' } });
    expect(full.headers['retry-after']).toBe('1');
    const behindIngress = await start(EXPECT_PCM, { 'x-cxb-ingress': '1' });
    expect(behindIngress).toMatchObject({ status: 503, json: { error: 'at_capacity' } });

    const client = await RawClient.connect(String(first.json['media_url']));
    client.send(START);
    await client.nextJson();
    expect((await start(EXPECT_PCM, { 'idempotency-key': 'c1' })).json).toMatchObject({ state: 'live' });
    client.socket.close();
    await worker.until(({ state }) => state === 'free');
    const after = await start({ ...EXPECT_PCM, call_id: 'c1' });
    expect(after).toMatchObject({
      status: 200,
      json: { status: 'duplicate', state: 'ended', result: { reason: 'caller.hung_up' } },
    });
    expect((await worker.status()).state).toBe('free');
  });

  it('without media ends with its time, and has its record', async () => {
    const worker = await reserving();
    const answer = await attach(worker, { call_id: 'c1', media: { ...EXPECT_PCM.media, ttl_s: 1 } });
    expect(answer.status).toBe(202);
    await worker.until(({ state }) => state === 'free');
    expect(await record(worker, 'c1')).toMatchObject({
      end: { reason: 'line.never_came' },
      events: [{ what: 'media_never_came' }],
    });
    expect((await worker.status()).calls).toBe(1);
    expect(await refusal(connect(worker, answer.json['media_url'], 'sock'))).toMatchObject({ status: 401 });
    expect(
      (await attach(worker, { call_id: 'c1', media: { ...EXPECT_PCM.media, ttl_s: 1 } })).json,
    ).toMatchObject({ status: 'duplicate', result: { reason: 'line.never_came' } });
  });

  it('outlives connections that start no call', async () => {
    const worker = await reserving();
    const { json } = await attach(worker, { ...EXPECT_PCM, call_id: 'c1' });
    const first = await connect(worker, json['media_url']);
    first.send({ event: 'hello' });
    expect((await first.closed).code).toBe(1008);
    const second = await connect(worker, json['media_url']);
    second.send({ ...START, call_id: 'another' });
    expect(await second.closed).toMatchObject({ code: 1008 });
    await worker.until(({ state }) => state === 'reserved');
    const third = await until(() => connect(worker, json['media_url']).catch(() => undefined));
    third.send({ ...START, call_id: 'c1' });
    expect(await third.nextJson()).toMatchObject({ event: 'ready', call_id: 'c1' });
    third.socket.close();
    expect((await record(worker, 'c1')).end.reason).toBe('caller.hung_up');
  });

  it('takes one connection, once', async () => {
    const worker = await reserving({ CXBCORE_SOCKET: '', CXBCORE_PORT: String(await freePort()) });
    const port = Number(/cxbcore_tcp(\d+)\.ctl/.exec(worker.control)?.[1]);
    const { json } = await post({ port }, '/attach', { ...EXPECT_PCM, call_id: 'c1' });
    const url = String(json['media_url']);
    const client = await RawClient.connect(url);
    // It has come, and has not said what it is yet.
    expect(await refusal(RawClient.connect(url))).toMatchObject({ status: 410 });
    client.send(START);
    await client.nextJson();
    expect(await refusal(RawClient.connect(url))).toMatchObject({ status: 401 });
    client.socket.close();
    await worker.until(({ state }) => state === 'free');
    expect(await refusal(RawClient.connect(url))).toMatchObject({ status: 401 });
  });

  it('lets in no token but its own', async () => {
    const worker = await reserving();
    const { json } = await attach(worker, { ...EXPECT_PCM, call_id: 'c1' });
    const soon = Date.now() + 60_000;
    const path = (token: string, carrier = 'pcm') => `/media/${carrier}/r/here/1/${token}`;
    const of = (claims: object) => issueToken({ carrier: 'pcm', expiresAtMs: soon, ...claims }, TOKEN_KEY);
    const own = String(json['media_url']).split('/').at(-1) ?? '';
    const wrong: readonly [string, number][] = [
      [path(of({ callId: 'c2' })), 410],
      [path(of({})), 401],
      [path(of({ callId: 'c1', expiresAtMs: Date.now() - 1 })), 401],
      [path(issueToken({ carrier: 'pcm', expiresAtMs: soon, callId: 'c1' }, 'another-key-0123456789')), 401],
      [path(own, 'twilio'), 401],
      [path(`${own}x`), 401],
      [path('nonsense'), 401],
      [`/media/pcm/r/here/1/../1/${own}`, 404],
      [`/media/pcm/r/here/1/%2e%2e/1/${own}`, 404],
      [`/media/pcm/../pcm/r/here/1/${own}`, 404],
      [`/media/pcm/r/here/1/${own}/`, 404],
      ['/media/pcm/r/here/1/', 404],
      ['/media/pcm', 429],
    ];
    for (const [wrongPath, status] of wrong)
      expect([wrongPath, await rawStatus(worker, wrongPath)]).toEqual([wrongPath, status]);
    const client = await connect(worker, json['media_url']);
    client.send(START);
    expect(await client.nextJson()).toMatchObject({ call_id: 'c1' });
    client.socket.close();
  });

  it('is ended by a hang-up, and by a stop of its worker', async () => {
    const worker = await reserving();
    await attach(worker, { ...EXPECT_PCM, call_id: 'c1' });
    expect(await worker.post('/hangup')).toEqual({ call_id: 'c1' });
    expect((await record(worker, 'c1')).end.reason).toBe('operator.hung_up');
    await worker.until(({ state }) => state === 'free');
    await attach(worker, { ...EXPECT_PCM, call_id: 'c2' });
    worker.signal('SIGTERM');
    await worker.until(({ draining }) => draining);
    expect((await worker.status()).state).toBe('reserved');
    worker.signal('SIGTERM');
    expect(await worker.exited).toMatchObject({ code: 0 });
    expect((await record(worker, 'c2')).end.reason).toBe('operator.stopped');
  });

  it('whose worker dies has its one record all the same', async () => {
    const worker = await reserving({ CXBCORE_RESURRECT_MAX: '0' });
    const { json } = await attach(worker, { ...EXPECT_PCM, call_id: 'c1' });
    worker.signal('SIGKILL');
    await worker.exited;
    const env = { CXBCORE_TOKEN_KEYS: TOKEN_KEY, CXBCORE_FLEET: 'here', CXBCORE_AGENT: 'quiet' };
    const next = startWorkerProcess({ folder: worker.folder, env });
    await next.until(({ state }) => state === 'free');
    expect((await record(next, 'c1')).end.reason).toBe('worker.died');
    expect(records(next)).toHaveLength(1);
    expect((await refusal(connect(next, json['media_url'], 'sock'))).status).toBe(410);
    const again = await attach(next, { ...EXPECT_PCM, call_id: 'c1' });
    expect(again).toMatchObject({ status: 200, json: { status: 'duplicate' } });
  });
});

it('a POST with “Connection: upgrade” and nothing to upgrade to is a start like any other', async () => {
  const worker = await reserving();
  const body = JSON.stringify({ ...EXPECT_PCM, call_id: 'c1' });
  const head = [
    'POST /attach HTTP/1.1',
    'Host: localhost',
    'Connection: upgrade',
    `Content-Length: ${body.length}`,
  ];
  const answer = await rawExchange(worker.socket, `${head.join('\r\n')}\r\n\r\n${body}`);
  expect(answer).toMatch(/^HTTP\/1.1 202 [\s\S]*"call_id":"c1"/);
});

it('a Twilio stream on a reserved address needs no token parameter, and its signature all the same', async () => {
  const worker = await reserving({
    CXBCORE_MODE: 'production',
    CXBCORE_PUBLIC_URL: 'https://voice.example.com',
    CXBCORE_API_KEYS: 'key-one-0123456789',
    TWILIO_AUTH_TOKEN: 'auth-token',
  });
  const asked = { call_id: 'c1', media: { kind: 'expect', carrier: 'twilio' }, context: { to: '+49' } };
  const keys = { authorization: 'Bearer key-one-0123456789' };
  const { json } = await post({ socketPath: worker.socket }, '/attach', asked, keys);
  const url = String(json['media_url']);
  expect(url).toMatch(/^wss:\/\/voice\.example\.com\/media\/twilio\/r\/here\/1\/cxb1\./);
  const stream = (authToken: string) =>
    RawClient.connect(`ws+unix:${worker.socket.replace(/sock$/, 'rsv')}:${new URL(url).pathname}`, [], {
      headers: { 'X-Twilio-Signature': signTwilio(url, {}, authToken) },
    });
  await expect(stream('another')).rejects.toMatchObject({ status: 401 });
  const caller = await stream('auth-token');
  caller.send(CONNECTED);
  caller.send(startWith({}));
  await worker.until(({ state }) => state === 'live');
  expect((await worker.status()).call).toMatchObject({ call_id: 'c1', carrier: 'twilio' });
  caller.socket.close();
  expect(await record(worker, 'c1')).toMatchObject({
    carrier_call_id: 'CA1',
    to: '+49',
    direction: 'outbound',
  });
  expect(worker.output()).not.toContain(url.split('/').at(-1));
});

it('an id that a connection brought belongs to its call', async () => {
  const worker = await reserving({ CXBCORE_SOCKET: '', CXBCORE_PORT: String(await freePort()) });
  const port = Number(/cxbcore_tcp(\d+)\.ctl/.exec(worker.control)?.[1]);
  const client = await RawClient.connect(`ws://127.0.0.1:${port}/media/pcm`);
  client.send({ ...START, call_id: 'c1' });
  await client.nextJson();
  expect(await post({ port }, '/attach', { ...EXPECT_PCM, call_id: 'c1' })).toMatchObject({
    status: 409,
    json: { error: 'id_conflict' },
  });
  client.socket.close();
  await worker.until(({ state }) => state === 'free');
});

it('a start whose id an old call had is refused, and that call’s record stays', async () => {
  const worker = await reserving();
  const client = await RawClient.connect(`ws+unix:${worker.socket}:/media/pcm`);
  client.send({ ...START, call_id: 'c1' });
  await client.nextJson();
  client.socket.close();
  await worker.until(({ state }) => state === 'free');
  const before = await record(worker, 'c1');
  for (const name of readdirSync(join(worker.folder, 'cxbcore_claims')))
    if (!name.startsWith('once')) rmSync(join(worker.folder, 'cxbcore_claims', name));
  expect(await attach(worker, { ...EXPECT_PCM, call_id: 'c1' })).toMatchObject({
    status: 409,
    json: { error: 'id_conflict', call_id: 'c1' },
  });
  await worker.until(({ state }) => state === 'free');
  expect(await record(worker, 'c1')).toEqual(before);
});

it('two streams of one carrier’s call on one host are one call, and the first is not touched', async () => {
  const folder = workerFolder();
  const [first, second] = await Promise.all([
    freeWorker({ folder, number: 1 }),
    freeWorker({ folder, number: 2 }),
  ]);
  const stream = async (worker: WorkerProcess) => {
    const client = await RawClient.connect(`ws+unix:${worker.socket}:/media/twilio`);
    client.send(CONNECTED);
    client.send(startWith({}));
    return client;
  };
  const caller = await stream(first);
  await first.until(({ state }) => state === 'live');
  const double = await stream(second);
  expect((await double.closed).code).toBe(1008);
  expect(await second.until(({ state }) => state === 'free')).toMatchObject({ calls: 0 });
  expect((await first.status()).state).toBe('live');
  caller.socket.close();
  await first.until(({ state }) => state === 'free');
  // A carrier may bring its call again when we are done with it.
  const again = await stream(second);
  await second.until(({ state }) => state === 'live');
  again.socket.close();
});

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { freeWorker, rawExchange, type WorkerProcess } from '../support/worker.ts';

// Two workers for the whole file: every bad input goes to the first, and after each one the first must carry a call
// and the second must answer as if nothing had happened.
let folder: string;
let worker: WorkerProcess;
let other: WorkerProcess;
let pid: number;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cxb-test-'));
  mkdirSync(join(folder, 'data'));
  const env = {
    CXBCORE_REQUEST_HEADER_MS: '200',
    CXBCORE_FIRST_MESSAGE_MS: '300',
    CXBCORE_MAX_MESSAGE_BYTES: '4096',
    CXBCORE_PING_S: '1',
    CXBCORE_ALIVE_S: '2',
    CXBCORE_STUCK_S: '1',
    CXBCORE_END_MS: '1000',
  };
  [worker, other] = await Promise.all([
    freeWorker({ folder, number: 1, env, shared: true }),
    freeWorker({ folder, number: 2, env, shared: true }),
  ]);
  pid = (await worker.status()).pid;
});

afterAll(async () => {
  await Promise.all([worker.dispose(), other.dispose()]);
  rmSync(folder, { recursive: true, force: true });
});

afterEach(async () => {
  await Promise.all([carriesACall(worker), carriesACall(other)]);
  expect((await worker.status()).pid).toBe(pid);
  expect((await worker.status()).draining).toBe(false);
});

const PCM_START = JSON.stringify({ event: 'start', rate: 8000 });

function dial(to: WorkerProcess, path = '/media/pcm'): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws+unix:${to.socket}:${path}`);
    socket.once('open', () => resolve(socket));
    socket.once('error', reject);
    socket.on('error', () => undefined);
  });
}

async function carriesACall(to: WorkerProcess): Promise<void> {
  await to.until(({ state }) => state === 'free');
  const socket = await dial(to);
  socket.send(PCM_START);
  await to.until(({ state }) => state === 'live');
  socket.close();
  await to.until(({ state }) => state === 'free');
}

interface Ending {
  readonly code: number;
  readonly why: string;
  /** Text messages received. */
  readonly texts: readonly Record<string, unknown>[];
}

/** Sends the messages one after the other and resolves when the worker has closed the connection. */
async function converse(path: string, messages: readonly (string | Uint8Array)[]): Promise<Ending> {
  const socket = await dial(worker, path);
  const texts: Record<string, unknown>[] = [];
  socket.on('message', (data: Buffer, binary) => {
    if (!binary) texts.push(JSON.parse(data.toString()) as Record<string, unknown>);
  });
  const ended = new Promise<Ending>((resolve) => {
    socket.once('close', (code, why) => resolve({ code, why: why.toString(), texts }));
  });
  for (const message of messages) socket.send(message);
  return ended;
}

/** Like `converse`, for messages a call survives: hangs up itself once the call has had time to take them in. */
async function survives(path: string, messages: readonly (string | Uint8Array)[]): Promise<void> {
  const socket = await dial(worker, path);
  let closed = false;
  socket.once('close', () => {
    closed = true;
  });
  for (const message of messages) socket.send(message);
  await worker.until(({ state }) => state === 'live');
  // A pong comes after everything sent before the ping has been read.
  const answered = new Promise((resolve) => void socket.once('pong', resolve));
  socket.ping();
  await answered;
  expect(closed).toBe(false);
  expect((await worker.status()).state).toBe('live');
  socket.close();
}

const TWILIO_CONNECTED = JSON.stringify({ event: 'connected', protocol: 'Call', version: '1.0.0' });
const TWILIO_START = JSON.stringify({
  event: 'start',
  sequenceNumber: '1',
  streamSid: 'MZ00000000000000000000000000000001',
  start: {
    accountSid: 'AC00000000000000000000000000000001',
    streamSid: 'MZ00000000000000000000000000000001',
    callSid: 'CA00000000000000000000000000000001',
    tracks: ['inbound'],
    mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
    customParameters: {},
  },
});
const TWILIO_MEDIA = JSON.stringify({
  event: 'media',
  sequenceNumber: '2',
  streamSid: 'MZ00000000000000000000000000000001',
  media: {
    track: 'inbound',
    chunk: '1',
    timestamp: '0',
    payload: Buffer.alloc(160, 0xff).toString('base64'),
  },
});
const TWILIO_STOP = JSON.stringify({
  event: 'stop',
  sequenceNumber: '3',
  streamSid: 'MZ00000000000000000000000000000001',
  stop: { accountSid: 'AC00000000000000000000000000000001', callSid: 'CA00000000000000000000000000000001' },
});

describe('before it is a WebSocket', () => {
  it('a plain request on a media path is told to upgrade', async () => {
    expect(await rawExchange(worker.socket, 'GET /media/pcm HTTP/1.1\r\nHost: localhost\r\n\r\n')).toMatch(
      /^HTTP\/1.1 426 [\s\S]*"upgrade_required"/,
    );
  });

  it('what is not HTTP at all gets 400', async () => {
    expect(await rawExchange(worker.socket, '\x16\x03\x01 hello\r\n\r\n')).toMatch(/^HTTP\/1.1 400 /);
  });

  it('a wrong path gets 404, also as an upgrade', async () => {
    expect(await rawExchange(worker.socket, 'GET /media/nobody HTTP/1.1\r\nHost: localhost\r\n\r\n')).toMatch(
      /^HTTP\/1.1 404 /,
    );
    await expect(dial(worker, '/nothing')).rejects.toThrow('404');
  });

  it('half a request gets 408', async () => {
    expect(await rawExchange(worker.socket, 'GET /media/pcm HTTP/1.1\r\nHost: local')).toMatch(
      /^HTTP\/1.1 408 /,
    );
  });

  it('headers without end get an answer and no memory', async () => {
    const endless = `GET /media/pcm HTTP/1.1\r\n${'X-Padding: 0123456789\r\n'.repeat(2000)}`;
    expect(await rawExchange(worker.socket, endless)).toMatch(/^HTTP\/1.1 413 /);
  });

  it('a connection that says nothing is closed', async () => {
    expect(await rawExchange(worker.socket, '')).toMatch(/^HTTP\/1.1 408 /);
  });

  it('a peer that leaves in the middle of its handshake leaves nothing behind', async () => {
    for (let i = 0; i < 20; i++) {
      const socket = net.connect(worker.socket, () => {
        socket.write(
          'GET /media/pcm HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
          () => socket.destroy(),
        );
      });
      await new Promise((resolve) => void socket.on('error', resolve).on('close', resolve));
      await worker.until(({ state }) => state === 'free');
    }
  });
});

describe('instead of a start message', () => {
  it.each([
    ['silence', '/media/pcm', []],
    ['malformed JSON', '/media/pcm', ['{"event":']],
    ['another event', '/media/pcm', ['{"event":"hello"}']],
    ['media', '/media/pcm', [new Uint8Array(320)]],
    ['a start that is not valid', '/media/pcm', ['{"event":"start","rate":11025}']],
    ['malformed JSON to Twilio', '/media/twilio', ['nonsense']],
    ['media to Twilio', '/media/twilio', [TWILIO_CONNECTED, TWILIO_MEDIA]],
    ['a binary frame to Twilio', '/media/twilio', [new Uint8Array(160)]],
    ['a stop to Twilio', '/media/twilio', [TWILIO_CONNECTED, TWILIO_STOP]],
  ])('%s closes the connection with 1008, and no call has been', async (_what, path, messages) => {
    const { calls } = await worker.status();
    const { code } = await converse(path, messages);
    expect(code).toBe(1008);
    await worker.until(({ state }) => state === 'free');
    expect((await worker.status()).calls).toBe(calls);
  });

  it('an oversized message closes the connection with 1009', async () => {
    expect((await converse('/media/pcm', [`{"event":"start","x":"${'y'.repeat(5000)}"}`])).code).toBe(1009);
  });
});

describe('in a call', () => {
  it('an oversized message ends it', async () => {
    expect((await converse('/media/pcm', [PCM_START, new Uint8Array(5000)])).code).toBe(1009);
  });

  it('a binary frame to Twilio ends it', async () => {
    const { calls } = await worker.status();
    await converse('/media/twilio', [TWILIO_CONNECTED, TWILIO_START, new Uint8Array(160)]);
    await worker.until(({ state }) => state === 'free');
    expect((await worker.status()).calls).toBe(calls + 1);
    expect(await worker.metrics()).toContain('cxbcore_calls_total{reason="line.protocol"}');
  });

  it('malformed JSON ends it with line.protocol', async () => {
    const { texts } = await converse('/media/pcm', [PCM_START, '{"event":']);
    expect(texts.at(-1)).toEqual({ event: 'end', reason: 'line.protocol' });
  });

  it('half a sample ends it with line.protocol', async () => {
    const { texts } = await converse('/media/pcm', [PCM_START, new Uint8Array(321)]);
    expect(texts.at(-1)).toEqual({ event: 'end', reason: 'line.protocol' });
  });

  it('any whole number of samples is fine, also none', async () => {
    await survives('/media/pcm', [PCM_START, new Uint8Array(0), new Uint8Array(2), new Uint8Array(1022)]);
  });

  it('unknown events are ignored', async () => {
    await survives('/media/pcm', [PCM_START, '{"event":"weather","is":"fine"}']);
    await worker.until(({ state }) => state === 'free');
    await survives('/media/twilio', [TWILIO_CONNECTED, TWILIO_START, '{"event":"weather"}', TWILIO_MEDIA]);
  });

  it('media after the stop changes nothing any more', async () => {
    const { code, texts } = await converse('/media/pcm', [
      PCM_START,
      '{"event":"stop"}',
      new Uint8Array(320),
    ]);
    expect(texts.at(-1)).toEqual({ event: 'end', reason: 'caller.hung_up' });
    expect(code).toBe(1000);
    await worker.until(({ state }) => state === 'free');
    await converse('/media/twilio', [TWILIO_CONNECTED, TWILIO_START, TWILIO_STOP, TWILIO_MEDIA]);
  });

  it('a peer that stops reading ends it with line.stuck', async () => {
    const socket = await dial(worker);
    socket.send(JSON.stringify({ event: 'start', rate: 48_000, agent: 'talker' }));
    await worker.until(({ state }) => state === 'live');
    socket.pause();
    await worker.until(({ state }) => state === 'free');
    expect(await worker.metrics()).toMatch(/cxbcore_calls_total\{reason="line\.(stuck|lost)"\} [1-9]/);
    socket.terminate();
  });

  it('a peer that vanishes without closing its connection ends it with line.lost', async () => {
    const socket = await dial(worker);
    socket.send(PCM_START);
    await worker.until(({ state }) => state === 'live');
    // What a cut cable looks like from here: the connection stands, and nothing comes any more, not even a pong.
    const { _socket: wire } = socket as unknown as { _socket: net.Socket };
    wire.removeAllListeners('data');
    wire.resume();
    await worker.until(({ state }) => state === 'free');
    expect(await worker.metrics()).toMatch(/cxbcore_calls_total\{reason="line\.lost"\} [1-9]/);
    socket.terminate();
  });

  it('a frame that breaks the WebSocket protocol ends it', async () => {
    const socket = await dial(worker);
    socket.send(PCM_START);
    await worker.until(({ state }) => state === 'live');
    const { _socket: wire } = socket as unknown as { _socket: net.Socket };
    const closed = new Promise((resolve) => void socket.once('close', resolve));
    wire.write(Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff]));
    await closed;
    await worker.until(({ state }) => state === 'free');
  });
});

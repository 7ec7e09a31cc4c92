import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { get } from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { Call, CallEnd } from '../call/call.ts';
import type { EndReason } from '../contract/end-reasons.ts';
import { readSettings } from '../contract/settings.ts';
import type { WorkerStatus } from '../contract/worker-status.ts';
import { realClock } from '../kit/clock.ts';
import { silentLog } from '../kit/log.ts';
import { type CarrierMedia, NoLine } from '../ports/carrier.ts';
import type { Line } from '../ports/line.ts';
import { identify } from './identity.ts';
import type { Services } from './services.ts';
import { Worker } from './worker.ts';

/** A carrier whose first message is the word "start"; anything else is no line. */
const pcm: CarrierMedia = {
  name: 'pcm',
  admit: ({ headers }) =>
    headers.authorization === 'Bearer no'
      ? { ok: false, code: 'unauthorized', message: 'not this one' }
      : { ok: true },
  open: (socket) =>
    new Promise((resolve, reject) => {
      socket.once('close', () => reject(new NoLine(1006, 'gone')));
      socket.once('message', (data) => {
        if (Buffer.isBuffer(data) && data.toString() === 'start') return resolve(lineOn(socket));
        socket.close(1008, 'no start');
        return reject(new NoLine(1008, 'no start'));
      });
    }),
};

function lineOn(socket: import('ws').WebSocket): Line {
  const nothing = () => undefined;
  return {
    facts: {
      carrier: 'pcm',
      direction: 'inbound',
      vars: {},
      rate: 8000,
      omitsSilence: false,
      sendAheadMaxMs: 1000,
      can: { pause: false, marks: false, dtmfOut: false, transfer: 'none' },
    },
    open: (listener) =>
      socket.on('close', () =>
        listener({ kind: 'end', leg: 'caller', reason: 'caller.hung_up', detail: '' }),
      ),
    send: nothing,
    mark: nothing,
    flush: nothing,
    dtmf: nothing,
    transfer: nothing,
    tell: nothing,
    ping: nothing,
    backlogBytes: () => 0,
    end: () => {
      socket.close();
      return Promise.resolve();
    },
  };
}

interface Fakes {
  resets: number;
  reloads: number;
  agentsAreWrong: boolean;
  /** What a reset comes to, when it is not done at once. */
  reset: (() => Promise<void>) | undefined;
  /** The engines die. */
  breakDown: (why: string) => void;
  ends: EndReason[];
  /** Calls that never come to an end, whatever they are told. */
  stubborn: boolean;
  failWarmUps: number;
}

let dir: string;
let fakes: Fakes;
let workers: Worker[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cxb-worker-'));
  mkdirSync(join(dir, 'data'));
  fakes = {
    resets: 0,
    reloads: 0,
    agentsAreWrong: false,
    reset: undefined,
    breakDown: () => undefined,
    ends: [],
    stubborn: false,
    failWarmUps: 0,
  };
  workers = [];
});

afterEach(async () => {
  for (const worker of workers) {
    worker.stop('the test is over');
    await worker.done;
  }
  rmSync(dir, { recursive: true });
});

function openCall(line: Line): Call {
  let finish: (end: CallEnd) => void = () => undefined;
  const ended = new Promise<CallEnd>((resolve) => {
    finish = resolve;
  });
  const end = (reason: EndReason) => {
    if (fakes.stubborn) return;
    fakes.ends.push(reason);
    void line.end(reason).then(() => finish({ reason, recordPath: '', seconds: 1, turns: 0 }));
  };
  line.open((event) => event.kind === 'end' && end(event.reason));
  const status = () =>
    ({ call_id: 'call_1', carrier: 'pcm', agent: 'a', state: 'live', seconds: 1 }) as const;
  return { id: 'call_1', ended, end, status, endingMs: () => 1 };
}

async function startWorker(env: Record<string, string> = {}): Promise<Worker> {
  const settings = readSettings(
    {
      CXBCORE_SOCKET: join(dir, 'w_3.sock'),
      CXBCORE_DATA_DIR: join(dir, 'data'),
      CXBCORE_MODE: 'development',
      CXBCORE_REQUEST_HEADER_MS: '60',
      CXBCORE_END_MS: '1',
      ...env,
    },
    'host',
  );
  const services: Services = {
    carriers: [pcm],
    degraded: null,
    livekit: undefined,
    agentFor: () => 'a',
    continueCall: () => Promise.reject(new Error('no call is continued here')),
    admit: () => {
      throw new Error('no start by request is made here');
    },
    openCall,
    agents: () => ({ a: String(fakes.reloads) }),
    async reload() {
      if (fakes.agentsAreWrong) throw new Error('a.ts:3: no such state');
      fakes.reloads++;
    },
    async reset() {
      fakes.resets++;
      await fakes.reset?.();
    },
    onBroken(listener) {
      fakes.breakDown = listener;
    },
    close: () => Promise.resolve(),
  };
  const worker = new Worker({
    settings,
    identity: identify(settings),
    clock: realClock,
    log: silentLog,
    build: 'test',
    openServices: () =>
      fakes.failWarmUps-- > 0 ? Promise.reject(new Error('no model file')) : Promise.resolve(services),
  });
  workers.push(worker);
  await worker.start();
  return worker;
}

const path = () => join(dir, 'w_3.sock');

function status(): Promise<WorkerStatus> {
  return new Promise((resolve, reject) => {
    get({ socketPath: join(dir, 'w_3.ctl'), path: '/status' }, (response) => {
      let text = '';
      response.on('data', (part) => {
        text += part;
      });
      response.on('end', () => resolve(JSON.parse(text) as WorkerStatus));
    }).on('error', reject);
  });
}

async function until(what: (status: WorkerStatus) => boolean): Promise<WorkerStatus> {
  for (;;) {
    const now = await status();
    if (what(now)) return now;
    await new Promise((resolve) => void setImmediate(resolve));
  }
}

/** Sends bytes as they are, and gives everything that comes back. */
function raw(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(path(), () => socket.write(bytes));
    let text = '';
    socket.on('data', (part) => {
      text += part;
    });
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
  });
}

const UPGRADE = [
  'Host: localhost',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];
const request = (line: string, headers: string[]) =>
  raw(`${line} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`);

function dial(): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws+unix:${path()}:/media/pcm`);
    socket.once('open', () => resolve(socket));
    socket.once('error', reject);
  });
}

describe('a free worker answers', () => {
  it.each([
    ['a path it does not have with 404', 'GET /nothing', ['Host: localhost'], 404, 'not_found'],
    ['a wrong method with 405', 'POST /media/pcm', ['Host: localhost'], 405, 'method_not_allowed'],
    [
      'a request that is no WebSocket with 426',
      'GET /media/pcm',
      ['Host: localhost'],
      426,
      'upgrade_required',
    ],
    [
      'an upgrade to something else with 426',
      'GET /media/pcm',
      ['Host: localhost', 'Connection: Upgrade', 'Upgrade: h2c'],
      426,
      'upgrade_required',
    ],
    ['a handshake without a key with 400', 'GET /media/pcm', UPGRADE.slice(0, 4), 400, 'bad_handshake'],
    [
      'a handshake of another version with 400',
      'GET /media/pcm',
      UPGRADE.with(3, 'Sec-WebSocket-Version: 12'),
      400,
      'bad_handshake',
    ],
    [
      'a malformed subprotocol with 400',
      'GET /media/pcm',
      [...UPGRADE, 'Sec-WebSocket-Protocol: ,,'],
      400,
      'bad_handshake',
    ],
    [
      'wrong credentials with 401',
      'GET /media/pcm',
      [...UPGRADE, 'Authorization: Bearer no'],
      401,
      'unauthorized',
    ],
    [
      'a start the proxy has given up with 503',
      'GET /media/pcm',
      [...UPGRADE, 'X-Start-Ms: 1000'],
      503,
      'stale_start',
    ],
    ['what is not HTTP with 400', 'hello', [], 400, 'bad_request'],
  ])('%s, closes, and is free again', async (_what, line, headers, code, error) => {
    await startWorker();
    await until(({ state }) => state === 'free');
    const answer = await request(line, headers);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${code} `));
    expect(answer).toMatch(/\r\nConnection: close\r\n/);
    expect(answer).toContain(`"error":"${error}"`);
    const socket = await dial();
    socket.terminate();
  });

  it('half a request with 408 when its time is over, and is free again', async () => {
    await startWorker();
    await until(({ state }) => state === 'free');
    expect(await raw('GET /media/pcm HTTP/1.1\r\nHost: loc')).toMatch(
      /^HTTP\/1.1 408 [\s\S]*"request_timeout"/,
    );
    expect(
      await raw('POST /media/pcm HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf'),
    ).toMatch(/^HTTP\/1.1 408 /);
    (await dial()).terminate();
  });

  it('a body over the limit with 413', async () => {
    await startWorker({ CXBCORE_MAX_BODY_KB: '1' });
    await until(({ state }) => state === 'free');
    const body = 'x'.repeat(3000);
    const answer = await raw(
      `POST /media/pcm HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3000\r\n\r\n${body}`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
  });
});

describe('a seat', () => {
  it('is reserved from the upgrade on, live from the first message on, and free after the call', async () => {
    await startWorker();
    await until(({ state }) => state === 'free');
    const socket = await dial();
    expect((await status()).state).toBe('reserved');
    expect((await status()).call).toBeNull();
    socket.send('start');
    const live = await until(({ state }) => state === 'live');
    expect(live.call?.call_id).toBe('call_1');
    socket.close();
    await until(({ state }) => state === 'free');
    expect(fakes.resets).toBe(1);
    expect((await status()).calls).toBe(1);
  });

  it('is closed to newcomers while it is taken: connecting is refused by the kernel', async () => {
    await startWorker();
    await until(({ state }) => state === 'free');
    const socket = await dial();
    await expect(dial()).rejects.toThrow(/ECONNREFUSED/);
    socket.terminate();
    await until(({ state }) => state === 'free');
    (await dial()).terminate();
  });

  it('is free again after a socket that never became a line, which counts as no call', async () => {
    const worker = await startWorker();
    await until(({ state }) => state === 'free');
    const socket = await dial();
    socket.send('hello');
    await until(({ state }) => state === 'free');
    expect((await status()).calls).toBe(0);
    expect(worker.metricsPage()).toContain('cxbcore_no_line_total{carrier="pcm"} 1');
    expect(worker.metricsPage()).toContain('cxbcore_starts_total{route="/media/pcm",outcome="accepted"} 1');
  });

  it('goes to another process when the call never comes to an end: its leftovers must reach nobody', async () => {
    fakes.stubborn = true;
    const worker = await startWorker();
    await until(({ state }) => state === 'free');
    const socket = await dial();
    socket.send('start');
    await until(({ state }) => state === 'live');
    socket.terminate();
    expect(await worker.done).toBe('bug');
    expect(fakes.resets).toBe(0);
    expect(worker.metricsPage()).toContain('cxbcore_overdue_ends_total 1');
  });

  it('is freed by a hang-up through the control socket', async () => {
    const worker = await startWorker();
    await until(({ state }) => state === 'free');
    expect(worker.hangUp()).toBeNull();
    const socket = await dial();
    socket.send('start');
    await until(({ state }) => state === 'live');
    expect(worker.hangUp()).toBe('call_1');
    await until(({ state }) => state === 'free');
    expect(fakes.ends[0]).toBe('operator.hung_up');
  });
});

describe('engines that cannot be used any more', () => {
  async function afterACall(worker: Worker): Promise<string> {
    await until(({ state }) => state === 'free');
    const socket = await dial();
    socket.send('start');
    await until(({ state }) => state === 'live');
    socket.close();
    return worker.done;
  }

  it('end the process after the call that saw them die, so that a fresh one takes the next', async () => {
    fakes.reset = () => Promise.reject(new Error('the speech thread ended with code 1'));
    expect(await afterACall(await startWorker())).toBe('bug');
  });

  it('end it also when they only hang', async () => {
    fakes.reset = () => new Promise(() => undefined);
    expect(await afterACall(await startWorker({ CXBCORE_RESET_MS: '1' }))).toBe('bug');
  });

  it('end it at once when they die between calls', async () => {
    const worker = await startWorker();
    await until(({ state }) => state === 'free');
    fakes.breakDown('the speech thread ended with code 1');
    expect(await worker.done).toBe('bug');
    await expect(dial()).rejects.toThrow(/ECONNREFUSED|ENOENT/);
  });
});

describe('warming', () => {
  it('goes on with back-off after a failure, and says what is wrong meanwhile', async () => {
    fakes.failWarmUps = 1;
    await startWorker();
    const failed = await until(({ degraded }) => degraded !== null);
    expect(failed.state).toBe('warming');
    expect(failed.degraded).toBe('warm-up failed: no model file');
    const free = await until(({ state }) => state === 'free');
    expect(free.degraded).toBeNull();
  });
});

describe('draining', () => {
  it('parks a free seat until it is brought back', async () => {
    const worker = await startWorker();
    await until(({ state }) => state === 'free');
    worker.drain();
    await expect
      .poll(() =>
        dial().then(
          (socket) => socket.terminate(),
          (error: Error) => error.message,
        ),
      )
      .toMatch(/ECONNREFUSED/);
    expect(await status()).toMatchObject({ state: 'free', draining: true });
    worker.undrain();
    (await dial()).terminate();
  });

  it('by /drain is remembered by the next process of this seat', async () => {
    const first = await startWorker();
    first.drain();
    first.stop('restart');
    await first.done;
    const second = await startWorker();
    expect((await until(({ state }) => state === 'free')).draining).toBe(true);
    second.undrain();
    expect((await status()).draining).toBe(false);
  });

  it('by signal lets the live call end, then the process', async () => {
    const worker = await startWorker();
    await until(({ state }) => state === 'free');
    const socket = await dial();
    socket.send('start');
    await until(({ state }) => state === 'live');
    worker.leave('SIGTERM');
    expect(await status()).toMatchObject({ state: 'live', draining: true });
    socket.close();
    expect(await worker.done).toBe('ok');
    expect(fakes.ends[0]).toBe('caller.hung_up');
  });
});

describe('reading the agents again', () => {
  it('happens at once on a free seat, and keeps the old ones when the new ones are wrong', async () => {
    const worker = await startWorker();
    await until(({ state }) => state === 'free');
    worker.reload();
    expect((await until(({ reload }) => reload?.state === 'done')).agents).toEqual({ a: '1' });
    fakes.agentsAreWrong = true;
    worker.reload();
    const failed = await until(({ reload }) => reload?.state === 'failed');
    expect(failed).toMatchObject({
      agents: { a: '1' },
      reload: { why: 'a.ts:3: no such state' },
      state: 'free',
    });
    (await dial()).terminate();
  });

  it('waits for the end of the call', async () => {
    const worker = await startWorker();
    await until(({ state }) => state === 'free');
    const socket = await dial();
    socket.send('start');
    await until(({ state }) => state === 'live');
    worker.reload();
    expect(await status()).toMatchObject({ agents: { a: '0' }, reload: { state: 'pending' } });
    socket.close();
    const after = await until(({ state }) => state === 'free');
    expect(after).toMatchObject({ agents: { a: '1' }, reload: { state: 'done' } });
  });
});

describe('in TCP mode', () => {
  it('the port answers status while a call is live, and refuses starts with 429', async () => {
    const port = await freePort();
    const worker = await startWorker({
      CXBCORE_SOCKET: '',
      CXBCORE_PORT: String(port),
      CXBCORE_SOCKET_DIR: dir,
    });
    const url = `http://127.0.0.1:${port}`;
    await expect
      .poll(async () => ((await (await fetch(`${url}/status`)).json()) as WorkerStatus).state)
      .toBe('free');
    const socket = new WebSocket(`ws://127.0.0.1:${port}/media/pcm`);
    await new Promise((resolve) => void socket.once('open', resolve));
    socket.send('start');
    await expect.poll(() => worker.status().state).toBe('live');
    const refused = await new Promise<import('node:http').IncomingMessage>((resolve) => {
      new WebSocket(`ws://127.0.0.1:${port}/media/pcm`).once('unexpected-response', (_request, response) =>
        resolve(response),
      );
    });
    expect(refused.statusCode).toBe(429);
    expect(refused.headers['retry-after']).toBe('1');
    refused.destroy();
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
    expect((await fetch(`${url}/metrics`)).status).toBe(404);
    expect((await fetch(`${url}/drain`, { method: 'POST' })).status).toBe(404);
    expect(statSync(join(dir, `cxbcore_tcp${port}.ctl`)).mode & 0o777).toBe(0o600);
    socket.terminate();
  });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

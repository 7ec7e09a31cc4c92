import {
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import {
  freePort,
  freeWorker,
  startWorkerProcess,
  type WorkerProcess,
  workerFolder,
} from '../support/worker.ts';

const PCM_START = JSON.stringify({ event: 'start', rate: 8000 });

type Outcome =
  | WebSocket
  | { readonly status: number | undefined; readonly retryAfter: string | undefined }
  | Error;

/** One start; what it met. */
function start(url: string): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url);
    socket.once('open', () => resolve(socket));
    socket.once('unexpected-response', (_request, response) => {
      resolve({ status: response.statusCode, retryAfter: response.headers['retry-after'] });
      response.destroy();
    });
    socket.on('error', (error) => resolve(error));
  });
}

async function placed(worker: WorkerProcess): Promise<WebSocket> {
  const socket = await start(`ws+unix:${worker.socket}:/media/pcm`);
  if (!(socket instanceof WebSocket)) throw new Error(`not placed: ${JSON.stringify(socket)}`);
  socket.send(PCM_START);
  await worker.until(({ state }) => state === 'live');
  return socket;
}

describe('racing starts', () => {
  it('on a socket: exactly one of 200 is placed', async () => {
    const worker = await freeWorker();
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, () => start(`ws+unix:${worker.socket}:/media/pcm`)),
    );
    const sockets = outcomes.filter((outcome) => outcome instanceof WebSocket);
    expect(sockets).toHaveLength(1);
    sockets[0]?.terminate();
    await worker.until(({ state }) => state === 'free');
    (await placed(worker)).terminate();
  });

  it('on a port: exactly one of 200 is placed, and 199 are refused with 429 and Retry-After', async () => {
    const port = await freePort();
    const worker = await freeWorker({ env: { CXBCORE_SOCKET: '', CXBCORE_PORT: String(port) } });
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, () => start(`ws://127.0.0.1:${port}/media/pcm`)),
    );
    const sockets = outcomes.filter((outcome) => outcome instanceof WebSocket);
    expect(sockets).toHaveLength(1);
    expect(
      outcomes.filter(
        (outcome) => 'status' in outcome && outcome.status === 429 && outcome.retryAfter === '1',
      ),
    ).toHaveLength(199);
    sockets[0]?.terminate();
    await worker.until(({ state }) => state === 'free');
  });
});

describe('a seat has one owner', () => {
  it('a second process on it exits with 75 and names the first, whose call goes on', async () => {
    const first = await freeWorker();
    const socket = await placed(first);
    const second = startWorkerProcess({ folder: first.folder });
    expect(await second.exited).toEqual({ code: 75, signal: null });
    expect(second.output()).toContain(`belongs to process ${first.child.pid}`);
    expect((await first.status()).state).toBe('live');
    socket.terminate();
    await first.until(({ state }) => state === 'free');
  });

  it('a killed worker leaves nothing that the next one could not take over', async () => {
    const first = await freeWorker();
    const socket = await placed(first);
    socket.on('error', () => undefined);
    first.signal('SIGKILL');
    await first.exited;
    const second = await freeWorker({ folder: first.folder });
    (await placed(second)).terminate();
    expect(
      readdirSync(first.folder)
        .filter((name) => name.startsWith('cxbcore_1'))
        .sort(),
    ).toEqual(['cxbcore_1.ctl', 'cxbcore_1.sock']);
  });

  it('puts its path back when somebody replaced it', async () => {
    const worker = await freeWorker();
    rmSync(worker.socket);
    writeFileSync(worker.socket, 'in the way');
    await expect.poll(() => statSync(worker.socket).isSocket(), { timeout: 10_000 }).toBe(true);
    (await placed(worker)).terminate();
    expect(await worker.metrics()).toContain('cxbcore_republished_total 1');
  });
});

describe('signals', () => {
  it('one ends a free worker with 0', async () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const worker = await freeWorker();
      worker.signal(signal);
      expect(await worker.exited).toEqual({ code: 0, signal: null });
      expect(existsSync(worker.control)).toBe(false);
    }
  });

  it('one lets a live call go on to its end, refuses new ones, and then ends the worker with 0', async () => {
    const worker = await freeWorker();
    const socket = await placed(worker);
    worker.signal('SIGTERM');
    expect((await worker.until(({ draining }) => draining)).state).toBe('live');
    expect(await start(`ws+unix:${worker.socket}:/media/pcm`)).toBeInstanceOf(Error);
    socket.close();
    expect(await worker.exited).toEqual({ code: 0, signal: null });
  });

  it('two end the call with operator.stopped', async () => {
    const worker = await freeWorker();
    const socket = await placed(worker);
    const texts: string[] = [];
    socket.on('message', (data: Buffer, binary) => binary || texts.push(data.toString()));
    worker.signal('SIGTERM');
    await worker.until(({ draining }) => draining);
    worker.signal('SIGINT');
    expect(await worker.exited).toEqual({ code: 0, signal: null });
    expect(texts).toContain('{"event":"end","reason":"operator.stopped"}');
  });

  it('one while it is still warming up ends it with 0', async () => {
    const folder = workerFolder();
    rmSync(`${folder}/data`, { recursive: true });
    writeFileSync(`${folder}/data`, 'in the way');
    const worker = startWorkerProcess({ folder });
    await worker.until(({ state, degraded }) => state === 'warming' && degraded !== null);
    worker.signal('SIGTERM');
    expect(await worker.exited).toEqual({ code: 0, signal: null });
  });
});

describe('parking', () => {
  it('takes a free seat out of rotation and survives a restart until it is undone', async () => {
    const first = await freeWorker();
    await first.post('/drain');
    await expect.poll(() => start(`ws+unix:${first.socket}:/media/pcm`)).toBeInstanceOf(Error);
    first.signal('SIGTERM');
    await first.exited;
    const second = await freeWorker({ folder: first.folder });
    expect((await second.status()).draining).toBe(true);
    expect(await start(`ws+unix:${second.socket}:/media/pcm`)).toBeInstanceOf(Error);
    await second.post('/undrain');
    (await placed(second)).terminate();
  });

  it('leaves a live call alone', async () => {
    const worker = await freeWorker();
    const socket = await placed(worker);
    await worker.post('/drain');
    expect((await worker.status()).state).toBe('live');
    socket.close();
    await worker.until(({ state, draining }) => state === 'free' && draining);
  });
});

describe('control', () => {
  it('hangs up a live call with operator.hung_up', async () => {
    const worker = await freeWorker();
    const socket = await placed(worker);
    const callId = (await worker.status()).call?.call_id;
    const closed = new Promise((resolve) => void socket.once('close', resolve));
    expect(await worker.post('/hangup')).toEqual({ call_id: callId });
    await closed;
    await worker.until(({ state }) => state === 'free');
    expect(await worker.metrics()).toContain('cxbcore_calls_total{reason="operator.hung_up"} 1');
  });

  it('is for the same user only, and the call socket for the group', async () => {
    const worker = await freeWorker();
    expect(statSync(worker.control).mode & 0o777).toBe(0o600);
    expect(statSync(worker.socket).mode & 0o777).toBe(0o660);
  });
});

describe('settings', () => {
  it('that are wrong end the process with 78 and a list of all of them', async () => {
    const worker = startWorkerProcess({
      env: { CXBCORE_WORKERS: 'many', LOG_LEVEL: 'loud', MAX_CONCURRENT_CALLS: '2' },
    });
    expect(await worker.exited).toEqual({ code: 78, signal: null });
    expect(worker.output()).toContain('3 settings are wrong');
    for (const name of ['CXBCORE_WORKERS=many', 'LOG_LEVEL=loud', 'MAX_CONCURRENT_CALLS=2']) {
      expect(worker.output()).toContain(name);
    }
  });

  it.each([
    ['a folder of agents that is not there', { CXBCORE_AGENTS: '/nowhere' }, 'there is no such folder'],
    ['a default agent that is none of them', { CXBCORE_AGENT: 'nobody' }, 'CXBCORE_AGENT=nobody is no agent'],
    [
      'an agent of a number that is none of them',
      { CXBCORE_NUMBERS: '+15550100=nobody' },
      'nobody, the agent of +15550100, is none',
    ],
  ])('with %s end the process with 78 and the reason', async (_what, env, why) => {
    const worker = startWorkerProcess({ env });
    expect(await worker.exited).toEqual({ code: 78, signal: null });
    expect(worker.output()).toContain(why);
    expect(existsSync(worker.control)).toBe(false);
  });

  it('with an agent file that has a mistake end the process with 78 and its place', async () => {
    const folder = workerFolder();
    writeFileSync(`${folder}/desk.mjs`, '\nthrow new Error("no database");\n');
    const worker = startWorkerProcess({ folder, env: { CXBCORE_AGENTS: folder } });
    expect(await worker.exited).toEqual({ code: 78, signal: null });
    expect(worker.output()).toContain('desk.mjs:2: Error: no database');
  });

  it('that name no worker end the process with 78', async () => {
    const worker = startWorkerProcess({ env: { CXBCORE_SOCKET: '/tmp/cxbcore.sock' } });
    expect(await worker.exited).toEqual({ code: 78, signal: null });
    expect(worker.output()).toContain('must end in a number and .sock');
  });
});

describe('run_worker.sh', () => {
  it('runs one process that listens on no TCP port in socket mode', async () => {
    const worker = await freeWorker({ cwd: tmpdir() });
    expect((await worker.status()).pid).toBe(worker.child.pid);
    expect(readFileSync(`/proc/${worker.child.pid}/task/${worker.child.pid}/children`, 'utf8')).toBe('');
    expect(tcpListeners(worker.child.pid ?? 0)).toBe(0);
  });

  it('gives all threads one heap of the C library', async () => {
    const worker = await freeWorker();
    expect(readFileSync(`/proc/${worker.child.pid}/environ`, 'utf8').split('\0')).toContain(
      'MALLOC_ARENA_MAX=1',
    );
  });

  it('takes the log level', async () => {
    const quiet = await freeWorker({ env: { LOG_LEVEL: 'critical' } });
    expect(quiet.output()).toBe('');
  });

  it('leaves a port that is taken to its owner and exits with 75', async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => void server.once('listening', resolve));
    const { port } = server.address() as net.AddressInfo;
    const worker = startWorkerProcess({
      folder: workerFolder(),
      env: { CXBCORE_SOCKET: '', CXBCORE_PORT: String(port) },
    });
    expect(await worker.exited).toEqual({ code: 75, signal: null });
    expect(worker.output()).toContain(`cannot listen on 127.0.0.1:${port}`);
    server.close();
  });
});

/** Listening TCP sockets among a process's open files. */
function tcpListeners(pid: number): number {
  const LISTEN = '0A';
  const inodes = new Set<string>();
  for (const table of ['tcp', 'tcp6']) {
    for (const line of readFileSync(`/proc/${pid}/net/${table}`, 'utf8').split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/);
      if (fields[3] === LISTEN && fields[9]) inodes.add(fields[9]);
    }
  }
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkOf(`/proc/${pid}/fd/${fd}`));
  return links.filter((link) => inodes.has(/^socket:\[(\d+)\]$/.exec(link)?.[1] ?? '')).length;
}

function readlinkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ''; // closed since the folder was read
  }
}

describe('a data folder that cannot be written', () => {
  it('keeps the worker from taking calls, says why, and is enough once it can be', async () => {
    const folder = workerFolder();
    const data = `${folder}/data`;
    rmSync(data, { recursive: true });
    writeFileSync(data, 'in the way');
    const worker = startWorkerProcess({ folder });
    const waiting = await worker.until(({ degraded }) => degraded !== null);
    expect(waiting.state).toBe('warming');
    expect(waiting.degraded).toContain('make CXBCORE_DATA_DIR a folder that this user may write to');
    expect(worker.output()).toContain('no journal or record can be written');
    expect(await start(`ws+unix:${worker.socket}:/media/pcm`)).toBeInstanceOf(Error);
    rmSync(data);
    await worker.until(({ state }) => state === 'free');
  });
});

/**
 * What workers cost and how soon a caller is greeted: memory of each after the warm-up (and after calls), processor
 * time until all are ready, and the time from the start message to the first frame of the greeting.
 * Usage: node scripts/run-ts.mjs bench/workers.ts [--workers 16] [--agents agents] [--agent clinic] [--greetings 40]
 *        [--calls 0] [--node-options="--optimize-for-size"] [--json]
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { WebSocket } from 'ws';
import { realClock, sleep } from '../src/kit/clock.ts';
import { packageRoot } from '../src/kit/entry.ts';
import { type Figure, percentile, printFigures } from './figures.ts';

const { values } = parseArgs({
  options: {
    workers: { type: 'string', default: '16' },
    agents: { type: 'string', default: join(packageRoot, 'agents') },
    agent: { type: 'string', default: '' },
    greetings: { type: 'string', default: '40' },
    calls: { type: 'string', default: '0' },
    'node-options': { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
  },
});

interface Status {
  readonly state: string;
  readonly degraded: string | null;
  readonly warm_up_ms: Readonly<Record<string, number>>;
  readonly memory: { readonly rss: number; readonly pss: number };
}

/** A kernel clock tick of /proc is 10 ms on every Linux that Node runs on. */
const TICK_S = 0.01;
const FRAME_MS = 20;
const SHORT_CALL_S = 4;
const READY_LIMIT_MS = 300_000;
const count = Number(values.workers);
const folder = mkdtempSync(join(tmpdir(), 'cxb-bench-'));
mkdirSync(join(folder, 'data'));
const children: ChildProcess[] = [];
try {
  await run();
} finally {
  const gone = children.map((child) => new Promise((done) => void child.once('exit', done)));
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(gone);
  rmSync(folder, { recursive: true, force: true });
}

async function run(): Promise<void> {
  const startedMs = realClock.now();
  for (let number = 1; number <= count; number++) children.push(startWorker(number));
  const statuses = await Promise.all(children.map((_child, at) => ready(at + 1, startedMs)));
  const readyMs = realClock.now() - startedMs;
  const cpuS = totalCpuSeconds();
  const figures: Figure[] = [
    { what: `${count} workers ready after`, value: readyMs / 1000, unit: 's' },
    { what: `${count} workers ready, processor time`, value: cpuS, unit: 's', goal: 18 },
    ...memoryFigures('after warm-up', await memories(), 95),
    ...stageFigures(statuses),
  ];
  const greetings = await greet(Number(values.greetings));
  figures.push(
    { what: 'start message → first greeting frame, p50', value: percentile(greetings, 50), unit: 'ms' },
    {
      what: 'start message → first greeting frame, p95',
      value: percentile(greetings, 95),
      unit: 'ms',
      goal: 80,
    },
  );
  if (Number(values.calls) > 0) {
    const beforeS = totalCpuSeconds();
    for (let call = 0; call < Number(values.calls); call++) {
      await Promise.all(children.map((_child, at) => shortCall(at + 1)));
    }
    const perMinute = ((totalCpuSeconds() - beforeS) / (Number(values.calls) * count * SHORT_CALL_S)) * 60;
    figures.push({
      what: 'processor time per minute of a call without speech',
      value: perMinute,
      unit: 's',
      goal: 4.5,
    });
    figures.push(...memoryFigures(`after ${values.calls} calls each`, await memories(), 110));
  }
  process.stdout.write(values.json ? `${JSON.stringify(figures, null, 2)}\n` : printFigures(figures));
}

function startWorker(number: number): ChildProcess {
  return spawn(join(packageRoot, 'scripts/run_worker.sh'), [], {
    env: {
      PATH: process.env['PATH'],
      NODE_OPTIONS: values['node-options'],
      CXBCORE_MODE: 'development',
      CXBCORE_SOCKET: socketOf(number),
      CXBCORE_SOCKET_DIR: folder,
      CXBCORE_DATA_DIR: join(folder, 'data'),
      CXBCORE_AGENTS: resolve(values.agents),
      ...(values.agent !== '' && { CXBCORE_AGENT: values.agent }),
      LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}

function socketOf(number: number): string {
  return join(folder, `cxbcore_${number}.sock`);
}

async function ready(number: number, startedMs: number): Promise<Status> {
  for (;;) {
    // The call socket appears when a worker is free for the first time; looking for it costs the worker nothing,
    // while each status costs it a millisecond of what is being measured.
    const now = existsSync(socketOf(number)) ? await status(number).catch(() => undefined) : undefined;
    if (now?.state === 'free') return now;
    if (now?.degraded) throw new Error(`worker ${number}: ${now.degraded}`);
    if (realClock.now() - startedMs > READY_LIMIT_MS) {
      throw new Error(
        `worker ${number} is not ready after ${READY_LIMIT_MS} ms: ${now?.state ?? 'no answer'}`,
      );
    }
    await sleep(realClock, 100);
  }
}

function status(number: number): Promise<Status> {
  return new Promise((done, failed) => {
    const socketPath = socketOf(number).replace(/sock$/, 'ctl');
    if (!existsSync(socketPath)) return failed(new Error('not there yet'));
    get({ socketPath, path: '/status', agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => done(JSON.parse(text) as Status));
    }).on('error', failed);
  });
}

function memories(): Promise<number[]> {
  return Promise.all(children.map(async (_child, at) => (await status(at + 1)).memory.pss / 1e6));
}

function memoryFigures(when: string, megabytes: readonly number[], goal: number): Figure[] {
  return [
    {
      what: `memory of a worker ${when} (PSS), mean`,
      value: megabytes.reduce((a, b) => a + b, 0) / megabytes.length,
      unit: 'MB',
      goal,
    },
    { what: `memory of a worker ${when} (PSS), largest`, value: Math.max(...megabytes), unit: 'MB' },
  ];
}

function stageFigures(statuses: readonly Status[]): Figure[] {
  const stages = Object.keys(statuses[0]?.warm_up_ms ?? {});
  return stages.map((stage) => ({
    what: `warm-up stage ${stage}, median`,
    value: percentile(
      statuses.map((one) => one.warm_up_ms[stage] ?? 0),
      50,
    ),
    unit: 'ms',
  }));
}

function totalCpuSeconds(): number {
  return children.reduce((sum, child) => sum + cpuSeconds(child.pid ?? 0), 0);
}

/** User and system time of a process with all its threads. */
function cpuSeconds(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_S;
}

/** One call at a time, on one worker after the other; the other workers idle. */
async function greet(times: number): Promise<number[]> {
  const waits: number[] = [];
  for (let at = 0; at < times; at++) {
    const number = (at % count) + 1;
    waits.push(await firstFrame(number));
    await ready(number, realClock.now());
  }
  return waits;
}

function firstFrame(number: number): Promise<number> {
  return new Promise((done, failed) => {
    const socket = new WebSocket(`ws+unix:${socketOf(number)}:/media/pcm`);
    let sentMs = 0;
    socket.on('open', () => {
      sentMs = realClock.now();
      socket.send('{"event":"start","rate":8000}');
    });
    socket.on('message', (_data, binary) => {
      if (!binary) return;
      const waitedMs = realClock.now() - sentMs;
      socket.close();
      socket.once('close', () => done(waitedMs));
    });
    socket.on('error', failed);
  });
}

/** The greeting, a few seconds of a caller who says nothing, and a hang-up. */
async function shortCall(number: number): Promise<void> {
  const socket = new WebSocket(`ws+unix:${socketOf(number)}:/media/pcm`);
  await new Promise((done, failed) => void socket.once('open', done).once('error', failed));
  socket.send('{"event":"start","rate":8000}');
  for (let frame = 0; frame < (SHORT_CALL_S * 1000) / FRAME_MS; frame++) {
    socket.send(new Uint8Array(320));
    await sleep(realClock, FRAME_MS);
  }
  const closed = new Promise((done) => void socket.once('close', done));
  socket.close();
  await closed;
  await ready(number, realClock.now());
}

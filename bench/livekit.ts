/**
 * Calls in LiveKit rooms, one after the other in one worker, against a real server: how soon the agent's track is there
 * after the start was asked for, what stays behind of each call, and what is added to placing a call. Needs
 * `livekit-server`. The callers run in this process, not in the worker. `bench:livekit-deaths` measures deaths.
 * `--heap` weighs the JavaScript heap instead of the process, which grows by being weighed.
 * Usage: npm run bench:livekit -- [--calls 200] [--dialouts 40] [--heap]
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { dispose } from '@livekit/rtc-node';
import { realClock, sleep } from '../src/kit/clock.ts';
import { packageRoot } from '../src/kit/entry.ts';
import { dispatchOf, eventually, ring } from '../test/livekit/support/calls.ts';
import { KEY, LiveKitServer } from '../test/livekit/support/server.ts';
import { SipStandIn } from '../test/livekit/support/sip-stand-in.ts';
import { percentile, printFigures } from './figures.ts';

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '200' },
    dialouts: { type: 'string', default: '40' },
    heap: { type: 'boolean', default: false },
  },
});
const LOOK_FIRST = 20;
const folder = mkdtempSync(join(tmpdir(), 'cxb-bench-'));
mkdirSync(join(folder, 'data'));
const workers = new Set<ChildProcess>();
const server = await LiveKitServer.start();
const sip = await SipStandIn.start(server);

try {
  await run();
} finally {
  for (const worker of workers) worker.kill('SIGKILL');
  await sip.stop();
  await server.stop();
  await dispose();
  await sleep(realClock, 200);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

async function run(): Promise<void> {
  const worker = await freeWorker(1, server.url);
  const answered: number[] = [];
  const published: number[] = [];
  const remains: Remains[] = [];
  const calls = Number(values.calls);
  for (let n = 1; n <= calls; n++) {
    const { answerMs, trackMs } = await call();
    answered.push(answerMs);
    published.push(trackMs);
    if (n === LOOK_FIRST || n === calls || n % 50 === 0) {
      remains.push(await look(worker, n));
      console.error(shown(remains.at(-1)));
    }
  }
  const [first, last] = [remains[0], remains.at(-1)];
  const grown = (of: (one: Remains) => number) =>
    first && last && last.n > first.n ? (of(last) - of(first)) / (last.n - first.n) : Number.NaN;
  const { joinMs, dialMs } = await dialouts(Number(values.dialouts));
  const figures = [
    { what: 'start asked for → answer, p50', value: percentile(answered, 50), unit: 'ms' },
    { what: 'start asked for → answer, p95', value: percentile(answered, 95), unit: 'ms' },
    { what: "start asked for → the agent's track, p50", value: percentile(published, 50), unit: 'ms' },
    { what: "start asked for → the agent's track, p95", value: percentile(published, 95), unit: 'ms' },
    {
      what: 'memory that stays per call',
      value: values.heap ? Number.NaN : grown(({ rssMb }) => rssMb),
      unit: 'MB',
      goal: 0.6,
    },
    { what: 'JavaScript heap that stays per call', value: grown(({ heapMb }) => heapMb) * 1024, unit: 'KB' },
    { what: 'call to be placed asked for → answer, p50', value: percentile(joinMs, 50), unit: 'ms' },
    {
      what: 'call to be placed asked for → LiveKit told to dial, p50',
      value: percentile(dialMs, 50),
      unit: 'ms',
    },
    {
      what: 'call to be placed asked for → LiveKit told to dial, p95',
      value: percentile(dialMs, 95),
      unit: 'ms',
    },
  ];
  // What was not asked for is not there.
  console.log(printFigures(figures.filter(({ value }) => !Number.isNaN(value))));
}

/** A caller who rings, is dispatched to worker 1, has been connected, and hangs up. */
async function call(): Promise<{ readonly answerMs: number; readonly trackMs: number }> {
  const { at, caller } = await ring(server.url);
  const askedMs = performance.now();
  await ask(1, 'sock', 'POST', '/livekit/dispatch', dispatchOf(at).body);
  const answerMs = performance.now() - askedMs;
  await eventually('the agent publishes', () => (caller.agent()?.trackPublications.size ?? 0) > 0);
  const trackMs = performance.now() - askedMs;
  await caller.setStatus('active');
  await until(1, 'live');
  await caller.leave();
  await until(1, 'free');
  return { answerMs, trackMs };
}

/** Calls a telephone that answers at once; the server's SIP side says when it was told to dial. */
async function dialouts(count: number): Promise<{ readonly joinMs: number[]; readonly dialMs: number[] }> {
  let toldMs = 0;
  sip.decide = () => {
    toldMs = performance.now();
    return { answerMs: 50 };
  };
  if (count > 0) await freeWorker(2, sip.url);
  const joinMs: number[] = [];
  const dialMs: number[] = [];
  for (let n = 0; n < count; n++) {
    const askedMs = performance.now();
    await ask(2, 'sock', 'POST', '/livekit/dialout', { to: '+15550123', trunk_id: 'ST_1' });
    joinMs.push(performance.now() - askedMs);
    await until(2, 'live');
    dialMs.push(toldMs - askedMs);
    await sip.legs.at(-1)?.leave();
    await until(2, 'free');
  }
  return { joinMs, dialMs };
}

interface Remains {
  readonly n: number;
  readonly rssMb: number;
  readonly heapMb: number;
  readonly fds: number;
  readonly threads: number;
  readonly claims: number;
}

async function look({ pid = 0 }: ChildProcess, n: number): Promise<Remains> {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
  const claims = readdirSync(join(folder, 'cxbcore_claims'))
    .map((file) => readFileSync(join(folder, 'cxbcore_claims', file), 'utf8'))
    .filter((text) => text.includes('"state":"') && !text.includes('"state":"ended"')).length;
  const fds = readdirSync(`/proc/${pid}/fd`).length;
  const rssMb = field('VmRSS') / 1024;
  const threads = field('Threads');
  return { n, rssMb, fds, threads, claims, heapMb: values.heap ? await heapOf(pid) : Number.NaN };
}

/** What lives on the JavaScript heap: the sizes of all objects in a snapshot, which begins with a full collection. */
async function heapOf(pid: number): Promise<number> {
  const snapshots = () => readdirSync(folder).filter((name) => name.endsWith('.heapsnapshot'));
  process.kill(pid, 'SIGUSR2');
  let bytes = Number.NaN;
  await eventually(
    'the heap is written',
    () => {
      try {
        const [name = ''] = snapshots();
        bytes = heapBytes(readFileSync(join(folder, name), 'utf8'));
        return true;
      } catch {
        return false; // not there yet, or not complete
      }
    },
    60_000,
  );
  for (const name of snapshots()) rmSync(join(folder, name));
  return bytes / 1_048_576;
}

/** @throws SyntaxError while the file is being written */
function heapBytes(text: string): number {
  const { snapshot, nodes } = JSON.parse(text) as {
    snapshot: { meta: { node_fields: string[] } };
    nodes: number[];
  };
  const fields = snapshot.meta.node_fields;
  const size = fields.indexOf('self_size');
  let bytes = 0;
  for (let at = size; at < nodes.length; at += fields.length) bytes += nodes[at] ?? 0;
  return bytes;
}

function shown(one: Remains | undefined): string {
  if (!one) return '';
  const { n, rssMb, heapMb, fds, threads, claims } = one;
  const weight = values.heap ? `${heapMb.toFixed(2)} MB of heap` : `${rssMb.toFixed(0)} MB`;
  return `after ${n} calls: ${weight}, ${fds} files, ${threads} threads, ${claims} live claims`;
}

async function freeWorker(number: number, url: string): Promise<ChildProcess> {
  const child = spawn(join(packageRoot, 'scripts/run_worker.sh'), {
    env: {
      PATH: process.env['PATH'],
      NODE_OPTIONS: `--heapsnapshot-signal=SIGUSR2 --diagnostic-dir=${folder}`,
      CXBCORE_MODE: 'development',
      CXBCORE_SOCKET: join(folder, `cxbcore_${number}.sock`),
      CXBCORE_SOCKET_DIR: folder,
      CXBCORE_DATA_DIR: join(folder, 'data'),
      CXBCORE_AGENTS: join(packageRoot, 'bench/quiet-agents'),
      LIVEKIT_URL: url,
      LIVEKIT_API_KEY: KEY.key,
      LIVEKIT_API_SECRET: KEY.secret,
      LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  workers.add(child);
  await until(number, 'free');
  return child;
}

async function until(worker: number, state: string): Promise<void> {
  const isThere = async () =>
    (await ask(worker, 'ctl', 'GET', '/status').catch(() => '')).includes(`"state":"${state}"`);
  await eventually(`worker ${worker} is ${state}`, isThere, 60_000);
}

function ask(
  worker: number,
  socket: 'sock' | 'ctl',
  method: string,
  path: string,
  body?: object,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socketPath = join(folder, `cxbcore_${worker}.${socket}`);
    const sent = request({ socketPath, method, path, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () =>
        (response.statusCode ?? 500) < 300
          ? resolve(text)
          : reject(new Error(`${path}: ${response.statusCode} ${text}`)),
      );
    });
    sent.on('error', reject);
    sent.end(body && JSON.stringify(body));
  });
}

/**
 * Calls in LiveKit rooms, one after the other in one worker, against a real server: how soon the agent's track is there
 * after the start was asked for, what stays behind of each call, and how soon a caller is spoken to again when the
 * worker is killed. Needs `livekit-server`. The callers run in this process, not in the worker.
 * Usage: node scripts/run-ts.mjs bench/livekit.ts [--calls 200] [--kills 20]
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  AudioSource,
  dispose,
  LocalAudioTrack,
  Room,
  RoomEvent,
  TrackPublishOptions,
} from '@livekit/rtc-node';
import { AccessToken, RoomConfiguration } from 'livekit-server-sdk';
import { realClock, sleep } from '../src/kit/clock.ts';
import { packageRoot } from '../src/kit/entry.ts';
import { percentile, printFigures } from './figures.ts';

const { values } = parseArgs({
  options: { calls: { type: 'string', default: '200' }, kills: { type: 'string', default: '20' } },
});
const KEY = 'devkey';
const SECRET = 'devsecretdevsecretdevsecretdevsecret';
const PORT = 27_880;
const url = `ws://127.0.0.1:${PORT}`;
const folder = mkdtempSync(join(tmpdir(), 'cxb-bench-'));
mkdirSync(join(folder, 'data'));
const children = new Set<ChildProcess>();

try {
  await run();
} finally {
  for (const child of children) child.kill('SIGKILL');
  await dispose();
  await sleep(realClock, 200);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

async function run(): Promise<void> {
  start('livekit-server', ['--config-body', JSON.stringify(serverConfig())], {});
  await sleep(realClock, 500);
  const worker = await freeWorker(1);
  const answered: number[] = [];
  const published: number[] = [];
  const remains: Remains[] = [];
  const calls = Number(values.calls);
  for (let n = 1; n <= calls; n++) {
    const { answerMs, trackMs, hangUp } = await call(n, 1);
    answered.push(answerMs);
    published.push(trackMs);
    await hangUp();
    await until(1, 'free');
    if (n === 20 || n === calls || n % 50 === 0) remains.push(look(worker, n));
  }
  const [first, last] = [remains[0], remains.at(-1)];
  const perCall = first && last ? (last.rssMb - first.rssMb) / Math.max(1, last.n - first.n) : Number.NaN;
  for (const { n, rssMb, fds, threads, claims } of remains)
    console.log(
      `after ${n} calls: ${rssMb.toFixed(0)} MB, ${fds} fds, ${threads} threads, ${claims} live claims`,
    );
  const again = await kills(worker, Number(values.kills));
  const figures = [
    { what: 'start asked for → answer, p50', value: percentile(answered, 50), unit: 'ms' },
    { what: 'start asked for → answer, p95', value: percentile(answered, 95), unit: 'ms' },
    { what: "start asked for → the agent's track, p50", value: percentile(published, 50), unit: 'ms' },
    { what: "start asked for → the agent's track, p95", value: percentile(published, 95), unit: 'ms' },
    { what: 'memory that stays per call', value: perCall, unit: 'MB', goal: 0.6 },
    { what: 'killed → the next agent’s track, p50', value: percentile(again, 50), unit: 'ms' },
    { what: 'killed → the next agent’s track, p95', value: percentile(again, 95), unit: 'ms', goal: 3000 },
  ];
  console.log(printFigures(figures));
}

interface Remains {
  readonly n: number;
  readonly rssMb: number;
  readonly fds: number;
  readonly threads: number;
  readonly claims: number;
}

function look({ pid = 0 }: ChildProcess, n: number): Remains {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
  const claims = readdirSync(join(folder, 'cxbcore_claims'))
    .map((file) => readFileSync(join(folder, 'cxbcore_claims', file), 'utf8'))
    .filter((text) => text.includes('"state":"') && !text.includes('"state":"ended"')).length;
  const fds = readdirSync(`/proc/${pid}/fd`).length;
  return { n, rssMb: field('VmRSS') / 1024, fds, threads: field('Threads'), claims };
}

/** Each time the worker with the call is killed, another of the host is asked to go on, and becomes the next to be killed. */
async function kills(first: ChildProcess, count: number): Promise<number[]> {
  const times: number[] = [];
  let busy = first;
  let number = 1;
  for (let n = 1; n <= count; n++) {
    // A number of its own: one that dies often is started later and later.
    const spare = number + 1;
    const next = await freeWorker(spare);
    const { callId, track, hangUp } = await call(100_000 + n, number);
    const heard = track();
    const killedMs = realClock.now();
    busy.kill('SIGKILL');
    await new Promise((resolve) => void busy.once('exit', resolve));
    await ask(spare, 'sock', 'POST', '/continue', { call_id: callId, cause: 'killed' });
    await heard;
    times.push(realClock.now() - killedMs);
    await hangUp();
    await until(spare, 'free');
    busy = next;
    number = spare;
  }
  return times;
}

/** A caller who rings, is dispatched to a worker, and has been connected. */
async function call(n: number, worker: number) {
  const callId = `SCL_${n}`;
  const room = `in_${n}`;
  const identity = `sip_${n}`;
  const attributes = { 'sip.callID': callId, 'sip.callStatus': 'ringing' };
  const token = new AccessToken(KEY, SECRET, { identity, ttl: 300, attributes });
  token.kind = 'sip';
  token.addGrant({ roomJoin: true, room, canPublish: true, canSubscribe: true, canUpdateOwnMetadata: true });
  token.roomConfig = new RoomConfiguration({ maxParticipants: 2, departureTimeout: 5 });
  const party = new Room();
  await party.connect(url, await token.toJwt(), { autoSubscribe: true, dynacast: false });
  const source = new AudioSource(16_000, 1, 1000);
  const microphone = LocalAudioTrack.createAudioTrack('caller', source);
  await party.localParticipant?.publishTrack(microphone, new TrackPublishOptions());
  const track = () =>
    new Promise<void>((resolve) => void party.once(RoomEvent.TrackSubscribed, () => resolve()));
  const subscribed = track();
  const body = {
    room,
    participant_identity: identity,
    sip_call_id: callId,
    received_at: Date.now(),
    deadline_ms: 20_000,
  };
  const askedMs = realClock.now();
  await ask(worker, 'sock', 'POST', '/livekit/dispatch', body);
  const answerMs = realClock.now() - askedMs;
  await subscribed;
  const trackMs = realClock.now() - askedMs;
  await party.localParticipant?.setAttributes({ ...attributes, 'sip.callStatus': 'active' });
  await until(worker, 'live');
  const hangUp = async () => {
    await party.disconnect();
    await microphone.close();
  };
  return { callId, answerMs, trackMs, track, hangUp };
}

async function freeWorker(number: number): Promise<ChildProcess> {
  const child = start(join(packageRoot, 'scripts/run_worker.sh'), [], {
    CXBCORE_MODE: 'development',
    CXBCORE_SOCKET: join(folder, `cxbcore_${number}.sock`),
    CXBCORE_SOCKET_DIR: folder,
    CXBCORE_DATA_DIR: join(folder, 'data'),
    CXBCORE_AGENTS: join(packageRoot, 'bench/quiet-agents'),
    LIVEKIT_URL: url,
    LIVEKIT_API_KEY: KEY,
    LIVEKIT_API_SECRET: SECRET,
    LOG_LEVEL: 'error',
  });
  await until(number, 'free');
  return child;
}

function start(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): ChildProcess {
  const child = spawn(program, args, {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

async function until(worker: number, state: string): Promise<void> {
  for (let tries = 0; tries < 6000; tries++) {
    const text = await ask(worker, 'ctl', 'GET', '/status').catch(() => '');
    if (text.includes(`"state":"${state}"`)) return;
    await sleep(realClock, 10);
  }
  throw new Error(`worker ${worker} was not ${state} within a minute`);
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

function serverConfig(): object {
  return {
    port: PORT,
    bind_addresses: ['127.0.0.1'],
    rtc: {
      udp_port: PORT + 2,
      tcp_port: 0,
      node_ip: '127.0.0.1',
      use_external_ip: false,
      enable_loopback_candidate: true,
      interfaces: { includes: ['lo'] },
      stun_servers: ['127.0.0.1:9'],
    },
    keys: { [KEY]: SECRET },
    logging: { level: 'error', json: true },
  };
}

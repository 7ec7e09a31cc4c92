/**
 * What callers notice of an operator's work: continuous calls at 70 % of a host's seats, with an agent that speaks all
 * the time with the device's voice, first left alone, then while nginx is reloaded three times, fleetd is killed, agents
 * are reloaded, every worker is restarted, and workers are recycled. Fewer callers than seats: no start has a reason to
 * be refused, and no call a reason to end before its caller hangs up. Needs nginx.
 * Usage: npm run bench:operations -- [--workers 10] [--seconds 60] [--json]
 */
import { spawn } from 'node:child_process';
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Host, startHost } from '../src/fleet/host.ts';
import { keepAlive, realClock, sleep } from '../src/kit/clock.ts';
import { packageRoot } from '../src/kit/entry.ts';
import { silentLog } from '../src/kit/log.ts';
import type { ReadyStep } from '../src/sim/caller.ts';
import { Refused } from '../src/sim/connect.ts';
import { placeCall } from '../src/sim/place-call.ts';

interface Row {
  readonly meanwhile: string;
  calls: number;
  refused: number;
  dropped: number;
  speechS: number;
  underruns: number;
}

const { values } = parseArgs({
  options: {
    workers: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '60' },
    json: { type: 'boolean', default: false },
  },
});
const WORKERS = Number(values.workers);
const CALLERS = Math.round(WORKERS * 0.7);
const PHASE_MS = Number(values.seconds) * 1000;
const say = (text: string) => void process.stderr.write(`${text}\n`);
const folder = mkdtempSync(join(tmpdir(), 'cxb-bench-'));
const agents = join(folder, 'agents');
const settingsFile = join(folder, 'none');
cpSync(join(packageRoot, 'bench/agents'), agents, { recursive: true });
const letGo = keepAlive();
const rows: Row[] = [];

try {
  await withHost({}, async (host) => {
    await phase(host, 'nothing', () => Promise.resolve());
    await phase(host, 'three reloads of nginx', () => thrice(() => process.kill(nginxPid(), 'SIGHUP')));
    await phase(host, 'fleetd killed three times', () =>
      thrice(() => process.kill(host.fleetdPid() ?? 0, 'SIGKILL')),
    );
    await phase(host, 'agents reloaded three times', () => thrice(reloadAgents));
    await phase(host, 'every worker restarted', () => cxbcore('restart'));
    await phase(host, 'nothing, again', () => Promise.resolve());
  });
  await withHost({ CXBCORE_RECYCLE_CALLS: '3' }, (host) =>
    phase(host, 'workers recycled after three calls', () => Promise.resolve()),
  );
  report();
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  letGo();
}

async function withHost(env: Record<string, string>, work: (host: Host) => Promise<void>): Promise<void> {
  const host = await startHost({
    workers: WORKERS,
    frontPort: 0,
    front: 'nginx',
    socketDir: folder,
    dataDir: join(folder, 'data'),
    env: {
      ...process.env,
      CXBCORE_MODE: 'development',
      CXBCORE_AGENTS: agents,
      LOG_LEVEL: 'error',
      ...env,
    },
    clock: realClock,
    log: silentLog,
  });
  try {
    say(`${WORKERS} workers get ready …`);
    await host.ready(WORKERS);
    await work(host);
  } finally {
    await host.stop('now');
  }
}

/** Calls for the time of a phase, and for as long as its work takes. */
async function phase(host: Host, meanwhile: string, work: () => Promise<void>): Promise<void> {
  const row: Row = { meanwhile, calls: 0, refused: 0, dropped: 0, speechS: 0, underruns: 0 };
  const over = new AbortController();
  const callers = Array.from({ length: CALLERS }, async (_, n) => {
    await sleep(realClock, Math.random() * 3000);
    // One stays on the line for as long as the phase takes; the others come and go.
    while (!over.signal.aborted) await oneCall(host, row, n === 0 ? PHASE_MS : 4000 + Math.random() * 8000);
  });
  await Promise.all([sleep(realClock, PHASE_MS), sleep(realClock, 4000).then(work)]);
  over.abort();
  await Promise.all(callers);
  rows.push(row);
  say(JSON.stringify(row));
}

async function oneCall(host: Host, row: Row, lengthMs: number): Promise<void> {
  row.calls++;
  const steps: readonly ReadyStep[] = [{ do: 'pause', ms: lengthMs }, { do: 'hangUp' }];
  try {
    const plan = { url: host.url, protocol: 'pcm', agent: 'talker' } as const;
    const { far, report } = await placeCall(plan, steps, realClock);
    far.release();
    if (report.end.by !== 'caller') {
      row.dropped++;
      say(`  dropped: ${JSON.stringify(report.end)} after ${report.duration_ms} ms`);
    }
    row.speechS += report.agent_speech_ms / 1000;
    row.underruns += report.underruns.length;
  } catch (error) {
    if (error instanceof Refused) row.refused++;
    else row.dropped++;
    say(`  ${error instanceof Error ? error.message : String(error)}`);
  }
  await sleep(realClock, 200 + Math.random() * 800);
}

async function thrice(work: () => unknown): Promise<void> {
  for (let n = 0; n < 3; n++) {
    await work();
    await sleep(realClock, PHASE_MS / 5);
  }
}

function nginxPid(): number {
  return Number(readFileSync(join(folder, 'cxbcore_front', 'nginx.pid'), 'utf8'));
}

async function reloadAgents(): Promise<void> {
  appendFileSync(join(agents, 'talker.ts'), '\n// changed\n');
  await cxbcore('reload');
}

async function cxbcore(command: string): Promise<void> {
  const where = ['--socket-dir', folder, '--data-dir', join(folder, 'data'), '--workers', String(WORKERS)];
  const args = [join(packageRoot, 'dist/cli/main.js'), command, ...where, '--settings', settingsFile];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const code = await new Promise((resolve) => void child.once('exit', resolve));
  if (code !== 0) throw new Error(`cxbcore ${command} exited with ${String(code)}`);
}

function report(): void {
  const shown = rows.map(({ speechS, ...row }) => ({
    ...row,
    speech_min: Number((speechS / 60).toFixed(1)),
    underruns_per_min: Number((row.underruns / Math.max(0.01, speechS / 60)).toFixed(2)),
  }));
  if (values.json) console.log(JSON.stringify(shown, null, 2));
  else console.table(shown);
  const lost = rows.reduce((sum, { refused, dropped }) => sum + refused + dropped, 0);
  console.log(
    `${lost} calls refused or dropped of ${rows.reduce((sum, { calls }) => sum + calls, 0)} (goal: 0)`,
  );
}

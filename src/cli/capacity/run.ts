import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { ExitName } from '../../contract/exit-codes.ts';
import { HostError } from '../../fleet/events.ts';
import { type Host, startHost } from '../../fleet/host.ts';
import { type Clock, realClock, sleep } from '../../kit/clock.ts';
import { packageRoot } from '../../kit/entry.ts';
import { silentLog } from '../../kit/log.ts';
import { readySteps } from '../../sim/caller.ts';
import { deviceVoices, HUMAN_VOICE, soundMaker } from '../../sim/sounds.ts';
import type { CommandIo } from '../command.ts';
import { KEPT } from '../demo/stage.ts';
import { Callers } from './callers.ts';
import { faultsOf, type Machine, type StepSeen, verdictOf } from './judge.ts';
import { between, machineNow, takeSample } from './sample.ts';
import { nextCalls } from './steps.ts';
import { CapacityView } from './view.ts';

export interface CapacityOptions {
  /** Seats as configured. */
  readonly configured: number;
  /** The most calls to measure. */
  readonly most: number;
  /** How long each number of calls is measured. */
  readonly seconds: number;
  /** A folder of agents, whose environment is the operator's; ours, with a clean one, when absent. */
  readonly agents: string | undefined;
  readonly agent: string | undefined;
  /** The environment of the workers of this host. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly json: boolean;
}

/** Before each measurement, so that greetings and warm caches are over; at most this long. */
const SETTLE_MS = 3000;
/** How long a worker may take to get ready, times the number of workers: they do it one after the other. */
const READY_LIMIT_MS = 30_000;

/** What the callers say, whatever they are asked: it keeps recogniser, voice and turn-taking at work. */
const TALK = ['new', 'friday at ten thirty a m', 'no', 'thursday', 'right', 'no'].flatMap((text) => [
  { do: 'listen', quietMs: 700, limitS: 30 } as const,
  { do: 'say', text, voice: HUMAN_VOICE } as const,
]);

/** Measures this machine with a host of its own. The host is gone afterwards, whatever happens. */
export async function runCapacity(io: CommandIo, options: CapacityOptions): Promise<ExitName> {
  const clock = realClock;
  const view = new CapacityView(io, options.json);
  const machine = machineNow(options.configured);
  const folder = mkdtempSync(join(tmpdir(), 'cxb-capacity-'));
  let host: Host | undefined;
  try {
    view.begin(machine, options);
    host = await openHost(folder, options, clock);
    if (await stopped(warm(host, options.most, clock), io.interrupted)) return view.stopped();
    const steps = await measure(host, machine, options, view, io.interrupted, clock);
    if (steps.length === 0) return view.stopped();
    const verdict = verdictOf(steps, machine);
    view.end(verdict, steps, machine);
    return verdict.warning === null ? 'ok' : 'expectationFailed';
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    io.err(`error: ${error.message}\n`);
    return error.exit;
  } finally {
    await host?.stop('now');
    rmSync(folder, { recursive: true, force: true });
  }
}

function openHost(folder: string, options: CapacityOptions, clock: Clock): Promise<Host> {
  const { env, agents, agent, most } = options;
  const inherited = agents === undefined ? Object.fromEntries(KEPT.map((name) => [name, env[name]])) : env;
  return startHost({
    workers: most,
    frontPort: 0,
    front: 'auto',
    socketDir: folder,
    dataDir: join(folder, 'data'),
    env: {
      ...inherited,
      CXBCORE_MODE: 'development',
      CXBCORE_WORKERS: String(most),
      CXBCORE_AGENTS: agents === undefined ? join(packageRoot, 'agents') : resolve(agents),
      CXBCORE_AGENT: agent,
    },
    clock,
    log: silentLog,
    onEvent: () => undefined,
  });
}

/** @throws HostError when the workers do not become ready in time */
async function warm(host: Host, workers: number, clock: Clock): Promise<void> {
  const limitMs = READY_LIMIT_MS * workers;
  const late = sleep(clock, limitMs).then(() => {
    throw new HostError(`the workers were not ready after ${limitMs / 1000} s`, 'notNow');
  });
  await Promise.race([host.ready(workers), late]);
}

/** One number of calls after the other; what was measured before an interruption is kept. */
async function measure(
  host: Host,
  machine: Machine,
  options: CapacityOptions,
  view: CapacityView,
  interrupted: AbortSignal,
  clock: Clock,
): Promise<readonly StepSeen[]> {
  const { most, seconds } = options;
  const steps: StepSeen[] = [];
  const sounds = soundMaker({ folder: '.', synthesise: deviceVoices() });
  const callers = new Callers({
    plan: { url: host.url, protocol: 'twilio' },
    steps: await readySteps({ steps: TALK }, 8000, sounds),
    clock,
  });
  const well = (step: StepSeen) => faultsOf(step, machine.cores).length === 0;
  try {
    while (!interrupted.aborted) {
      const calls = nextCalls(
        steps.map((step) => ({ calls: step.calls, well: well(step) })),
        most,
      );
      if (calls === undefined) break;
      view.measuring(calls);
      await callers.set(calls);
      if (await stopped(sleep(clock, Math.min(SETTLE_MS, seconds * 500)), interrupted)) break;
      callers.lateMs();
      const from = await takeSample(host.settings.socketDir, most, callers, clock);
      if (await stopped(sleep(clock, seconds * 1000), interrupted)) break;
      const to = await takeSample(host.settings.socketDir, most, callers, clock);
      const step = between(from, to, calls, callers.lateMs());
      steps.push(step);
      view.step(step, faultsOf(step, machine.cores));
    }
  } finally {
    await callers.set(0);
  }
  return steps;
}

/** Whether it was interrupted before `work` was done. */
async function stopped(work: Promise<void>, signal: AbortSignal): Promise<boolean> {
  let stop = () => undefined as void;
  const interrupted = new Promise<void>((done) => {
    stop = done;
  });
  if (signal.aborted) return true;
  signal.addEventListener('abort', stop, { once: true });
  try {
    await Promise.race([work, interrupted]);
    return signal.aborted;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

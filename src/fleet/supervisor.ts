import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { WorkerStatus } from '../contract/worker-status.ts';
import type { Settled } from '../journal/record.ts';
import type { CancelTimer, Clock } from '../kit/clock.ts';
import { sleep } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';
import { askStatus } from './control.ts';
import { HostError, type HostEvent } from './events.ts';
import type { SeenDeath } from './settle.ts';
import {
  dueOf,
  firstHandle,
  type Handle,
  type HandleEvent,
  type HandleLimits,
  isHopeless,
  nextHandle,
  type StopHow,
} from './worker-handle.ts';
import { WorkerLog } from './worker-log.ts';
import {
  type Exit,
  exitWords,
  type StartedWorker,
  startWorker,
  type WorkerCommand,
} from './worker-process.ts';

export interface SupervisorOptions {
  readonly workers: number;
  readonly socketDir: string;
  readonly dataDir: string;
  /** The environment of the workers; each gets its own `CXBCORE_SOCKET` besides. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly command: WorkerCommand;
  readonly limits: HandleLimits;
  readonly clock: Clock;
  readonly log: Log;
  readonly onEvent: (event: HostEvent) => void;
  /** Gives the calls of dead workers their records. */
  readonly settle: (death?: SeenDeath) => Promise<Settled>;
  /** How many workers may be starting at once; one per core when absent. */
  readonly atOnce?: number;
}

export interface WorkerView {
  readonly worker: number;
  readonly at: Handle['at'];
  readonly pid: number | undefined;
}

interface Seat {
  readonly worker: number;
  readonly log: WorkerLog;
  handle: Handle;
  process: StartedWorker | undefined;
}

interface Waiter {
  readonly count: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** How often a starting worker is asked whether it is ready, and every worker's log is read. */
const ASK_MS = 50;
/** Between two looks into the logs of the workers. */
const READ_LOG_MS = 250;
/** A worker that has been starting for this long, such as one that waits for a provider, holds up no other. */
const GIVE_WAY_MS = 60_000;
const READY_STATES: readonly string[] = ['free', 'reserved', 'live', 'ending'];

/**
 * Owns the worker processes of a host: starts them a few at a time, replaces the dead, passes on a stop. It holds no
 * call and no media; what it knows of a worker is its `Handle`, its process and its log.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #seats: readonly Seat[];
  #cancelTimer: CancelTimer = () => undefined;
  #waiters: Waiter[] = [];
  #whenGone: (() => void)[] = [];
  #settling: Promise<void> = Promise.resolve();
  #refusal: HostError | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    const now = options.clock.now();
    this.#seats = Array.from({ length: options.workers }, (_, index) => ({
      worker: index + 1,
      log: new WorkerLog(join(options.dataDir, 'logs', `worker_${index + 1}.log`)),
      handle: firstHandle(now),
      process: undefined,
    }));
  }

  start(): void {
    this.#settle();
    this.#act();
    this.#readLogs();
  }

  workers(): readonly WorkerView[] {
    return this.#seats.map(({ worker, handle }) => ({
      worker,
      at: handle.at,
      pid: 'pid' in handle ? handle.pid : undefined,
    }));
  }

  /** What the worker says of itself now; undefined when it does not answer. */
  status(worker: number): Promise<WorkerStatus | undefined> {
    return askStatus(this.#path(worker, 'ctl'), this.#options.clock);
  }

  /** Resolves when `count` workers have been ready; rejects when that cannot come true any more. */
  ready(count: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ count, resolve, reject });
      this.#answerWaiters();
    });
  }

  /** Resolves when every worker is gone. A second call may make it harder, never softer. */
  stop(how: StopHow): Promise<void> {
    for (const seat of this.#seats) {
      const before = seat.handle;
      this.#change(seat, { type: 'stop', how });
      if (seat.handle === before || seat.handle.at !== 'stopping') continue;
      if (before.at !== 'stopping') seat.process?.signal('SIGTERM');
      // Another signal than the first, because two of one kind can arrive as one.
      if (how === 'now') seat.process?.signal('SIGINT');
    }
    const gone = new Promise<void>((resolve) => void this.#whenGone.push(resolve));
    this.#act();
    return gone.then(() => this.#settling);
  }

  #path(worker: number, kind: 'sock' | 'ctl'): string {
    return join(this.#options.socketDir, `cxbcore_${worker}.${kind}`);
  }

  #change(seat: Seat, event: HandleEvent): void {
    const before = seat.handle;
    seat.handle = nextHandle(before, event, this.#options.clock.now(), this.#options.limits);
    if (before.at !== seat.handle.at) {
      this.#options.log.debug('worker seen', { worker: seat.worker, at: seat.handle.at, from: before.at });
    }
  }

  /** Does everything that is due, and comes back when the next thing is. */
  #act(): void {
    this.#cancelTimer();
    const now = this.#options.clock.now();
    for (const seat of this.#seats) {
      const due = dueOf(seat.handle, this.#options.limits);
      if (!due || due.atMs > now) continue;
      if (due.act === 'kill') seat.process?.signal('SIGKILL');
      else if (this.#mayStart()) this.#start(seat);
    }
    this.#answerWaiters();
    if (this.#seats.every((seat) => seat.handle.at === 'gone')) {
      for (const resolve of this.#whenGone.splice(0)) resolve();
      return;
    }
    const next = Math.min(
      ...this.#seats.map(
        (seat) => dueOf(seat.handle, this.#options.limits)?.atMs ?? Number.POSITIVE_INFINITY,
      ),
    );
    // Never at once: what is due already waits for a place among the starting, or for a killed process to go.
    if (Number.isFinite(next)) {
      this.#cancelTimer = this.#options.clock.after(Math.max(ASK_MS, next - now), () => this.#act());
    }
  }

  #mayStart(): boolean {
    const since = this.#options.clock.now() - GIVE_WAY_MS;
    const starting = this.#seats.filter(({ handle }) => handle.at === 'starting' && handle.sinceMs > since);
    return starting.length < (this.#options.atOnce ?? availableParallelism());
  }

  #start(seat: Seat): void {
    const env = { ...this.#options.env, CXBCORE_SOCKET: this.#path(seat.worker, 'sock') };
    let ended: Exit | undefined;
    const started = startWorker(this.#options.command, env, seat.log, (exit) => {
      ended = exit;
      if (seat.process === started) this.#exited(seat, exit);
    });
    seat.process = started;
    this.#change(seat, { type: 'started', pid: started?.pid ?? 0 });
    if (started === undefined) this.#exited(seat, ended ?? { code: null, signal: null });
    else void this.#watchStart(seat, started);
  }

  async #watchStart(seat: Seat, process: StartedWorker): Promise<void> {
    while (seat.process === process && seat.handle.at === 'starting') {
      await sleep(this.#options.clock, ASK_MS);
      const status = await this.status(seat.worker);
      // Somebody else may own the seat and answer; only our own process counts.
      if (seat.process !== process || status?.pid !== process.pid) continue;
      this.#change(seat, { type: 'heard' });
      if (!READY_STATES.includes(status.state)) continue;
      this.#change(seat, { type: 'ready' });
      this.#options.onEvent({
        type: 'ready',
        worker: seat.worker,
        ready: this.#ready(),
        of: this.#seats.length,
      });
      this.#act();
    }
  }

  #exited(seat: Seat, exit: Exit): void {
    const { log, onEvent, clock } = this.#options;
    this.#readLog(seat);
    const pid = seat.process?.pid;
    seat.process = undefined;
    this.#change(seat, { type: 'exited', code: exit.code });
    const words = seat.log.lastWords();
    if (seat.handle.at === 'refused') {
      log.error('worker refused its settings', { worker: seat.worker, why: words });
      onEvent({ type: 'refused', worker: seat.worker, words });
      this.#refusal ??= new HostError(words || `worker ${seat.worker} refused its settings`, 'settings');
    } else if (seat.handle.at === 'waiting') {
      const againInMs = Math.max(0, seat.handle.dueMs - clock.now());
      log.warn('worker died', {
        worker: seat.worker,
        how: exitWords(exit),
        again_in_ms: againInMs,
        why: words,
      });
      onEvent({ type: 'died', worker: seat.worker, how: exitWords(exit), againInMs, words });
      if (isHopeless(seat.handle, this.#options.limits)) this.#giveUpOn(seat, exitWords(exit), words);
    }
    if (exit.code !== 0) this.#settle({ ...(pid !== undefined && { pid }), how: exitWords(exit) });
    this.#act();
  }

  #giveUpOn(seat: Seat, how: string, words: string): void {
    const deaths = this.#options.limits.hopelessDeaths;
    this.#refusal ??= new HostError(
      `worker ${seat.worker} has died ${deaths} times in a row soon after its start; the last time it ${how}${words && `:\n${words}`}`,
      'bug',
    );
  }

  /** Calls whose worker is dead get their record; one run at a time, because each reads all open journals. */
  #settle(death?: SeenDeath): void {
    const { settle, clock, log, onEvent } = this.#options;
    this.#settling = this.#settling
      .then(() => settle(death))
      .then(({ settled, waiting, failed }) => {
        const due = Math.min(...waiting.map(({ untilWallMs }) => untilWallMs));
        if (waiting.length > 0) clock.after(due - clock.wall() + 1000, () => this.#settle());
        for (const { callId, reason } of settled) {
          log.warn('record written for a dead worker', { call_id: callId, reason });
          onEvent({ type: 'settled', callId, reason });
        }
        for (const { path, why } of failed) log.error('journal could not be settled', { path, why });
      })
      .catch((error: unknown) => log.error('dead calls could not be settled', { error }));
  }

  #ready(): number {
    return this.#seats.filter((seat) => seat.handle.at === 'up').length;
  }

  #answerWaiters(): void {
    const ready = this.#ready();
    const possible = this.#seats.filter(
      ({ handle }) =>
        !isHopeless(handle, this.#options.limits) && handle.at !== 'gone' && handle.at !== 'stopping',
    );
    this.#waiters = this.#waiters.filter(({ count, resolve, reject }) => {
      if (ready >= count) resolve();
      else if (possible.length < count) reject(this.#refusal ?? new HostError('the host was stopped', 'ok'));
      else return true;
      return false;
    });
  }

  #readLogs(): void {
    for (const seat of this.#seats) this.#readLog(seat);
    if (this.#seats.some((seat) => seat.handle.at !== 'gone')) {
      this.#options.clock.after(READ_LOG_MS, () => this.#readLogs());
    }
  }

  #readLog(seat: Seat): void {
    if (seat.process === undefined) return;
    for (const line of seat.log.read()) this.#options.onEvent({ type: 'line', worker: seat.worker, line });
  }
}

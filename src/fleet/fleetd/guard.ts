import { renameSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { Settings } from '../../contract/settings.ts';
import { type Clock, sleep } from '../../kit/clock.ts';
import type { Log } from '../../kit/log.ts';
import { isAlive, type Owner, ownerOf } from '../../kit/owner.ts';
import { type Deed, judge, type Watched } from './guard-verdict.ts';
import type { HostWatch } from './host-watch.ts';
import { type SeatView, socketOf } from './seats.ts';

export interface GuardOptions {
  readonly host: HostWatch;
  readonly settings: Pick<Settings, 'guardAwayMs' | 'guardFreeMs' | 'guardCallMs'>;
  readonly socketDir: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly count: (act: string) => void;
}

/** Between two looks at the pulse of every worker. */
const LOOK_MS = 250;
/** A look takes as long as the slowest worker may; what comes on top is our own loop that was held up. */
const LATE_MS = 1000;

/** Watches the workers' signs of life, which come from their main loops, and steps in where they stop. */
export async function guard(options: GuardOptions, signal: AbortSignal): Promise<void> {
  const { host, settings, socketDir, clock, log } = options;
  let watched: ReadonlyMap<number, Watched> = new Map();
  const owners = new Map<number, Owner>();
  let beforeMs = clock.now();
  while (!signal.aborted) {
    try {
      const { seats } = await host.look(0);
      const nowMs = clock.now();
      const verdict = judge(watched, seats, nowMs, nowMs - beforeMs > LATE_MS, settings);
      beforeMs = nowMs;
      rememberOwners(owners, seats);
      const taken = await takenAmong(verdict.deeds, socketDir);
      watched = withBusy(verdict.watched, taken);
      for (const deed of verdict.deeds) if (!taken.includes(deed.worker)) carryOut(deed, owners, options);
      await sleep(clock, LOOK_MS, signal);
    } catch (error) {
      if (signal.aborted) return;
      log.error('the guard could not do its work', { error });
      await sleep(clock, LOOK_MS);
    }
  }
}

/**
 * Workers that took a call after their last sign of life and are not free at all: a free one listens, stopped or not.
 */
async function takenAmong(deeds: readonly Deed[], socketDir: string): Promise<readonly number[]> {
  const taken: number[] = [];
  for (const { worker, act } of deeds) {
    if (act === 'away' && !(await listens(socketOf(socketDir, worker, 'sock')))) taken.push(worker);
  }
  return taken;
}

function listens(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

function withBusy(
  watched: ReadonlyMap<number, Watched>,
  busy: readonly number[],
): ReadonlyMap<number, Watched> {
  return new Map(
    [...watched].map(([worker, one]) => [worker, busy.includes(worker) ? { ...one, busy: true } : one]),
  );
}

/** By start time too: a pid may belong to somebody else by the time it is to be killed. */
function rememberOwners(owners: Map<number, Owner>, seats: readonly SeatView[]): void {
  for (const seat of seats) {
    if (seat.at !== 'answers' || owners.get(seat.worker)?.pid === seat.pulse.pid) continue;
    const owner = ownerOf(seat.pulse.pid);
    if (owner) owners.set(seat.worker, owner);
  }
}

function carryOut(
  { worker, pid, act }: Deed,
  owners: ReadonlyMap<number, Owner>,
  options: GuardOptions,
): void {
  const { socketDir, log, count } = options;
  const owner = owners.get(worker);
  if (owner?.pid !== pid || !isAlive(owner)) return;
  log.warn('a worker is silent', { worker, pid, act });
  count(act);
  if (act === 'away') takeAway(socketOf(socketDir, worker, 'sock'));
  else process.kill(pid, 'SIGKILL');
}

/** Puts a socket that refuses in the place of the path; a worker that comes back puts its own there again. */
function takeAway(path: string): void {
  const temporary = `${path}.guard${process.pid}`;
  rmSync(temporary, { force: true });
  const server = createServer();
  server.on('error', () => undefined);
  server.listen({ path: temporary });
  if (!server.listening) return;
  // Closing a server unlinks the name it was bound to, so the file is moved out of its reach first.
  renameSync(temporary, `${temporary}x`);
  server.close();
  renameSync(`${temporary}x`, path);
}

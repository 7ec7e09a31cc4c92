import type { SeatView } from './seats.ts';

/** What the guard remembers of a worker: when it last answered, and as what. */
export interface Watched {
  readonly pid: number;
  readonly busy: boolean;
  readonly answeredMs: number;
  readonly done: 'nothing' | 'away';
}

export interface GuardLimits {
  /** A free worker silent for this long leaves rotation, and after the second is killed. */
  readonly guardAwayMs: number;
  readonly guardFreeMs: number;
  /** A worker with a call that is silent for this long is killed. */
  readonly guardCallMs: number;
}

export interface Deed {
  readonly worker: number;
  readonly pid: number;
  readonly act: 'away' | 'kill';
}

/** One that loads or warms up may hold its loop for long, and ends by its own limits. */
const MAY_BE_SILENT: readonly string[] = ['starting', 'warming', 'stopped'];

/**
 * What the guard remembers after a look, and what is to be done. `late`: the guard's own loop was held up since the look
 * before, as on a machine that was paused; then nobody's silence counts up to now.
 */
export function judge(
  watched: ReadonlyMap<number, Watched>,
  seats: readonly SeatView[],
  nowMs: number,
  late: boolean,
  limits: GuardLimits,
): { readonly watched: ReadonlyMap<number, Watched>; readonly deeds: readonly Deed[] } {
  const next = new Map<number, Watched>();
  const deeds: Deed[] = [];
  for (const seat of seats) {
    if (seat.at === 'answers') {
      const { pid, state } = seat.pulse;
      if (MAY_BE_SILENT.includes(state)) continue;
      next.set(seat.worker, { pid, busy: state !== 'free', answeredMs: nowMs, done: 'nothing' });
    }
    const before = seat.at === 'silent' ? watched.get(seat.worker) : undefined;
    if (!before) continue;
    if (late) {
      next.set(seat.worker, { ...before, answeredMs: nowMs });
      continue;
    }
    const silentMs = nowMs - before.answeredMs;
    const { pid, busy, done } = before;
    const { worker } = seat;
    if (silentMs >= (busy ? limits.guardCallMs : limits.guardFreeMs)) {
      deeds.push({ worker, pid, act: 'kill' });
      continue;
    }
    const away = !busy && done === 'nothing' && silentMs >= limits.guardAwayMs;
    if (away) deeds.push({ worker, pid, act: 'away' });
    next.set(worker, away ? { ...before, done: 'away' } : before);
  }
  return { watched: next, deeds };
}

import type { SeatReport } from './seats.ts';

/** The seats of a host counted by what a caller would meet. `unknown` is a worker that runs and does not say. */
export interface Totals {
  readonly seats: number;
  readonly free: number;
  readonly busy: number;
  readonly warming: number;
  /** Seats that take no new call because they were told so; their live calls count as busy as well. */
  readonly draining: number;
  readonly gone: number;
  readonly unknown: number;
}

export function totalsOf(seats: readonly SeatReport[]): Totals {
  const statuses = seats.flatMap((seat) => (seat.at === 'answers' ? [seat.status] : []));
  const count = (...states: readonly string[]) =>
    statuses.filter(({ state }) => states.includes(state)).length;
  return {
    seats: seats.length,
    free: statuses.filter(({ state, draining }) => state === 'free' && !draining).length,
    busy: count('reserved', 'live', 'ending'),
    warming: count('starting', 'warming'),
    draining: statuses.filter(({ draining }) => draining).length,
    gone: seats.filter(({ at }) => at === 'gone').length,
    unknown: seats.filter(({ at }) => at === 'silent' || at === 'forbidden').length,
  };
}

/** `3 free, 12 busy, 1 draining`; what there is none of is left out. */
export function totalsWords(totals: Totals): string {
  const parts: readonly (readonly [number, string])[] = [
    [totals.free, 'free'],
    [totals.busy, 'busy'],
    [totals.warming, 'warming'],
    [totals.draining, 'draining'],
    [totals.gone, 'without a worker'],
    [totals.unknown, 'unknown'],
  ];
  return parts.flatMap(([count, word]) => (count > 0 ? [`${count} ${word}`] : [])).join(', ') || 'none';
}

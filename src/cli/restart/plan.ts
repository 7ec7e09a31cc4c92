import type { SeatReport } from '../host/seats.ts';

/** A seat that is to get a new process, and how far it is. */
export interface Restarting {
  readonly seat: number;
  /** The process that is to go; undefined: there was none. */
  readonly oldPid: number | undefined;
  /** When its old process was told to leave, in monotonic milliseconds. */
  readonly toldMs?: number;
  /** When the old process was first seen to be gone. */
  readonly goneMs?: number;
}

export type SeatState =
  /** Its old process is free and has not been told. */
  | 'idle'
  /** Its old process takes no new call now: it has one, warms up, or drains. Nobody misses it when it is told. */
  | 'busy'
  | 'leaving'
  /** The old process is gone and the new one is not ready. */
  | 'coming'
  | 'ready'
  | 'failed';

const READY: readonly string[] = ['free', 'reserved', 'live', 'ending'];

/** Where a seat stands, from what is seen of it now. */
export function stateOf(seat: Restarting, report: SeatReport, nowMs: number, limitMs: number): SeatState {
  const old = report.at === 'answers' && report.status.pid === seat.oldPid;
  if (old && seat.toldMs === undefined)
    return report.status.state === 'free' && !report.status.draining ? 'idle' : 'busy';
  if (old) return 'leaving';
  // The old one may be too busy to answer; a new one is only there once it has said so.
  if (report.at === 'silent' && seat.goneMs === undefined) return 'leaving';
  if (report.at === 'answers') {
    if (READY.includes(report.status.state)) return 'ready';
    if (report.status.degraded !== null) return 'failed';
  }
  return seat.goneMs !== undefined && nowMs - seat.goneMs > limitMs ? 'failed' : 'coming';
}

/**
 * Which seats to tell now; none after a failure. One with a call costs nothing until its call ends, but where calls are
 * short, all that were told change in the same moment: so half of the seats at most are told while they have calls, and
 * more than `floor` stay in rotation. Idle ones go one at a time, once it has been seen that those with calls keep them,
 * and only while `floor` others are free.
 */
export function toTell(
  seats: readonly { readonly seat: number; readonly state: SeatState; readonly told: boolean }[],
  free: number,
  floor: number,
): number[] {
  if (seats.some(({ state }) => state === 'failed')) return [];
  const changing = seats.filter(({ state, told }) => told && state !== 'ready').length;
  const most = Math.max(1, Math.min(Math.floor(seats.length / 2), seats.length - floor - 1));
  const busy = seats.filter(({ state, told }) => state === 'busy' && !told).map(({ seat }) => seat);
  const told = busy.slice(0, Math.max(0, most - changing));
  if (told.length > 0) return told;
  const idle = seats.find((one) => one.state === 'idle' && !one.told);
  const underWay = seats.some(({ state }) => state === 'coming');
  const leavingIdle = seats.some(({ state }) => state === 'leaving');
  const mayGo = !underWay && !(leavingIdle && free <= floor) && free - 1 >= floor;
  return idle && mayGo ? [idle.seat] : [];
}

/** How many seats stay free for callers: half of those that were, at least one where there are two. */
export function floorOf(seats: number, free: number): number {
  return seats < 2 ? 0 : Math.max(1, Math.floor(free / 2));
}

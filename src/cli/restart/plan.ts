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

/** What the host carries while it is being restarted. */
export interface Load {
  /** Seats that take a call now. */
  readonly free: number;
  /** How many of them are to stay. */
  readonly floor: number;
  /** How much longer calls last than a new process needs to get ready. */
  readonly patience: number;
}

/** What a process needs to get ready where nobody says. */
const READY_MS = 10_000;

/** From what the seats say of their calls and of their own warm-up. */
export function patienceOf(reports: readonly SeatReport[]): number {
  const known = reports.flatMap((report) => (report.at === 'answers' ? [report.status] : []));
  const ages = known.flatMap(({ call }) => (call ? [call.seconds * 1000] : []));
  const warmUps = known.map(({ warm_up_ms }) => Object.values(warm_up_ms).reduce((sum, ms) => sum + ms, 0));
  return mean(ages) / Math.max(1000, mean(warmUps.filter((ms) => ms > 0)) || READY_MS);
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * Which seats to tell now; none after a failure. Idle ones first, one at a time, and only while `floor` others are free:
 * as calls come and go, most seats are idle at some time. One with a call is missed only from the end of its call until
 * its new process is ready. Where calls are short, all that were told are away together, so no more are changing than
 * the load leaves over. Where they are long, few of many are away at a time, because they get ready faster than calls
 * end: four times as fast, so that hardly ever two wait for each other.
 */
export function toTell(
  seats: readonly { readonly seat: number; readonly state: SeatState; readonly told: boolean }[],
  { free, floor, patience }: Load,
): number[] {
  if (seats.some(({ state }) => state === 'failed')) return [];
  const underWay = seats.some(({ state }) => state === 'coming');
  // Whoever had the seat that is away now may be calling again.
  const busy = seats.filter(({ state }) => ['busy', 'leaving', 'coming'].includes(state)).length;
  const spare = Math.max(1, seats.length - busy - floor);
  const most = Math.min(Math.max(spare, Math.floor(patience / 4)), Math.max(1, Math.floor(seats.length / 2)));
  const room = most - seats.filter(({ state, told }) => told && state !== 'ready').length;
  if (room <= 0) return [];
  const idle = seats.find(({ state, told }) => state === 'idle' && !told);
  if (idle && !underWay && free - 1 >= floor) return [idle.seat];
  if (idle && underWay) return [];
  const busyOnes = seats.filter(({ state, told }) => state === 'busy' && !told);
  return busyOnes.slice(0, room).map(({ seat }) => seat);
}

/** How many seats stay free for callers: half of those that were, at least one where there are two. */
export function floorOf(seats: number, free: number): number {
  return seats < 2 ? 0 : Math.max(1, Math.floor(free / 2));
}

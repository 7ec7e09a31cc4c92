import { join } from 'node:path';
import type { Refusal } from '../../contract/errors.ts';
import { WORKER_STATES, type WorkerState } from '../../contract/states.ts';
import { parseJson } from '../../kit/json.ts';
import type { Told } from '../ask-socket.ts';

/** What a worker says of itself with every sign of life. */
export interface Pulse {
  readonly state: WorkerState;
  readonly draining: boolean;
  readonly pid: number;
  readonly callId: string | null;
}

/** One seat of the host as it was last seen. */
export type SeatView =
  | { readonly worker: number; readonly at: 'answers'; readonly pulse: Pulse }
  /** Its socket takes questions and nobody answers them: stopped, or in a loop that does not end. */
  | { readonly worker: number; readonly at: 'silent' }
  /** No process listens for it. */
  | { readonly worker: number; readonly at: 'gone' };

export function socketOf(socketDir: string, worker: number, kind: 'sock' | 'ctl'): string {
  return join(socketDir, `cxbcore_${worker}.${kind}`);
}

export function seatView(worker: number, told: Told): SeatView {
  if (told.kind !== 'answer') return { worker, at: told.kind };
  const pulse = told.status === 200 ? readPulse(told.body) : undefined;
  return pulse ? { worker, at: 'answers', pulse } : { worker, at: 'silent' };
}

function readPulse(text: string): Pulse | undefined {
  const body = parseJson(text);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
  const { state, draining, pid, call_id: callId } = body as Readonly<Record<string, unknown>>;
  const known = WORKER_STATES.find((one) => one === state);
  if (known === undefined || typeof pid !== 'number') return undefined;
  return {
    state: known,
    draining: draining === true,
    pid,
    callId: typeof callId === 'string' ? callId : null,
  };
}

/** How many calls the host takes. What is not known is counted apart, never as nothing. */
export interface Capacity {
  /** Seats that are proven, and carry a call or may. */
  readonly capacity: number;
  readonly busy: number;
  readonly free: number;
  readonly warming: number;
  /** Workers that run and do not answer. */
  readonly unknown: number;
  /** No worker takes a new call, because each was told not to. */
  readonly draining: boolean;
}

const BUSY: readonly WorkerState[] = ['reserved', 'live', 'ending'];
const WARMING: readonly WorkerState[] = ['starting', 'warming'];

export function capacityOf(seats: readonly SeatView[]): Capacity {
  const pulses = seats.flatMap((seat) => (seat.at === 'answers' ? [seat.pulse] : []));
  const busy = pulses.filter(({ state }) => BUSY.includes(state)).length;
  const free = pulses.filter(({ state, draining }) => state === 'free' && !draining).length;
  return {
    capacity: busy + free,
    busy,
    free,
    warming: pulses.filter(({ state, draining }) => WARMING.includes(state) && !draining).length,
    unknown: seats.filter(({ at }) => at === 'silent').length,
    draining: pulses.length > 0 && pulses.every(({ draining, state }) => draining || state === 'stopped'),
  };
}

/** Why a start got no seat, from what the seats are now. */
export function refusalOf(seats: readonly SeatView[]): Refusal {
  const { warming, unknown, draining } = capacityOf(seats);
  if (draining) return 'draining';
  const taken = seats.some(
    (seat) => seat.at === 'answers' && !seat.pulse.draining && !WARMING.includes(seat.pulse.state),
  );
  if (taken) return 'at_capacity';
  if (warming > 0) return 'warming';
  // One that does not answer may well have a call; that it has none is what nobody can say.
  return unknown > 0 ? 'at_capacity' : 'no_workers';
}

/** The worker that says it carries the call. */
export function workerOf(seats: readonly SeatView[], callId: string): number | undefined {
  return seats.find((seat) => seat.at === 'answers' && seat.pulse.callId === callId)?.worker;
}

/** Workers that run, whatever they do. */
export function alive(seats: readonly SeatView[]): number {
  return seats.filter(({ at }) => at !== 'gone').length;
}

/**
 * The line HAProxy's agent-check reads: weight and limit. Never words that change its administrative state, which an
 * operator may have set, and never `maxconn:0`, which would take the limit away.
 */
export function agentLine({ capacity, unknown, draining }: Capacity): string {
  // A worker that does not answer has its call all the same, and still counts against the limit.
  const limit = capacity + unknown;
  return draining || limit === 0 ? 'up 0%\n' : `up 100% maxconn:${limit}\n`;
}

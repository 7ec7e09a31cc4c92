import type { EndReason } from '../contract/end-reasons.ts';
import type { Refusal } from '../contract/errors.ts';
import type { ExitName } from '../contract/exit-codes.ts';
import type { WorkerState } from '../contract/states.ts';

/**
 * The life of one worker as data: `starting → warming → free → reserved → live → ending → free … → stopped`.
 * Nothing here listens, waits or logs; `Lifecycle` applies `next` and carries the effects out.
 *
 * Invariants, each held by a property test:
 * 1. between a successful claim and `free` again, every other claim is refused;
 * 2. `listen` is asked for only while the seat is free, nothing drains and no accepted connection is left;
 * 3. from every state, the events that end a call lead back to `free` or on to `stopped`;
 * 4. nothing follows `stopped`.
 */
export interface Life {
  readonly phase: Phase;
  /** `parked`: no new call until `undrain`. `leaving`: no new call, and the process ends after the live one. */
  readonly draining: 'no' | 'parked' | 'leaving';
  /**
   * Whether starts can reach this worker. `leaving` lasts a few milliseconds: the path already points nowhere, and
   * what had been queued behind it is still served.
   */
  readonly rotation: 'in' | 'leaving' | 'out';
  /** Connections accepted on the call socket and not yet gone. TCP mode does not count them. */
  readonly connections: number;
  /** What the process says by ending once it has left: `bug` when its engines have died. */
  readonly exit: ExitName;
  /** TCP mode: the port is shared with status requests and stays open, so starts are refused by answer. */
  readonly alwaysOpen: boolean;
}

export type Phase =
  | { readonly name: 'starting' }
  | { readonly name: 'warming'; readonly failures: number }
  | { readonly name: 'free' }
  | { readonly name: 'reserved' }
  | { readonly name: 'live'; readonly callId: string }
  | { readonly name: 'ending' }
  | { readonly name: 'stopped'; readonly exit: ExitName };

export type LifeEvent =
  /** The control socket is open and nobody else owns the seat. */
  | { readonly kind: 'booted' }
  | { readonly kind: 'warm-up-failed' }
  | { readonly kind: 'warmed-up' }
  | { readonly kind: 'connected' }
  | { readonly kind: 'disconnected' }
  /** Only after `refusal` said nothing, in the same turn of the loop. */
  | { readonly kind: 'claimed' }
  | { readonly kind: 'no-line' }
  | { readonly kind: 'call-open'; readonly callId: string }
  | { readonly kind: 'call-over' }
  /** The call did not end in time, or failed in a way nobody foresaw: what is left of it cannot be known. */
  | { readonly kind: 'call-stuck' }
  | { readonly kind: 'cleaned' }
  | { readonly kind: 'drain'; readonly how: 'parked' | 'leaving' }
  | { readonly kind: 'undrain' }
  /** Out of rotation for good: whoever was queued has been served. */
  | { readonly kind: 'left' }
  /** The engines have died: whatever call is on ends by itself, and no other may come. */
  | { readonly kind: 'broken' }
  /** End whatever runs, then the process. */
  | { readonly kind: 'stop' };

export type LifeEffect =
  | { readonly kind: 'warm-up'; readonly failures: number }
  | { readonly kind: 'listen' }
  | { readonly kind: 'stop-listening' }
  | { readonly kind: 'leave-rotation' }
  | { readonly kind: 'end-call'; readonly reason: EndReason }
  /** Reset what a call can colour, then say `cleaned`. */
  | { readonly kind: 'clean' }
  | { readonly kind: 'exit'; readonly exit: ExitName };

export function newLife(alwaysOpen: boolean): Life {
  return {
    phase: { name: 'starting' },
    draining: 'no',
    rotation: 'out',
    connections: 0,
    exit: 'ok',
    alwaysOpen,
  };
}

export function stateOf(life: Life): WorkerState {
  return life.phase.name;
}

/** Why a start gets no seat now; undefined: the seat may be claimed. */
export function refusal(life: Life): Refusal | undefined {
  switch (life.phase.name) {
    case 'starting':
    case 'warming':
      return 'warming';
    case 'free':
      if (life.exit !== 'ok') return 'draining';
      // Whoever was accepted on a call socket had connected before the drain and cannot go elsewhere any more.
      return life.alwaysOpen && life.draining !== 'no' ? 'draining' : undefined;
    case 'stopped':
      return 'draining';
    case 'reserved':
    case 'live':
    case 'ending':
      return life.draining === 'no' ? 'at_capacity' : 'draining';
  }
}

export function next(life: Life, event: LifeEvent): readonly [Life, readonly LifeEffect[]] {
  if (life.phase.name === 'stopped') return [life, []];
  const [moved, effects] = move(life, event);
  const [settled, more] = settle(moved);
  return [settled, [...effects, ...more]];
}

function move(life: Life, event: LifeEvent): readonly [Life, readonly LifeEffect[]] {
  switch (event.kind) {
    case 'connected':
      return [{ ...life, connections: life.connections + 1 }, []];
    case 'disconnected':
      return [{ ...life, connections: Math.max(0, life.connections - 1) }, []];
    case 'drain':
      // A host that is shut down while parked must still stop; nothing turns a shutdown back into a park.
      return [{ ...life, draining: life.draining === 'leaving' ? 'leaving' : event.how }, []];
    case 'undrain':
      return [{ ...life, draining: life.draining === 'parked' ? 'no' : life.draining }, []];
    case 'left':
      return [life.rotation === 'leaving' ? { ...life, rotation: 'out' } : life, []];
    case 'broken':
      return [{ ...life, draining: 'leaving', exit: 'bug' }, []];
    case 'stop':
      return stop(life);
    case 'booted':
    case 'warm-up-failed':
    case 'warmed-up':
    case 'claimed':
    case 'call-open':
    case 'no-line':
    case 'call-over':
    case 'call-stuck':
    case 'cleaned':
      return step(life, event);
  }
}

type StepEvent = Exclude<
  LifeEvent,
  { kind: 'connected' | 'disconnected' | 'drain' | 'undrain' | 'left' | 'broken' | 'stop' }
>;

/** The events that move the phase; one that does not fit the phase changes nothing. */
function step(life: Life, event: StepEvent): readonly [Life, readonly LifeEffect[]] {
  const { phase } = life;
  switch (event.kind) {
    case 'booted':
      if (phase.name !== 'starting') break;
      return [{ ...life, phase: { name: 'warming', failures: 0 } }, [{ kind: 'warm-up', failures: 0 }]];
    case 'warm-up-failed': {
      if (phase.name !== 'warming') break;
      const failures = phase.failures + 1;
      return [{ ...life, phase: { name: 'warming', failures } }, [{ kind: 'warm-up', failures }]];
    }
    case 'warmed-up':
      if (phase.name !== 'warming') break;
      return [{ ...life, phase: { name: 'free' } }, []];
    case 'claimed':
      if (phase.name !== 'free') break;
      return [{ ...life, phase: { name: 'reserved' } }, []];
    case 'call-open':
      if (phase.name !== 'reserved') break;
      return [{ ...life, phase: { name: 'live', callId: event.callId } }, []];
    case 'no-line':
      if (phase.name !== 'reserved') break;
      return [{ ...life, phase: { name: 'free' } }, []];
    case 'call-over':
      if (phase.name !== 'live') break;
      return [{ ...life, phase: { name: 'ending' } }, [{ kind: 'clean' }]];
    case 'call-stuck':
      if (phase.name !== 'reserved' && phase.name !== 'live') break;
      return [{ ...life, rotation: 'out', phase: { name: 'stopped', exit: 'bug' } }, []];
    case 'cleaned':
      if (phase.name !== 'ending') break;
      return [{ ...life, phase: { name: 'free' } }, []];
  }
  return [life, []];
}

function stop(life: Life): readonly [Life, readonly LifeEffect[]] {
  const leaving: Life = { ...life, draining: 'leaving' };
  const { name } = life.phase;
  if (name === 'ending') return [leaving, []];
  if (name === 'reserved' || name === 'live')
    return [leaving, [{ kind: 'end-call', reason: 'operator.stopped' }]];
  return [{ ...leaving, rotation: 'out', phase: { name: 'stopped', exit: life.exit } }, []];
}

/** What follows from the state alone: whether to listen, and whether it is time to go. */
function settle(life: Life): readonly [Life, readonly LifeEffect[]] {
  if (life.phase.name === 'stopped') {
    return [life, [{ kind: 'stop-listening' }, { kind: 'exit', exit: life.phase.exit }]];
  }
  const wanted = life.phase.name === 'free' && life.draining === 'no' && life.connections === 0;
  if (wanted && life.rotation !== 'in') return [{ ...life, rotation: 'in' }, [{ kind: 'listen' }]];
  if (life.rotation === 'in' && !wanted) {
    const leave = life.phase.name === 'free' && life.draining !== 'no' && life.connections === 0;
    return leave
      ? [{ ...life, rotation: 'leaving' }, [{ kind: 'leave-rotation' }]]
      : [{ ...life, rotation: 'out' }, [{ kind: 'stop-listening' }]];
  }
  const idle = life.phase.name === 'starting' || life.phase.name === 'warming' || life.phase.name === 'free';
  if (life.draining === 'leaving' && idle && life.rotation === 'out' && life.connections === 0) {
    return [{ ...life, phase: { name: 'stopped', exit: life.exit } }, [{ kind: 'exit', exit: life.exit }]];
  }
  return [life, []];
}

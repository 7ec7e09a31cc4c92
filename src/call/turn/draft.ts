import type { CallCounter } from '../metrics.ts';
import type { Effect } from './effects.ts';
import type { Reply, TimerName, TurnState } from './state.ts';

/**
 * A state in the making: one per input. Handlers replace its members (never what is inside them) and add effects.
 */
export type Draft = { -readonly [K in keyof TurnState]: TurnState[K] } & {
  /** Milliseconds of the caller's audio when the input came. */
  readonly at: number;
  readonly effects: Effect[];
};

export function newId(d: Draft, prefix: string): string {
  d.count++;
  return `${prefix}${d.count}`;
}

export function emit(d: Draft, effect: Effect): void {
  d.effects.push(effect);
}

export function count(d: Draft, what: CallCounter): void {
  d.effects.push({ kind: 'count', what });
}

/** Starts a timer at a position of the caller's audio; one that ran under this name is cancelled. */
export function timerAt(d: Draft, name: TimerName, atMs: number): void {
  stopTimer(d, name);
  const timer = newId(d, `${name}:`);
  d.timers = { ...d.timers, [name]: timer };
  emit(d, { kind: 'timer', timer, clock: 'media', atMs });
}

/** Starts a timer that runs by the machine's own clock. */
export function timerAfter(d: Draft, name: TimerName, afterMs: number): void {
  stopTimer(d, name);
  const timer = newId(d, `${name}:`);
  d.timers = { ...d.timers, [name]: timer };
  emit(d, { kind: 'timer', timer, clock: 'monotonic', afterMs });
}

export function stopTimer(d: Draft, name: TimerName): void {
  const timer = d.timers[name];
  if (timer === undefined) return;
  const { [name]: _stopped, ...others } = d.timers;
  d.timers = others;
  emit(d, { kind: 'cancel-timer', timer });
}

/** The name of a timer that fired; undefined when it is none of those running. It is then no longer running. */
export function timerFired(d: Draft, timer: string): TimerName | undefined {
  const name = timer.slice(0, timer.indexOf(':')) as TimerName;
  if (d.timers[name] !== timer) return undefined;
  const { [name]: _fired, ...others } = d.timers;
  d.timers = others;
  return name;
}

/** The reply in progress, whatever it is doing. */
export function currentReply(d: TurnState): Reply | undefined {
  return d.agent.is === 'idle' ? undefined : d.agent.reply;
}

/** Changes a reply where it is: in progress, or speculative. Unknown ids change nothing. */
export function changeReply(d: Draft, id: string, change: Partial<Reply>): Reply | undefined {
  if (d.speculation?.reply.id === id) {
    const reply = { ...d.speculation.reply, ...change };
    d.speculation = { ...d.speculation, reply };
    return reply;
  }
  const current = currentReply(d);
  if (d.agent.is === 'idle' || current?.id !== id) return undefined;
  const reply = { ...current, ...change };
  d.agent = { ...d.agent, reply };
  return reply;
}

import type { Expectation } from '../../ports/expectation.ts';
import { ask, cancelReply, dropSpeculation } from './ask.ts';
import { currentReply, type Draft, emit, newId, stopTimer, timerAfter } from './draft.ts';
import type { EventOf } from './events.ts';

/** The keypad: a key interrupts at once; digits are collected until they are complete, ended by `#`, or a pause. */

/** Keys kept of one turn: more than any number has digits. */
const MAX_KEYS = 64;

/**
 * How many of the keys pressed so far make one answer to what is expected; 0 = more must come. `#` ends an answer.
 */
function answerLength(keys: string, expectation: Expectation): number {
  if (keys === '') return 0;
  if (keys.startsWith('*') || keys.startsWith('#')) return 1;
  const end = keys.search(/[#*]/);
  const digits = end < 0 ? keys : keys.slice(0, end);
  const slots = Object.values(expectation.slots);
  const wanted = slots.find((slot) => slot.kind === 'digits');
  if (wanted) {
    if (digits.length >= wanted.max) return wanted.max;
    return end < 0 ? 0 : end + 1;
  }
  for (const slot of slots) {
    if (slot.kind !== 'choice' && slot.kind !== 'name') continue;
    const key = slot.options.find((option) => option.key !== undefined && keys.startsWith(option.key))?.key;
    if (key) return key.length;
  }
  if (expectation.confirming || slots.some((slot) => slot.kind === 'yesno')) return 1;
  return end < 0 ? 0 : end + 1;
}

export function key(d: Draft, event: EventOf<'key'>): void {
  if (d.keys.length >= MAX_KEYS) return;
  for (const timer of ['silence', 'hello'] as const) stopTimer(d, timer);
  const greets = d.awaitsHello;
  d.awaitsHello = false;
  dropSpeculation(d);
  forgetSpeech(d);
  d.silences = 0;
  // `*` asks for the question again; what was keyed so far does not count.
  d.keys = event.digit === '*' ? '*' : d.keys + event.digit;
  if (greets) return ask(d, 'open');
  if (d.agent.is === 'speaking' || d.agent.is === 'held') {
    if (!d.agent.reply.interruptible) return;
    cancelReply(d, 'cut');
    emit(d, { kind: 'count', what: 'interruptions' });
    if (d.tools.length > 0) d.agent = { is: 'thinking', reply: undefined };
  }
  takeKeys(d);
}

/** Hands complete keys to the brain when the agent is idle; otherwise waits for more, or for the agent. */
export function takeKeys(d: Draft): void {
  stopTimer(d, 'keys');
  if (d.keys === '' || d.agent.is !== 'idle') return;
  const length = answerLength(d.keys, d.expectation);
  if (length > 0) deliver(d, length);
  else timerAfter(d, 'keys', d.config.rules.keyMs);
}

/** No key came for a while: what there is counts. */
export function keysTimedOut(d: Draft): void {
  if (d.keys !== '' && d.agent.is === 'idle') deliver(d, d.keys.length);
}

/**
 * Keys typed ahead answer a question that has not been said yet: it need not be said any more. It counts as asked, so
 * it is cut, not dropped.
 */
export function takeKeysAhead(d: Draft): void {
  const reply = currentReply(d);
  if (d.keys === '' || !reply?.expectation || !reply.brainDone || !reply.interruptible || reply.move) return;
  if (d.tools.length > 0 || answerLength(d.keys, reply.expectation) === 0) return;
  cancelReply(d, 'cut');
  takeKeys(d);
}

function deliver(d: Draft, length: number): void {
  const taken = d.keys.slice(0, length);
  d.keys = d.keys.slice(length);
  d.toolSteps = 0;
  const digits = taken.length > 1 ? taken.replace(/[#*]$/, '') : taken;
  const id = newId(d, 'i');
  if (d.call.is === 'opening') d.call = { is: 'live' };
  emit(d, { kind: 'item', item: { id, kind: 'keys', digits } });
  ask(d, 'digits', { item: id });
}

/** What the caller was saying does not count any more. */
export function forgetSpeech(d: Draft): void {
  for (const timer of ['endpoint', 'speculate', 'final', 'turn-limit', 'barge'] as const) stopTimer(d, timer);
  if (d.caller.is !== 'silent')
    for (const stretch of d.caller.turn.stretches)
      if (stretch.state !== 'settled') emit(d, { kind: 'drop-stretch', stretch: stretch.id });
  d.caller = { is: 'silent' };
}

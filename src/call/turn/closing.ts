import type { EndReason } from '../../contract/end-reasons.ts';
import { ask, cancelReply, dropSpeculation, say } from './ask.ts';
import { type Draft, emit, stopTimer, timerAfter } from './draft.ts';
import { forgetSpeech } from './keys.ts';
import { TIMERS } from './state.ts';

/** The ways out of a call. The first reason wins; after `end` nothing follows. */

/** Ends the call now. */
export function finish(d: Draft, reason: EndReason): void {
  if (d.call.is === 'ended') return;
  stopEverything(d);
  for (const timer of TIMERS) stopTimer(d, timer);
  d.call = { is: 'ended', reason };
  emit(d, { kind: 'end', reason });
}

/** The brain says goodbye, then the call ends; it ends also when that takes too long. */
export function sayGoodbye(d: Draft, reason: EndReason): void {
  if (d.call.is === 'closing' || d.call.is === 'ended') return;
  stopEverything(d);
  d.call = { is: 'closing', reason };
  ask(d, 'goodbye');
  timerAfter(d, 'closing', d.config.goodbyeMs);
}

/** The agent itself is broken: the call apologises in its place and ends. */
export function apologise(d: Draft, reason: EndReason): void {
  if (d.call.is === 'closing') return finish(d, d.call.reason);
  if (d.call.is === 'ended') return;
  stopEverything(d);
  d.call = { is: 'closing', reason };
  say(d, d.config.apology);
  timerAfter(d, 'closing', d.config.goodbyeMs);
}

function stopEverything(d: Draft): void {
  forgetSpeech(d);
  dropSpeculation(d);
  cancelReply(d, 'cut');
  // What is being saved already is left alone; a message nobody spoke is none.
  if (d.call.is === 'waiting' && d.call.move.kind !== 'hold' && !d.call.saving)
    emit(d, { kind: 'stop-move', id: d.call.id, save: d.call.spoke });
  for (const timer of ['hello', 'silence', 'keys', 'filler', 'move', 'quiet'] as const) stopTimer(d, timer);
  d.awaitsHello = false;
  d.pending = undefined;
  d.outcomes = false;
  d.moved = undefined;
}

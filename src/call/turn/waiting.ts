import type { Move, MoveOutcome } from '../../ports/brain.ts';
import { finish } from './closing.ts';
import { type Draft, emit, newId, stopTimer, timerAfter, timerAt } from './draft.ts';
import type { EventOf } from './events.ts';
import { forgetSpeech } from './keys.ts';
import { rest } from './rest.ts';

/** While the call waits: on hold for the caller, for a person to answer, or for a message to be left. */

/** How long a caller may think before they begin their message, and pause within it. */
const MESSAGE_START_MS = 8000;
/** A message is over after so long a pause. */
const MESSAGE_PAUSE_MS = 3000;
/** How long saving a message may take. */
const SAVE_MS = 5000;
/** How long a transfer rings when the agent does not say. */
const RING_S = 30;

export function startMove(d: Draft, move: Move): void {
  if (move.kind === 'end') return finish(d, move.reason);
  const id = newId(d, 'm');
  if (move.kind === 'transfer' && !d.config.canTransfer) {
    return moved(d, move.kind, { ok: false, why: 'this line cannot transfer calls' });
  }
  const speaks = d.caller.is === 'speaking';
  const spoke = d.caller.is !== 'silent' ? d.caller.turn : undefined;
  d.call = { is: 'waiting', id, move, spoke: spoke !== undefined, saving: false };
  // Nobody can be held who is already speaking.
  if (move.kind === 'hold' && (d.caller.is !== 'silent' || d.pending)) return wake(d);
  const fromMs = spoke?.fromMs ?? d.at;
  if (move.kind !== 'hold') {
    forgetSpeech(d);
    d.pending = undefined;
  }
  switch (move.kind) {
    case 'hold':
      timerAt(d, 'move', d.at + move.maxS * 1000);
      break;
    case 'transfer':
      emit(d, { kind: 'start-move', id, move, fromMs });
      timerAfter(d, 'move', (move.ringS ?? RING_S) * 1000);
      break;
    case 'message':
      emit(d, { kind: 'start-move', id, move, fromMs });
      timerAt(d, 'move', d.at + Math.min(move.maxS * 1000, d.config.messageMaxMs));
      if (!speaks) timerAt(d, 'quiet', spoke ? spoke.toMs + MESSAGE_PAUSE_MS : d.at + MESSAGE_START_MS);
      break;
  }
}

/** The caller spoke. True when that was for the waiting itself and is no turn. */
export function spokeWhileWaiting(d: Draft): boolean {
  if (d.call.is !== 'waiting') return false;
  if (d.call.move.kind === 'hold') {
    wake(d);
    return false;
  }
  if (d.call.move.kind === 'message') {
    stopTimer(d, 'quiet');
    d.call = { ...d.call, spoke: true };
  }
  return true;
}

export function stoppedWhileWaiting(d: Draft, event: EventOf<'speech-end'>): boolean {
  if (d.call.is !== 'waiting') return false;
  if (d.call.move.kind === 'message' && !d.call.saving) {
    // Speech that ends was spoken, also where its begin was noticed before the message began.
    d.call = { ...d.call, spoke: true };
    timerAt(d, 'quiet', event.endMs + MESSAGE_PAUSE_MS);
  }
  return true;
}

/** A key was pressed. True when that was for the waiting itself. */
export function keyWhileWaiting(d: Draft): boolean {
  if (d.call.is !== 'waiting') return false;
  switch (d.call.move.kind) {
    case 'hold':
      wake(d);
      return false;
    case 'message':
      stopMessage(d);
      return true;
    case 'transfer':
      return true;
  }
}

/** The time for waiting is over. */
export function waitedEnough(d: Draft): void {
  if (d.call.is !== 'waiting') return;
  switch (d.call.move.kind) {
    case 'hold':
      moved(d, 'hold', { ok: false, why: 'the caller did not come back in time' });
      break;
    case 'transfer':
      emit(d, { kind: 'stop-move', id: d.call.id, save: false });
      moved(d, 'transfer', { ok: false, why: 'nobody answered' });
      break;
    case 'message':
      if (!d.call.saving) stopMessage(d);
      else moved(d, 'message', { ok: false, why: 'the message could not be saved' });
      break;
  }
}

/** The caller has been quiet: the message is over. */
export function quietWhileWaiting(d: Draft): void {
  if (d.call.is === 'waiting' && d.call.move.kind === 'message') stopMessage(d);
}

export function moveOver(d: Draft, event: EventOf<'move-over'>): void {
  if (d.call.is !== 'waiting' || d.call.id !== event.id) return;
  const { kind } = d.call.move;
  if (kind === 'transfer' && event.outcome.ok) {
    const id = newId(d, 'i');
    emit(d, { kind: 'item', item: { id, kind: 'move', move: kind, outcome: event.outcome } });
    return finish(d, 'agent.transferred');
  }
  moved(d, kind, event.outcome);
}

function wake(d: Draft): void {
  stopTimer(d, 'move');
  const id = newId(d, 'i');
  emit(d, { kind: 'item', item: { id, kind: 'move', move: 'hold', outcome: { ok: true } } });
  d.call = { is: 'live' };
}

function stopMessage(d: Draft): void {
  if (d.call.is !== 'waiting' || d.call.saving) return;
  stopTimer(d, 'quiet');
  if (!d.call.spoke) {
    emit(d, { kind: 'stop-move', id: d.call.id, save: false });
    return moved(d, 'message', { ok: false, why: 'nothing was said' });
  }
  d.call = { ...d.call, saving: true };
  emit(d, { kind: 'stop-move', id: d.call.id, save: true });
  timerAfter(d, 'move', SAVE_MS);
}

/** The waiting is over and the brain is told how it went. */
function moved(d: Draft, move: Exclude<Move['kind'], 'end'>, outcome: MoveOutcome): void {
  stopTimer(d, 'move');
  stopTimer(d, 'quiet');
  const id = newId(d, 'i');
  d.call = { is: 'live' };
  emit(d, { kind: 'item', item: { id, kind: 'move', move, outcome } });
  d.moved = id;
  rest(d);
}

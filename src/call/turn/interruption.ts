import { cancelReply, hasActed } from './ask.ts';
import { count, currentReply, type Draft, emit, stopTimer, timerAt } from './draft.ts';
import type { CallerRegion, Reply, Turn } from './state.ts';
import { isSubstantive, LONG_SOUND_MS, newTextOf, onlyEcho, textOf } from './turns.ts';
import { startMove } from './waiting.ts';

/**
 * The caller speaks while the agent speaks, or is about to. Two phases: *held*, nothing more goes out and nothing is
 * lost yet; then *cut*, the caller has the word, or *resumed*, it was a sign of listening, a cough, or an echo.
 * Before the agent's first sample a cut makes one turn of the two.
 */

/** How long a held reply may wait for words while the sound goes on; then the sound is enough. */
const HELD_MAX_MS = 1000;

/** These replies answer what the caller said or did: the caller going on makes them out of date. */
function isOutdatedBySpeech(reply: Reply): boolean {
  return reply.why === 'turn' || reply.why === 'silence' || reply.why === 'digits';
}

export function overlapBegins(d: Draft, fromMs: number): void {
  if (d.agent.is === 'thinking') {
    const { reply } = d.agent;
    if (!reply || !isOutdatedBySpeech(reply) || hasActed(d, reply.id)) return;
    d.agent = { is: 'held', reply };
    emit(d, { kind: 'hold', reply: reply.id });
  }
  if (d.agent.is === 'held' || (d.agent.is === 'speaking' && d.agent.reply.interruptible))
    timerAt(d, 'barge', fromMs + d.config.rules.interruptMs);
}

/** The caller has been speaking for as long as an interruption takes. */
export function spokeLongEnough(d: Draft): void {
  if (d.caller.is !== 'speaking') return;
  if (d.agent.is === 'held' && !d.agent.reply.sounding) return interrupt(d);
  if (d.agent.is !== 'speaking' || !d.agent.reply.interruptible) return;
  if (d.config.rules.interruptWords > 0 || onlyEcho(d.caller.turn)) return;
  hold(d);
  if (isSubstantive(d, newTextOf(d.caller.turn), d.agent.reply)) interrupt(d);
}

/** A held reply has waited long enough for words. */
export function heldLongEnough(d: Draft): void {
  if (d.agent.is !== 'held') return;
  if (d.caller.is === 'speaking' && !onlyEcho(d.caller.turn)) interrupt(d);
  else if (d.caller.is === 'silent') resume(d);
}

/** New words of a caller who speaks over the agent. */
export function wordsOver(d: Draft, caller: Exclude<CallerRegion, { is: 'silent' }>): void {
  const reply = currentReply(d);
  const words = newTextOf(caller.turn);
  if (!reply || !isSubstantive(d, words, reply)) return;
  if (d.agent.is === 'held') {
    if (reply.sounding || caller.is !== 'speaking') interrupt(d);
    return;
  }
  const { interruptWords, interruptMs } = d.config.rules;
  if (d.agent.is !== 'speaking' || !reply.interruptible || interruptWords === 0) return;
  const sinceMs = caller.is === 'speaking' ? caller.sinceMs : caller.turn.fromMs;
  const spokenMs = (caller.is === 'speaking' ? d.at : caller.turn.toMs) - sinceMs;
  if (spokenMs < interruptMs || words.split(' ').length < interruptWords) return;
  hold(d);
  interrupt(d);
}

/**
 * The speech is over and its words are final: cuts, or goes on.
 * @returns whether the turn is now the caller's; false when it was nothing
 */
export function decideOverlap(d: Draft, turn: Turn): boolean {
  const reply = currentReply(d);
  if (!reply || (d.agent.is !== 'held' && d.agent.is !== 'speaking')) return true;
  const words = newTextOf(turn);
  const unclear = words === '' && turn.toMs - turn.fromMs >= LONG_SOUND_MS && !onlyEcho(turn);
  const mayCut = d.agent.is === 'held' || reply.interruptible;
  if (mayCut && (isSubstantive(d, words, reply) || (unclear && d.agent.is === 'held'))) {
    interrupt(d);
    return true;
  }
  if (onlyEcho(turn)) count(d, 'echoes');
  if (d.agent.is === 'held') resume(d);
  return false;
}

/** The agent goes on from a boundary just before where it was held. */
function resume(d: Draft): void {
  stopTimer(d, 'held');
  if (d.agent.is !== 'held') return;
  const { reply } = d.agent;
  d.agent = reply.sounding ? { is: 'speaking', reply } : { is: 'thinking', reply };
  emit(d, { kind: 'resume', reply: reply.id });
  if (reply.sounding) count(d, 'false_interruptions');
}

function hold(d: Draft): void {
  if (d.agent.is !== 'speaking') return;
  const { reply } = d.agent;
  d.agent = { is: 'held', reply };
  emit(d, { kind: 'hold', reply: reply.id });
  timerAt(d, 'held', d.at + HELD_MAX_MS);
}

/** The caller has the word. Before the first sample the reply never was, and its turn becomes part of this one. */
function interrupt(d: Draft): void {
  const reply = currentReply(d);
  if (!reply) return;
  const merges = !reply.sounding && isOutdatedBySpeech(reply) && !hasActed(d, reply.id);
  cancelReply(d, merges ? 'dropped' : 'cut');
  if (d.tools.length > 0) d.agent = { is: 'thinking', reply: undefined };
  if (!merges) {
    count(d, 'interruptions');
    // Who speaks over the announcement of a message has begun it.
    if (reply.sounding && reply.move?.kind === 'message' && d.agent.is === 'idle') startMove(d, reply.move);
    return;
  }
  if (!reply.turn || !reply.item || d.caller.is === 'silent') return;
  emit(d, { kind: 'unsay', item: reply.item });
  const { turn } = d.caller;
  d.caller = {
    ...d.caller,
    turn: { ...turn, fromMs: reply.turn.fromMs, before: textOf(reply.turn) },
  };
}

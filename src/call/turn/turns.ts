import { ask, commitSpeculation, dropSpeculation } from './ask.ts';
import { type Draft, emit, newId, stopTimer } from './draft.ts';
import { completeness } from './endpoint.ts';
import type { Reply, Turn } from './state.ts';
import { consistsOf } from './words.ts';

/** What a turn of the caller amounts to, and taking it. */

/** All of its words; what was the agent's own voice is none of them. */
export function textOf(turn: Turn): string {
  const parts = [turn.before, ...turn.stretches.map((stretch) => (stretch.echo ? '' : stretch.text))];
  return parts.filter((part) => part !== '').join(' ');
}

/** The words said since the turn went on over a reply. */
export function newTextOf(turn: Turn): string {
  return textOf({ ...turn, before: '' });
}

/** Whether all that was heard of a turn was the agent's own voice. */
export function onlyEcho(turn: Turn): boolean {
  return turn.stretches.length > 0 && turn.stretches.every((stretch) => stretch.echo);
}

/**
 * Whether words said while the agent speaks are more than a sign of listening. A word that answers the question the
 * agent is asking counts, even when it is a backchannel elsewhere ("right").
 */
export function isSubstantive(d: Draft, text: string, reply: Reply): boolean {
  if (text === '') return false;
  if (!consistsOf(text, d.config.rules.backchannels)) return true;
  return reply.expectation !== undefined && completeness(text, reply.expectation) === 'complete';
}

/** Speech that was not understood counts as an interruption when it is longer than a cough. */
export const LONG_SOUND_MS = 700;
/** A sound that was not understood and is shorter than this is not worth a question. */
const BRIEF_SOUND_MS = 250;

export function takesUnclear(turn: Turn): boolean {
  return turn.toMs - turn.fromMs >= BRIEF_SOUND_MS && !onlyEcho(turn);
}

/** The turn is over and the agent is idle: hands it to the brain. */
export function takeTurn(d: Draft, turn: Turn): void {
  const text = textOf(turn);
  d.pending = undefined;
  d.silences = 0;
  d.toolSteps = 0;
  if (d.call.is === 'opening') d.call = { is: 'live' };
  stopTimer(d, 'silence');
  const item = newId(d, 'i');
  if (text === '') {
    dropSpeculation(d);
    emit(d, { kind: 'item', item: { id: item, kind: 'unclear', fromMs: turn.fromMs, toMs: turn.toMs } });
    emit(d, { kind: 'count', what: 'unclear_turns' });
    ask(d, answersBy(d), { turn, item });
    return;
  }
  emit(d, { kind: 'item', item: { id: item, kind: 'caller', text, fromMs: turn.fromMs, toMs: turn.toMs } });
  if (!commitSpeculation(d, text, { turn, item })) ask(d, answersBy(d), { turn, item });
}

/** The first words of somebody we called, "hello?", are answered by the greeting. */
function answersBy(d: Draft): 'open' | 'turn' {
  const why = d.awaitsHello ? 'open' : 'turn';
  d.awaitsHello = false;
  stopTimer(d, 'hello');
  return why;
}

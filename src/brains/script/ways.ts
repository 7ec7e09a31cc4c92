import type { EndReason } from '../../contract/end-reasons.ts';
import type { Expectation } from '../../ports/expectation.ts';
import { change, type Draft, say } from './draft.ts';
import { askingExpectation, confirmingExpectation } from './expectations.ts';
import { questionOf } from './wording.ts';

/** Asking, and the ways out of a conversation. */

/** Asks the present question, in the words for this try. */
export function askNow(d: Draft): void {
  const { text, offered } = questionOf(d);
  say(d, text);
  expectAnswer(d);
  change(d, { question: text, offered });
}

/** Says the last question again, word for word, because the caller wants to hear it. */
export function askAgain(d: Draft): void {
  if (d.memory.question === '') return askNow(d);
  say(d, d.memory.question);
  expectAnswer(d);
  const { offered } = d.memory;
  if (offered) change(d, { offered: { ...offered, begun: offered.values.length } });
}

/** What answers the present question. */
export function expectationOf(d: Draft): Expectation {
  const { state, phase } = d.memory;
  return phase === 'confirming'
    ? confirmingExpectation(d.agent.name, state, d.spec)
    : askingExpectation(d.agent.name, state, d.spec);
}

function expectAnswer(d: Draft): void {
  d.parts.push({ kind: 'expect', expectation: expectationOf(d) });
}

export function end(d: Draft, reason: EndReason): void {
  change(d, { phase: 'over', waiting: null });
  d.parts.push({ kind: 'move', move: { kind: 'end', reason } });
}

/** Connects the caller to a person, where the line can; else a message is taken. */
export function person(d: Draft): void {
  const { person: target } = d.spec;
  if (!target || !d.context.line.canTransfer) return nobody(d);
  say(d, d.phrases.person);
  change(d, { waiting: { for: 'person' } });
  const { to, mode, ringS } = target;
  d.parts.push({ kind: 'move', move: { kind: 'transfer', to, mode, ringS } });
}

/** No person can be reached. */
export function nobody(d: Draft): void {
  say(d, d.phrases.nobody);
  if (d.spec.message !== false) return takeMessage(d);
  say(d, d.phrases.giveUpGoodbye);
  end(d, d.memory.gaveUp ? 'caller.not_understood' : 'agent.finished');
}

export function takeMessage(d: Draft): void {
  say(d, d.phrases.message);
  change(d, { waiting: { for: 'message' } });
  const maxS = d.spec.message === false ? 120 : d.spec.message.maxS;
  d.parts.push({ kind: 'move', move: { kind: 'message', maxS } });
}

/** The caller could not be understood, again and again. */
export function giveUp(d: Draft): void {
  change(d, { gaveUp: true });
  say(d, d.phrases.giveUp);
  person(d);
}

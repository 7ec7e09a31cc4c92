import { count, currentReply, type Draft, emit, newId, stopTimer, timerAfter } from './draft.ts';
import type { Said } from './effects.ts';
import type { Reply, Turn } from './state.ts';
import { normalise } from './words.ts';

/** Asking for replies, and taking them back. */

function newReply(id: string, why: Reply['why'], about: { turn?: Turn; item?: string }): Reply {
  return {
    id,
    why,
    brainDone: why === 'fixed',
    sounding: false,
    interruptible: true,
    move: undefined,
    expectation: undefined,
    turn: about.turn,
    item: about.item,
  };
}

/** Asks the brain. The agent must be idle. */
export function ask(
  d: Draft,
  why: Exclude<Reply['why'], 'fixed'>,
  about: { turn?: Turn; item?: string } = {},
): void {
  const id = newId(d, 'r');
  stopTimer(d, 'silence');
  d.outcomes = false;
  d.expectedBefore = d.expectation;
  d.agent = { is: 'thinking', reply: newReply(id, why, about) };
  emit(d, { kind: 'ask', reply: id, why });
  timerAfter(d, 'reply', d.config.replyMs);
}

/** Says words of the call itself. The agent must not be saying anything else. */
export function say(d: Draft, text: string): void {
  const id = newId(d, 'r');
  stopTimer(d, 'silence');
  d.expectedBefore = d.expectation;
  d.agent = { is: 'thinking', reply: newReply(id, 'fixed', {}) };
  emit(d, { kind: 'say', reply: id, text });
}

/** Asks before the turn is certainly over. Nothing of the answer is heard before `commitSpeculation`. */
export function speculate(d: Draft, said: Said): void {
  const id = newId(d, 'r');
  d.speculation = { reply: newReply(id, 'turn', {}), basis: said.text, outcomes: false };
  emit(d, { kind: 'ask', reply: id, why: 'turn', basis: said });
}

export function dropSpeculation(d: Draft): void {
  if (!d.speculation) return;
  const { id } = d.speculation.reply;
  d.speculation = undefined;
  emit(d, { kind: 'cancel', reply: id, how: 'dropped' });
  forgetTools(d, id);
  count(d, 'speculations_dropped');
}

/** Makes the speculative reply the answer when it was asked for these very words; false otherwise, and it is gone. */
export function commitSpeculation(d: Draft, text: string, about: { turn: Turn; item: string }): boolean {
  if (!d.speculation) return false;
  if (normalise(d.speculation.basis) !== normalise(text)) {
    dropSpeculation(d);
    return false;
  }
  const reply: Reply = { ...d.speculation.reply, ...about };
  if (d.speculation.outcomes) d.outcomes = true;
  d.speculation = undefined;
  d.expectedBefore = d.expectation;
  d.agent = { is: 'thinking', reply };
  emit(d, { kind: 'commit', reply: reply.id });
  count(d, 'speculations_used');
  if (reply.expectation) expect(d, reply);
  for (const tool of d.tools)
    if (tool.reply === reply.id && tool.state === 'waiting') emit(d, { kind: 'run-tool', tool: tool.id });
  d.tools = d.tools.map((tool) => (tool.reply === reply.id ? { ...tool, state: 'running' } : tool));
  if (!reply.brainDone) timerAfter(d, 'reply', d.config.replyMs);
  return true;
}

/** From now on the caller is expected to say this. */
export function expect(d: Draft, reply: Reply): void {
  if (!reply.expectation) return;
  d.expectation = reply.expectation;
  emit(d, { kind: 'expect', expectation: d.expectation });
}

/**
 * Ends the reply in progress. `cut`: the caller may have heard some of it, and it was. `dropped`: it never was.
 * Afterwards the agent is idle; tools that are to finish go on.
 */
export function cancelReply(d: Draft, how: 'cut' | 'dropped'): Reply | undefined {
  const reply = currentReply(d);
  d.agent = { is: 'idle' };
  for (const timer of ['reply', 'barge', 'held'] as const) stopTimer(d, timer);
  if (!reply) return undefined;
  emit(d, { kind: 'cancel', reply: reply.id, how });
  if (how === 'dropped') {
    forgetTools(d, reply.id);
    if (d.expectation !== d.expectedBefore) {
      d.expectation = d.expectedBefore;
      emit(d, { kind: 'expect', expectation: d.expectation });
    }
  } else {
    for (const tool of d.tools)
      if (tool.reply === reply.id && tool.whenInterrupted === 'cancel')
        emit(d, { kind: 'cancel-tool', tool: tool.id });
  }
  return reply;
}

/** The outcomes of this reply's tools do not count any more: it never was. */
export function forgetTools(d: Draft, reply: string): void {
  for (const tool of d.tools)
    if (tool.reply === reply && tool.state === 'running') emit(d, { kind: 'cancel-tool', tool: tool.id });
  d.tools = d.tools.filter((tool) => tool.reply !== reply);
}

/** Whether a reply has begun something that dropping it would not undo. */
export function hasActed(d: Draft, reply: string): boolean {
  return d.tools.some((tool) => tool.reply === reply && tool.state === 'running' && tool.effect !== 'none');
}

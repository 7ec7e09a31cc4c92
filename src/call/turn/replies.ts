import { expect, forgetTools, say } from './ask.ts';
import { apologise, finish } from './closing.ts';
import {
  changeReply,
  count,
  currentReply,
  type Draft,
  emit,
  stopTimer,
  timerAfter,
  timerAt,
} from './draft.ts';
import type { EventOf } from './events.ts';
import { takeKeysAhead } from './keys.ts';
import { rest } from './rest.ts';
import type { ToolRun } from './state.ts';
import { startMove } from './waiting.ts';

/** What the agent says and does, as its replies report it. Events of replies that are gone change nothing. */

/** The brain has said something: it has as long again for the next. */
export function answering(d: Draft, event: EventOf<'first-text'> | EventOf<'more'>): void {
  const reply = currentReply(d);
  if (reply?.id === event.reply && !reply.brainDone) timerAfter(d, 'reply', d.config.replyMs);
}

export function expected(d: Draft, event: EventOf<'expect'>): void {
  const reply = changeReply(d, event.reply, { expectation: event.expectation });
  // A speculative reply has asked nothing yet.
  if (reply && d.speculation?.reply.id !== reply.id) expect(d, reply);
}

export function toolAsked(d: Draft, event: EventOf<'tool-asked'>): void {
  const speculative = d.speculation?.reply.id === event.reply;
  if (!speculative && currentReply(d)?.id !== event.reply) return;
  const { tool: id, reply, effect, whenInterrupted, filler } = event;
  const state: ToolRun['state'] = speculative && effect !== 'none' ? 'waiting' : 'running';
  d.tools = [...d.tools, { id, reply, effect, whenInterrupted, filler, state }];
  if (state === 'running') emit(d, { kind: 'run-tool', tool: id });
  if (!speculative && d.timers.reply !== undefined) timerAfter(d, 'reply', d.config.replyMs);
}

export function moveAsked(d: Draft, event: EventOf<'move-asked'>): void {
  changeReply(d, event.reply, { move: event.move });
}

export function brainDone(d: Draft, event: EventOf<'brain-done'>): void {
  const reply = changeReply(d, event.reply, { brainDone: true });
  if (!reply || reply.id !== currentReply(d)?.id) return;
  stopTimer(d, 'reply');
  takeKeysAhead(d);
}

export function sounding(d: Draft, event: EventOf<'sounding'>): void {
  if (currentReply(d)?.id !== event.reply) return;
  const reply = changeReply(d, event.reply, { sounding: true });
  if (!reply || d.agent.is !== 'thinking') return;
  d.agent = { is: 'speaking', reply };
  stopTimer(d, 'filler');
  if (reply.why === 'turn') count(d, 'turns');
  // Who was speaking before the agent's first sample has not begun to interrupt it; going on does.
  if (d.caller.is === 'speaking' && reply.interruptible)
    timerAt(d, 'barge', d.at + d.config.rules.interruptMs);
}

export function passage(d: Draft, event: EventOf<'passage'>): void {
  changeReply(d, event.reply, { interruptible: event.interruptible });
}

export function replyOver(d: Draft, event: EventOf<'reply-over'>): void {
  if (d.speculation?.reply.id === event.reply) {
    // It broke before it was needed: the turn will be asked about again.
    d.speculation = undefined;
    forgetTools(d, event.reply);
    return;
  }
  const reply = currentReply(d);
  if (d.agent.is === 'idle' || reply?.id !== event.reply) return;
  for (const timer of ['reply', 'barge', 'held'] as const) stopTimer(d, timer);
  d.agent = { is: 'idle' };
  if (event.how === 'failed') return failed(d, event);
  if (d.call.is === 'closing') return finish(d, d.call.reason);
  if (reply.move && event.how === 'heard') startMove(d, reply.move);
  rest(d);
}

export function toolEnded(d: Draft, event: EventOf<'tool-ended'>): void {
  const ended = d.tools.find((tool) => tool.id === event.tool);
  if (!ended) return;
  d.tools = d.tools.filter((tool) => tool !== ended);
  if (d.speculation?.reply.id === ended.reply) {
    // It is asked about when the reply that wanted it counts.
    d.speculation = { ...d.speculation, outcomes: true };
    return;
  }
  d.outcomes = true;
  if (d.tools.length > 0) return;
  stopTimer(d, 'filler');
  if (d.agent.is === 'thinking' && !d.agent.reply) d.agent = { is: 'idle' };
  rest(d);
}

/** A tool takes long: the caller is told so. */
export function fill(d: Draft): void {
  if (d.agent.is !== 'thinking' || d.agent.reply) return;
  const slow = d.tools.find((tool) => tool.filler !== '' && tool.state === 'running');
  if (!slow || d.caller.is === 'speaking') return;
  d.tools = d.tools.map((tool) => (tool.id === slow.id ? { ...tool, filler: '' } : tool));
  say(d, slow.filler);
}

/** The brain has not said a word in its time, or has stopped in the middle of its answer. */
export function replyLate(d: Draft): void {
  if (currentReply(d)?.brainDone === false) apologise(d, 'agent.failed');
}

function failed(d: Draft, event: EventOf<'reply-over'>): void {
  if (event.reason === 'speech.failed') return finish(d, 'speech.failed');
  apologise(d, event.reason ?? 'agent.failed');
  if (d.call.is === 'closing') timerAfter(d, 'closing', d.config.goodbyeMs);
}

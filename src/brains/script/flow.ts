import type { Outcome } from '../../agent/script.ts';
import type { Json } from '../../kit/json.ts';
import type { ToolOutcome } from '../../ports/brain.ts';
import { EXPECT_NOTHING } from '../../ports/expectation.ts';
import {
  aboutOf,
  calling,
  change,
  type Draft,
  missing,
  say,
  sentence,
  slotsOf,
  stateOf,
  toolName,
} from './draft.ts';
import { askNow, end, nobody, person, takeMessage } from './ways.ts';

/** From state to state: say, hear, confirm, run, next. */

/** More states than this in one reply, without a question between them, are a circle. */
const MAX_STEPS = 30;

/** Goes to a state, or to one of the ends. */
export function enter(d: Draft, target: string): void {
  if (target === 'end') return end(d, 'agent.finished');
  if (target === 'person') return person(d);
  if (target === 'message') return takeMessage(d);
  d.steps++;
  if (d.steps > MAX_STEPS)
    throw new Error(`states.${target}: the states lead round in a circle without asking anything`);
  const state = d.spec.states[target];
  if (!state) throw new Error(`states.${d.memory.state}.next: there is no state "${target}"`);
  const forget = new Set(state.forget);
  const kept = <Value>(record: Readonly<Record<string, Value>>) =>
    Object.fromEntries(Object.entries(record).filter(([slot]) => !forget.has(slot)));
  change(d, {
    state: target,
    phase: 'asking',
    tries: 0,
    offered: null,
    slots: kept(d.memory.slots),
    parts: kept(d.memory.parts),
  });
  // A state that hears says its question only when there is something left to ask.
  if (state.hear === undefined) say(d, sentence(d, 'say', state.say), state.uninterruptible);
  goOn(d);
}

/** Does what is next in the present state: asks, reads back, or leaves it. */
export function goOn(d: Draft): void {
  if (missing(d).length > 0) return askNow(d);
  if (stateOf(d).confirm === undefined) return afterConfirming(d);
  change(d, { phase: 'confirming' });
  askNow(d);
}

/**
 * What was read back is right: the tool is run, the call handed on, or the next state entered.
 * @param again the id of the same tool call, when it has to be made a second time
 */
export function afterConfirming(d: Draft, again?: string): void {
  const state = stateOf(d);
  if (state.run) {
    const name = toolName(d, state.run);
    if (name === undefined) throw new Error(`states.${d.memory.state}.run: this tool is not the agent's`);
    const ran = d.ran.get(name);
    d.ran.delete(name);
    if (ran) return afterTool(d, name, ran);
    const id = again ?? `${d.ask.reply}.${d.parts.length}`;
    const { input } = state;
    const given = input ? calling(d, 'input', () => input(slotsOf(d), aboutOf(d))) : slotsOf(d);
    d.parts.push({ kind: 'expect', expectation: EXPECT_NOTHING });
    d.parts.push({ kind: 'tool', id, name, input: given as Json });
    return change(d, { waiting: { for: 'tool', id, name } });
  }
  if (state.transfer) {
    const { to, mode, ringS } = state.transfer;
    if (!d.context.line.canTransfer) return afterTransfer(d, 'this line cannot transfer calls');
    d.parts.push({ kind: 'move', move: { kind: 'transfer', to, mode, ringS } });
    return change(d, { waiting: { for: 'transfer' } });
  }
  leave(d, { ok: true, value: undefined });
}

export function afterTool(d: Draft, name: string, outcome: ToolOutcome): void {
  change(d, { waiting: null, outcomes: { ...d.memory.outcomes, [name]: outcome } });
  leave(d, outcome);
}

/** Nobody took the call that was handed on. */
export function afterTransfer(d: Draft, why: string): void {
  // Without a function that looks at the outcome, a script knows no better than to take a message.
  if (typeof stateOf(d).next === 'string') return nobody(d);
  leave(d, { ok: false, error: why });
}

function leave(d: Draft, outcome: Outcome<unknown>): void {
  const { set, result, next } = stateOf(d);
  if (set) {
    const found = calling(d, 'set', () => set(slotsOf(d), outcome as never, aboutOf(d)));
    change(d, { slots: defined({ ...d.memory.slots, ...found }) });
  }
  if (result) {
    const fields = calling(d, 'result', () => result(slotsOf(d), outcome as never, aboutOf(d)));
    d.parts.push({ kind: 'result', fields: defined(fields) });
  }
  if (typeof next === 'function')
    return enter(
      d,
      calling(d, 'next', () => next(slotsOf(d), outcome as never, aboutOf(d))),
    );
  if (outcome.ok) return enter(d, next);
  // A fixed next state would claim a success that was none.
  say(d, d.phrases.toolFailed);
  person(d);
}

function defined<Value>(fields: Readonly<Record<string, Value | undefined>>): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, Value] => entry[1] !== undefined),
  );
}

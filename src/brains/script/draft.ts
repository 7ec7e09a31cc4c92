import type { Agent } from '../../agent/agent.ts';
import { slotNames } from '../../agent/check-script.ts';
import type { LocalTime } from '../../agent/hear/calendar.ts';
import { clockOf } from '../../agent/hear/calendar.ts';
import { sayAny, sayValue } from '../../agent/hear/say.ts';
import type { Phrases } from '../../agent/phrases.ts';
import type { About, AnyState, Outcome, ScriptSpec, Slots } from '../../agent/script.ts';
import type { Tool } from '../../agent/tool.ts';
import type { Ask, BrainContext, Part, ToolOutcome } from '../../ports/brain.ts';
import type { Memory } from './memory.ts';

/** What does not change while one reply is worked out. */
export interface Surroundings {
  readonly agent: Agent;
  readonly spec: ScriptSpec;
  readonly phrases: Phrases;
  readonly context: BrainContext;
  readonly now: LocalTime;
  readonly ask: Ask;
}

/** A reply in the making: the memory it will leave behind, and its parts. */
export interface Draft extends Surroundings {
  memory: Memory;
  readonly parts: Part[];
  /** Tools that have run already for what the caller said last, by name: the worker died before it was told. */
  readonly ran: Map<string, ToolOutcome>;
  /** States entered so far. */
  steps: number;
}

export function change(d: Draft, changes: Partial<Memory>): void {
  d.memory = { ...d.memory, ...changes };
}

export function say(d: Draft, sentence: string, uninterruptible = false): void {
  const trimmed = sentence.trim();
  if (trimmed === '') return;
  // Parts are read on from one another, so a sentence after another begins with the space between them.
  const text = d.parts.some(({ kind }) => kind === 'text') ? ` ${trimmed}` : trimmed;
  d.parts.push({ kind: 'text', text, ...(uninterruptible && { uninterruptible }) });
}

export function stateOf(d: Draft): AnyState {
  const state = d.spec.states[d.memory.state];
  if (!state) throw new Error(`states.${d.memory.state}: there is no such state`);
  return state;
}

/** Calls a function of the agent file, naming its place when it throws. */
export function calling<Result>(d: Draft, key: string, run: () => Result): Result {
  try {
    return run();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`states.${d.memory.state}.${key} threw: ${why}`, { cause });
  }
}

/** A sentence of the agent file, or nothing. */
export function sentence(d: Draft, key: string, given: AnyState['say']): string {
  if (given === undefined) return '';
  if (typeof given === 'string') return given;
  return calling(d, key, () => given(slotsOf(d), aboutOf(d)));
}

export function slotsOf(d: Draft): Slots {
  return d.memory.slots;
}

/** The slots a state needs and does not have. */
export function missing(d: Draft): string[] {
  return slotNames(stateOf(d).hear).filter((slot) => !(slot in d.memory.slots));
}

export function aboutOf(d: Draft): About {
  const words: Record<string, string> = {};
  for (const [slot, hear] of Object.entries(d.spec.slots)) {
    const value = d.memory.slots[slot];
    words[slot] = value === undefined ? '' : sayValue(hear, value, d.now.date);
  }
  return {
    words,
    of: (tool) => outcomeOf(d, tool) as never,
    vars: d.context.vars,
    line: d.context.line,
    today: d.now.date,
    time: clockOf(d.now.minutes),
    say: (value) => sayAny(value, d.now.date),
  };
}

function outcomeOf(d: Draft, tool: Tool): Outcome<unknown> | undefined {
  const name = toolName(d, tool);
  return name === undefined ? undefined : d.memory.outcomes[name];
}

export function toolName(d: Draft, tool: Tool): string | undefined {
  return Object.entries(d.agent.tools).find(([, one]) => one === tool)?.[0];
}

import type { ScriptAgent } from '../../agent/agent.ts';
import { slotNames } from '../../agent/check-script.ts';
import type { ChoiceHear, Hear } from '../../agent/hear.ts';
import type { AnyState, ScriptSpec } from '../../agent/script.ts';
import type { Expectation } from '../../ports/expectation.ts';

/** The slot that "the second one" fills while options are read out; no agent can have one of this name. */
export const PLACE_SLOT = 'place';

/** At most so many options are read out; nobody keeps more in mind. */
export const MAX_OFFERS = 5;

/** Options are known only during the call, their places before it: recognisers prepare for these. */
const PLACES: ChoiceHear = {
  kind: 'choice',
  options: ['one', 'two', 'three', 'four', 'five'].map((number, index) => ({
    value: String(index + 1),
    phrases: [`number ${number}`, `option ${number}`, 'that one'].slice(0, index === 0 ? 3 : 2),
    key: String(index + 1),
  })),
};

/** What is expected while a state asks. */
export function askingExpectation(agent: string, name: string, spec: ScriptSpec): Expectation {
  const state = spec.states[name];
  const slots = state ? slotsOf(state, spec) : {};
  return {
    id: `${agent}/${name}`,
    slots: state?.offer ? { ...slots, [PLACE_SLOT]: PLACES } : slots,
    confirming: false,
    universal: true,
  };
}

/** What is expected while a state reads back. */
export function confirmingExpectation(agent: string, name: string, spec: ScriptSpec): Expectation {
  const state = spec.states[name];
  return {
    id: `${agent}/${name}/confirm`,
    slots: state ? slotsOf(state, spec) : {},
    confirming: true,
    universal: true,
  };
}

/** Every expectation a script can have, each once. */
export function scriptExpectations(agent: ScriptAgent): Expectation[] {
  const spec = agent.brain;
  return Object.entries(spec.states).flatMap(([name, state]) => [
    ...(slotNames(state.hear).length > 0 ? [askingExpectation(agent.name, name, spec)] : []),
    ...(state.confirm === undefined ? [] : [confirmingExpectation(agent.name, name, spec)]),
  ]);
}

function slotsOf(state: AnyState, spec: ScriptSpec): Record<string, Hear> {
  const names = new Set([...slotNames(state.hear), ...slotNames(state.also)]);
  const slots: Record<string, Hear> = {};
  for (const name of names) {
    const hear = spec.slots[name];
    if (hear) slots[name] = hear;
  }
  return slots;
}

import type { Hear, SlotValue } from '../hear.ts';
import type { Universal } from './vocabulary.ts';

/** From what was found in a sentence to the slots it fills. */

/** What may be heard; an `Expectation` has this shape. */
export interface Expected {
  readonly slots: Readonly<Record<string, Hear>>;
  readonly confirming: boolean;
  readonly universal: boolean;
}

/** Options that were read out, as far as the caller has heard them. */
export interface Offered {
  readonly slot: string;
  /** Values in the order they were said. */
  readonly values: readonly string[];
  /** How many of them the caller has heard at least begin. */
  readonly begun: number;
}

export interface HearingContext {
  /** Today in the agent's time zone, `YYYY-MM-DD`. */
  readonly today: string;
  readonly offered?: Offered;
  /** Parts of the day known for a time slot, such as `afternoon`. */
  readonly parts?: Readonly<Record<string, string>>;
  /** Slots that have a value; among equals, the others are filled first. */
  readonly filled?: ReadonlySet<string>;
}

export type Found =
  | { readonly kind: 'slot'; readonly slot: string; readonly value: SlotValue; readonly family: string }
  | { readonly kind: 'part'; readonly slot: string; readonly part: string }
  | { readonly kind: 'yes' | 'no' | 'not' | 'instead' | 'filler' }
  | { readonly kind: 'universal'; readonly universal: Universal };

/** `lead` is the word before it. */
export type Placed = Found & { readonly lead: string };

/** Gives what was found to the slots: later words correct earlier ones, and "from" tells two dates apart. */
export function fill(
  found: readonly Placed[],
  expected: Expected,
  context: HearingContext,
): { readonly values: Record<string, SlotValue>; readonly parts: Record<string, string> } {
  const values: Record<string, SlotValue> = {};
  const parts: Record<string, string> = {};
  let correcting = false;
  let negated = false;
  const yesNo = Object.entries(expected.slots).find(([, { kind }]) => kind === 'yesno')?.[0];
  for (const one of found) {
    if (one.kind === 'not') negated = true;
    else if (one.kind === 'no' || one.kind === 'instead') correcting = true;
    if ((one.kind === 'yes' || one.kind === 'no') && yesNo !== undefined && !expected.confirming)
      values[yesNo] = one.kind === 'yes';
    if (one.kind === 'part') parts[one.slot] = one.part;
    if (one.kind !== 'slot') continue;
    if (!negated) place(one, values, expected, context, correcting);
    negated = false;
    correcting = false;
  }
  return { values, parts };
}

/** Puts a value where it belongs. Only dates and times can belong to more than one slot. */
function place(
  one: Placed & { readonly kind: 'slot' },
  values: Record<string, SlotValue>,
  expected: Expected,
  context: HearingContext,
  correcting: boolean,
): void {
  const same = Object.entries(expected.slots).filter(([, hear]) => hear.kind === one.family);
  if (same.length < 2 || (one.family !== 'date' && one.family !== 'time')) {
    values[one.slot] = one.value;
    return;
  }
  const marked = same.filter(([, hear]) => markers(hear).length > 0).map(([slot]) => slot);
  const named = marked.find((slot) => markers(expected.slots[slot]).includes(one.lead));
  if (named !== undefined) {
    values[named] = one.value;
    return;
  }
  const plain = same.map(([slot]) => slot).filter((slot) => !marked.includes(slot));
  const order = plain.length > 0 ? plain : marked;
  const said = order.filter((slot) => slot in values);
  const open = order.filter((slot) => !(slot in values));
  const last = said.at(-1);
  if (correcting && last !== undefined) values[last] = one.value;
  else if (open.length > 0)
    values[open.find((slot) => !context.filled?.has(slot)) ?? open[0] ?? one.slot] = one.value;
  else if (last !== undefined) {
    // "my Monday appointment to Friday": the earlier of two goes where a marker would have sent it.
    const from = marked.find((slot) => !(slot in values));
    const before = values[last];
    if (from !== undefined && before !== undefined) values[from] = before;
    values[last] = one.value;
  }
}

function markers(hear: Hear | undefined): readonly string[] {
  return hear && 'after' in hear ? (hear.after ?? []) : [];
}

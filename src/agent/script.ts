import type { z } from 'zod';
import type { Json } from '../kit/json.ts';
import type { Hear, HearOf } from './hear.ts';
import type { Phrases } from './phrases.ts';
import type { Tool } from './tool.ts';
import type { Transfer } from './transfer.ts';

/** How a tool ended: with what it gave, or with the reason why it gave nothing. */
export type Outcome<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: string };

type SlotSpecs = Readonly<Record<string, Hear>>;
type ValueOf<H> = H extends HearOf<infer Value> ? Value : never;

/** The slots as filled so far. */
export type Slots<S extends SlotSpecs = SlotSpecs> = { readonly [K in keyof S]?: ValueOf<S[K]> };

/** What the functions of a script may look at besides the slots. */
export interface About<S extends SlotSpecs = SlotSpecs> {
  /** Each slot's value as words that sound right when spoken; empty while the slot is. */
  readonly words: { readonly [K in keyof S]: string };
  /** How this tool last ended in this call. */
  readonly of: <Input extends z.ZodType, Output>(tool: Tool<Input, Output>) => Outcome<Output> | undefined;
  readonly vars: Readonly<Record<string, Json>>;
  readonly line: { readonly from?: string; readonly to?: string };
  /** Today in the agent's time zone, `YYYY-MM-DD`, and the time of day, `HH:MM`. */
  readonly today: string;
  readonly time: string;
  /** What to say of any date (`YYYY-MM-DD`), time (`HH:MM`) or string of digits. */
  readonly say: (value: string) => string;
}

export type Say<S extends SlotSpecs> = string | ((slots: Slots<S>, about: About<S>) => string);

/** An option the agent reads out: a value of the slot, and how it is said when that differs from the usual words. */
export type Offer = string | { readonly value: string; readonly say: string };

/** Where a script can go: one of its states, or an end. */
export type Target<Name extends string> = Name | 'end' | 'person' | 'message';

type OutputOf<T> = T extends Tool<z.ZodType, infer Output> ? Output : unknown;
type InputOf<T> = T extends Tool<infer Input> ? z.input<Input> : unknown;

/**
 * One step of a conversation, in the order it happens: say, hear, confirm, run, next. Every part but `next` may be
 * left out; a step whose slots are already filled asks nothing.
 */
export interface State<S extends SlotSpecs, Name extends string, T> {
  /** Emptied when the state is entered, so that they are asked for again. */
  readonly forget?: readonly (keyof S & string)[];
  readonly say?: Say<S>;
  /** The same question in other words, for a caller who was not understood or said nothing. */
  readonly rephrase?: Say<S>;
  /** The same question for the keypad; made from what is heard when absent. */
  readonly keypad?: Say<S>;
  /** The slot or slots this step needs. */
  readonly hear?: (keyof S & string) | readonly (keyof S & string)[];
  /** Slots that may be said in the same sentence, and are not asked for. */
  readonly also?: readonly (keyof S & string)[];
  /** Values of the first slot heard, read out one by one; "the second one" picks one the caller has heard. */
  readonly offer?: (slots: Slots<S>, about: About<S>) => readonly Offer[];
  /** Reads back what was understood. The caller says yes, no, or what is different. */
  readonly confirm?: Say<S>;
  /** Where to go when the caller corrected something; back to the reading-back when absent. */
  readonly corrected?: NoInfer<Name>;
  /** Where a plain "no" leads; without it the caller is asked what to change. */
  readonly refused?: Target<NoInfer<Name>>;
  readonly run?: T;
  /** The tool's input; the slots when absent. */
  readonly input?: (slots: Slots<S>, about: About<S>) => InputOf<T>;
  /** Slots filled from what was found, before the next state is entered; undefined empties one. */
  readonly set?: (
    slots: Slots<S>,
    outcome: Outcome<OutputOf<T>>,
    about: About<S>,
  ) => { readonly [K in keyof S]?: ValueOf<S[K]> | undefined };
  /** Fields of the call's record, after the tool has run. */
  readonly result?: (
    slots: Slots<S>,
    outcome: Outcome<OutputOf<T>>,
    about: About<S>,
  ) => Readonly<Record<string, Json | undefined>>;
  /** Hands the call to this person, and comes back to `next` when nobody answers. */
  readonly transfer?: Transfer;
  /** What is said cannot be interrupted, such as a legal notice. */
  readonly uninterruptible?: boolean;
  readonly next:
    | Target<NoInfer<Name>>
    | ((slots: Slots<S>, outcome: Outcome<OutputOf<T>>, about: About<S>) => Target<NoInfer<Name>>);
}

/** What a user writes. */
export interface ScriptSource<S extends SlotSpecs, Tools extends Record<string, unknown>> {
  readonly slots: S;
  readonly start: NoInfer<keyof Tools & string>;
  /** Where "a person" leads. Without it a message is taken. */
  readonly person?: string | Transfer;
  /** Whether a message is taken when no person can be reached; its longest length in seconds. */
  readonly message?: false | { readonly maxS: number };
  /** The script's own sentences ("Sorry, I did not get that."), each replaceable. */
  readonly phrases?: Partial<Phrases>;
  readonly states: { readonly [Name in keyof Tools]: State<S, keyof Tools & string, Tools[Name]> };
}

/** A state with its types forgotten; what the brain runs. */
export type AnyState = State<SlotSpecs, string, Tool | undefined>;

/** A conversation written as states; `brains/script` runs it. */
export interface ScriptSpec {
  readonly kind: 'script';
  readonly slots: SlotSpecs;
  readonly start: string;
  readonly person: Transfer | undefined;
  readonly message: false | { readonly maxS: number };
  readonly phrases: Partial<Phrases>;
  readonly states: Readonly<Record<string, AnyState>>;
}

/**
 * A conversation as states. Slots, state names and tool results are checked by the compiler, and once more when the
 * agent is loaded.
 */
export function script<const S extends SlotSpecs, Tools extends Record<string, unknown>>(
  source: ScriptSource<S, Tools>,
): ScriptSpec {
  const { person } = source;
  return {
    kind: 'script',
    slots: source.slots,
    start: source.start,
    person: typeof person === 'string' ? { kind: 'transfer', to: person, mode: 'cold', ringS: 25 } : person,
    message: source.message ?? { maxS: 120 },
    phrases: source.phrases ?? {},
    states: source.states as unknown as Readonly<Record<string, AnyState>>,
  };
}

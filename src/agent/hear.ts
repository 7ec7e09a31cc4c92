/**
 * What a caller may say to fill a slot. Plain data: the recogniser builds its grammar from it, the script reads the
 * value out of the recognised text with it, and it travels through the journal.
 */
export type Hear =
  | YesNoHear
  | ChoiceHear
  /** One of a list of names, such as people or products; matched as `choice` and spelled back. */
  | NameHear
  | DigitsHear
  | DateHear
  | TimeHear
  | FreeHear;

interface HearBase {
  /** Said when this slot alone is still missing; a usual question of its kind when absent. */
  readonly ask?: string;
}

interface YesNoHear extends HearBase {
  readonly kind: 'yesno';
}

export interface ChoiceHear extends HearBase {
  readonly kind: 'choice';
  readonly options: readonly ChoiceOption[];
}

interface NameHear extends HearBase {
  readonly kind: 'name';
  readonly options: readonly ChoiceOption[];
}

interface DigitsHear extends HearBase {
  readonly kind: 'digits';
  readonly min: number;
  readonly max: number;
  readonly sensitive: boolean;
}

export interface DateHear extends HearBase {
  readonly kind: 'date';
  /** Words that mark this date among several of one sentence: `['from']` in "from Monday to Friday". */
  readonly after?: readonly string[];
  /** Where a date without a year lies: in the days to come (the default), or in the past, such as a birthday. */
  readonly lies?: 'ahead' | 'behind';
}

export interface TimeHear extends HearBase {
  readonly kind: 'time';
  readonly after?: readonly string[];
  /** The twelve hours, from this one on, in which a bare "four" or "ten thirty" is meant; 7 when absent. */
  readonly fromHour?: number;
}

interface FreeHear extends HearBase {
  readonly kind: 'free';
  readonly keyTerms: readonly string[];
}

export interface ChoiceOption {
  readonly value: string;
  readonly phrases: readonly string[];
  /** The key that chooses it. */
  readonly key?: string;
}

declare const VALUE: unique symbol;

/** A `Hear` that remembers, for the compiler only, which values it can give. */
export type HearOf<Value extends SlotValue> = Hear & { readonly [VALUE]?: Value };

/** What a slot can hold. */
export type SlotValue = string | boolean;

type Phrases = Readonly<
  Record<string, readonly string[] | { readonly phrases: readonly string[]; readonly key: string }>
>;

interface HowBase {
  readonly ask?: string;
}

function options(phrases: Phrases): ChoiceOption[] {
  return keyed(
    Object.entries(phrases).map(([value, given]) =>
      'phrases' in given ? { value, phrases: given.phrases, key: given.key } : { value, phrases: given },
    ),
  );
}

/** Options without keys of their own get 1 to 9, in their order. */
function keyed(given: ChoiceOption[]): ChoiceOption[] {
  if (given.length > 9 || given.some(({ key }) => key !== undefined)) return given;
  return given.map((option, index) => ({ ...option, key: String(index + 1) }));
}

export const hear = {
  /** "yes", "no", and their usual forms; value true or false. */
  yesNo: (how: HowBase = {}): HearOf<boolean> => ({ kind: 'yesno', ...how }),
  /** One of some options, each by its phrases, its key or its place in the list ("the second one"). */
  choice: <const P extends Phrases>(phrases: P, how: HowBase = {}): HearOf<Extract<keyof P, string>> => ({
    kind: 'choice',
    options: options(phrases),
    ...how,
  }),
  /** One name of a list. */
  name: <const N extends string>(names: readonly N[], how: HowBase = {}): HearOf<N> => ({
    kind: 'name',
    options: keyed(names.map((name) => ({ value: name, phrases: [name] }))),
    ...how,
  }),
  /** So many digits, spoken or keyed; value is a string. Sensitive digits are never written down anywhere. */
  digits: (
    count: number | { readonly min: number; readonly max: number },
    how: HowBase & { readonly sensitive?: boolean } = {},
  ): HearOf<string> => ({
    kind: 'digits',
    min: typeof count === 'number' ? count : count.min,
    max: typeof count === 'number' ? count : count.max,
    ...how,
    sensitive: how.sensitive ?? false,
  }),
  /** A day, in the call's time zone; value `YYYY-MM-DD`. */
  date: (how: Omit<DateHear, 'kind'> = {}): HearOf<string> => ({ kind: 'date', ...how }),
  /** A time of day; value `HH:MM`. */
  time: (how: Omit<TimeHear, 'kind'> = {}): HearOf<string> => ({ kind: 'time', ...how }),
  /** Anything at all, for recognisers that can; key terms help them. */
  free: (how: HowBase & { readonly keyTerms?: readonly string[] } = {}): HearOf<string> => ({
    kind: 'free',
    ...how,
    keyTerms: how.keyTerms ?? [],
  }),
};

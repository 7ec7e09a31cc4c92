import type { Hear, SlotValue } from '../hear.ts';
import { clockOf, minutesOf } from './calendar.ts';
import { matchOption, matchPlace } from './choices.ts';
import { matchDate, NO_SUCH_DAY } from './dates.ts';
import { matchDigits } from './digits.ts';
import { type Expected, type Found, fill, type HearingContext, type Offered, type Placed } from './fill.ts';
import { type Match, matchPhrase, phraseTable, words } from './text.ts';
import { matchDayPart, matchTime } from './times.ts';
import { FILLERS, LEAD_INS, NO, UNIVERSAL, type Universal, YES } from './vocabulary.ts';

/** What a caller's words mean where they were said. */
export interface Understood {
  readonly values: Readonly<Record<string, SlotValue>>;
  /** Parts of the day said for a time slot without a time: "tomorrow afternoon". */
  readonly parts: Readonly<Record<string, string>>;
  /** Yes or no to what was read back. */
  readonly answer?: boolean;
  readonly universal?: Universal;
  /** Whether anything at all was understood. */
  readonly any: boolean;
}

const YES_PHRASES = phraseTable(YES.map((phrase) => [phrase, 'yes']));
const NO_PHRASES = phraseTable(NO.map((phrase) => [phrase, 'no']));
const UNIVERSAL_PHRASES = phraseTable(
  (Object.keys(UNIVERSAL) as Universal[]).flatMap((name) =>
    UNIVERSAL[name].map((phrase) => [phrase, name] as const),
  ),
);
const INSTEAD = phraseTable(
  ['i mean', 'i meant', 'sorry', 'make that', 'rather', 'instead', 'actually'].map((phrase) => [
    phrase,
    true,
  ]),
);
const FILLER_PHRASES = phraseTable([...FILLERS, ...LEAD_INS].map((phrase) => [phrase, true]));

/**
 * Reads what is expected out of recognised text. Never throws; words that mean nothing here are passed over, so that
 * "er, Friday would be nice" is Friday.
 */
export function understand(text: string, expected: Expected, context: HearingContext): Understood {
  const said = words(text);
  const found = scan(said, expected, context);
  const { values, parts } = fill(found, expected, context);
  const free = Object.entries(expected.slots).find(([, hear]) => hear.kind === 'free');
  const universal = found.find((one) => one.kind === 'universal');
  const yes = found.some((one) => one.kind === 'yes');
  const no = found.some((one) => one.kind === 'no');
  const filled = Object.keys(values).length > 0 || Object.keys(parts).length > 0;
  // Words for anything, such as a reason, are a value only when they are no command to the agent.
  if (free && !filled && !universal && said.length > 0 && !(expected.confirming && (yes || no)))
    return { values: { [free[0]]: text.trim() }, parts: {}, any: true };
  const answer = expected.confirming && (yes || no) ? { answer: !no } : {};
  // "No, start over" is a wish to start over; "yes, goodbye" is a yes.
  const wish = universal && !filled && answer.answer !== true ? { universal: universal.universal } : {};
  const any = filled || 'answer' in answer || 'universal' in wish;
  return { values, parts, ...answer, ...wish, any };
}

function scan(said: readonly string[], expected: Expected, context: HearingContext): Placed[] {
  const found: Placed[] = [];
  for (let at = 0; at < said.length; ) {
    const best = bestAt(said, at, expected, context);
    if (best && best.value.kind !== 'filler') found.push({ ...best.value, lead: said[at - 1] ?? '' });
    at += best?.length ?? 1;
  }
  return found;
}

/** The longest reading at this place; of equally long ones the first listed. */
function bestAt(
  said: readonly string[],
  at: number,
  expected: Expected,
  context: HearingContext,
): Match<Found> | undefined {
  let best: Match<Found> | undefined;
  const offer = (match: Match<Found> | undefined) => {
    if (match && (!best || match.length > best.length)) best = match;
  };
  offer(placeAt(said, at, expected, context));
  for (const [slot, hear] of Object.entries(expected.slots)) offer(slotAt(said, at, slot, hear, context));
  if (expected.confirming || Object.values(expected.slots).some(({ kind }) => kind === 'yesno')) {
    offer(as(matchPhrase(said, at, YES_PHRASES), (): Found => ({ kind: 'yes' })));
    offer(as(matchPhrase(said, at, NO_PHRASES), (): Found => ({ kind: 'no' })));
  }
  if (expected.universal)
    offer(
      as(matchPhrase(said, at, UNIVERSAL_PHRASES), (universal): Found => ({ kind: 'universal', universal })),
    );
  if (said[at] === 'not') offer({ value: { kind: 'not' }, length: 1 });
  if (said[at] === 'no') offer({ value: { kind: 'no' }, length: 1 });
  offer(as(matchPhrase(said, at, INSTEAD), (): Found => ({ kind: 'instead' })));
  offer(as(matchPhrase(said, at, FILLER_PHRASES), (): Found => ({ kind: 'filler' })));
  return best;
}

function as<From, To>(match: Match<From> | undefined, to: (value: From) => To): Match<To> | undefined {
  return match && { value: to(match.value), length: match.length };
}

/** "The second one", where options were read out or a choice has an order of its own. */
function placeAt(
  said: readonly string[],
  at: number,
  expected: Expected,
  context: HearingContext,
): Match<Found> | undefined {
  const choice = Object.entries(expected.slots).find(([, { kind }]) => kind === 'choice');
  const offered = context.offered ?? (choice && wholeChoice(choice[0], choice[1]));
  const match = offered && matchPlace(said, at);
  if (!match) return undefined;
  const value = offered.values[(match.value === 0 ? offered.begun : match.value) - 1];
  // A place the caller cannot have heard is nothing, and not the number "one" in it either.
  if (value === undefined || match.value > offered.begun)
    return { value: { kind: 'filler' }, length: match.length };
  return { value: { kind: 'slot', slot: offered.slot, value, family: offered.slot }, length: match.length };
}

function wholeChoice(slot: string, hear: Hear): Offered | undefined {
  if (hear.kind !== 'choice') return undefined;
  const values = hear.options.map((option) => option.value);
  return { slot, values, begun: values.length };
}

function slotAt(
  said: readonly string[],
  at: number,
  slot: string,
  hear: Hear,
  context: HearingContext,
): Match<Found> | undefined {
  const valued = (value: SlotValue): Found => ({ kind: 'slot', slot, value, family: hear.kind });
  switch (hear.kind) {
    case 'yesno':
    case 'free':
      return undefined;
    case 'choice':
    case 'name':
      return as(
        matchOption(said, at, hear.options),
        (value) => ({ ...valued(value), family: slot }) as Found,
      );
    case 'digits': {
      const match = matchDigits(said, at, hear.max);
      return match && match.value.length >= hear.min ? as(match, valued) : undefined;
    }
    case 'date':
      return as(matchDate(said, at, { today: context.today, lies: hear.lies ?? 'ahead' }), (date) =>
        date === NO_SUCH_DAY ? { kind: 'filler' } : valued(date),
      );
    case 'time': {
      const part = context.parts?.[slot];
      const offered = context.offered?.slot === slot ? context.offered.values.map(minutesOf) : undefined;
      const match = matchTime(said, at, {
        fromHour: hear.fromHour ?? 7,
        ...(part === undefined ? {} : { part }),
        ...(offered && { offered }),
      });
      if (match) return as(match, (minutes) => valued(clockOf(minutes)));
      return as(matchDayPart(said, at), (part): Found => ({ kind: 'part', slot, part }));
    }
  }
}

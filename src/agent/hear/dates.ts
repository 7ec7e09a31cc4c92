import { addDays, dateOf, nearestDate, weekdayOf } from './calendar.ts';
import { type Match, matchCardinal, matchOrdinal, matchPhrase, phraseTable } from './text.ts';
import { MONTHS, RELATIVE_DAYS, WEEKDAYS } from './vocabulary.ts';

const RELATIVE = phraseTable(Object.entries(RELATIVE_DAYS));

export interface DateContext {
  /** Today in the agent's time zone, `YYYY-MM-DD`. */
  readonly today: string;
  readonly lies: 'ahead' | 'behind';
}

/** What a date that does not exist reads as, such as 31 June. */
export const NO_SUCH_DAY = '';

/** Reads a date at this place: "tomorrow", "next friday", "friday the eighth of may", "may fourth nineteen eighty". */
export function matchDate(
  text: readonly string[],
  at: number,
  context: DateContext,
): Match<string> | undefined {
  return (
    matchRelative(text, at, context.today) ??
    matchWeekday(text, at, context) ??
    matchDayOfMonth(text, at, context) ??
    matchMonthDay(text, at, context)
  );
}

function matchRelative(text: readonly string[], at: number, today: string): Match<string> | undefined {
  const named = matchPhrase(text, at, RELATIVE);
  if (named) return { value: addDays(today, named.value), length: named.length };
  if (text[at] !== 'in') return undefined;
  const count = text[at + 1] === 'a' ? { value: 1, length: 1 } : matchCardinal(text, at + 1);
  if (!count) return undefined;
  const unit = text[at + 1 + count.length] ?? '';
  const days = /^days?$/.test(unit) ? 1 : /^weeks?$/.test(unit) ? 7 : 0;
  if (days === 0) return undefined;
  return { value: addDays(today, count.value * days), length: 2 + count.length };
}

/**
 * A weekday, alone or with its date. Alone it is the nearest one after today; "next" moves it into the week that
 * begins next Monday, as does "… next week".
 */
function matchWeekday(text: readonly string[], at: number, context: DateContext): Match<string> | undefined {
  const modifier = /^(?:this|next|coming)$/.test(text[at] ?? '') ? text[at] : undefined;
  let length = modifier === undefined ? 0 : 1;
  const weekday = WEEKDAYS.indexOf((text[at + length] ?? '') as (typeof WEEKDAYS)[number]);
  if (weekday < 0) return undefined;
  length++;
  const exact = matchDayOfMonth(text, at + length, context) ?? matchMonthDay(text, at + length, context);
  if (exact) return { value: exact.value, length: length + exact.length };
  const today = weekdayOf(context.today);
  const nextWeek = text[at + length] === 'next' && text[at + length + 1] === 'week';
  if (nextWeek) length += 2;
  if (nextWeek || modifier === 'next') return { value: addDays(context.today, 7 - today + weekday), length };
  if (context.lies === 'behind')
    return { value: addDays(context.today, -((today - weekday + 6) % 7) - 1), length };
  return { value: addDays(context.today, ((weekday - today + 6) % 7) + 1), length };
}

/** "the fourth of may nineteen eighty", "the fourth". */
function matchDayOfMonth(
  text: readonly string[],
  at: number,
  context: DateContext,
): Match<string> | undefined {
  let length = text[at] === 'the' ? 1 : 0;
  const day = matchOrdinal(text, at + length);
  if (!day || day.value > 31) return undefined;
  length += day.length;
  const of = text[at + length] === 'of' ? 1 : 0;
  const month = MONTHS.indexOf((text[at + length + of] ?? '') as (typeof MONTHS)[number]) + 1;
  if (month > 0) return dated(text, at, length + of + 1, month, day.value, context);
  // "the second one" is a place in a list, and "second" alone is too little to be a date.
  if (text[at] !== 'the' || /^(?:one|option|choice)$/.test(text[at + length] ?? '')) return undefined;
  const value = dayAlone(day.value, context);
  return value === undefined ? undefined : { value, length };
}

/** The nearest such day of a month, ahead or behind. */
function dayAlone(day: number, { today, lies }: DateContext): string | undefined {
  for (let distance = 0; distance < 12; distance++) {
    const offset = lies === 'ahead' ? distance : -distance;
    const months = Number(today.slice(0, 4)) * 12 + Number(today.slice(5, 7)) - 1 + offset;
    const date = dateOf(Math.floor(months / 12), (months % 12) + 1, day);
    if (date !== undefined && (lies === 'ahead' ? date >= today : date <= today)) return date;
  }
  return undefined;
}

/** "may fourth", "may the fourth", "may four nineteen eighty". */
function matchMonthDay(text: readonly string[], at: number, context: DateContext): Match<string> | undefined {
  const month = MONTHS.indexOf((text[at] ?? '') as (typeof MONTHS)[number]) + 1;
  if (month === 0) return undefined;
  const the = text[at + 1] === 'the' ? 1 : 0;
  const day = matchOrdinal(text, at + 1 + the) ?? matchCardinal(text, at + 1 + the);
  if (!day || day.value < 1 || day.value > 31) return undefined;
  return dated(text, at, 1 + the + day.length, month, day.value, context);
}

/** Completes month and day with the year that follows, or with the nearest one. */
function dated(
  text: readonly string[],
  at: number,
  length: number,
  month: number,
  day: number,
  context: DateContext,
): Match<string> | undefined {
  const year = matchYear(text, at + length);
  const value = year ? dateOf(year.value, month, day) : nearestDate(month, day, context.today, context.lies);
  // A day the calendar does not have is taken as a whole, lest "the thirty first of June" be heard as the first.
  return { value: value ?? NO_SUCH_DAY, length: length + (year?.length ?? 0) };
}

/** Whether a day of a month was said, and the year that would make it a birthday was not. */
export function lacksYear(text: readonly string[]): boolean {
  const context: DateContext = { today: '2000-01-01', lies: 'behind' };
  const hasYear = text.some((_, at) => matchYear(text, at) !== undefined);
  return (
    !hasYear &&
    text.some(
      (_, at) => (matchDayOfMonth(text, at, context) ?? matchMonthDay(text, at, context)) !== undefined,
    )
  );
}

/** "nineteen eighty", "nineteen oh five", "two thousand and six", "twenty twenty six". */
function matchYear(text: readonly string[], at: number): Match<number> | undefined {
  if (text[at] === 'two' && text[at + 1] === 'thousand') {
    const and = text[at + 2] === 'and' ? 1 : 0;
    const rest = matchCardinal(text, at + 2 + and);
    return rest ? { value: 2000 + rest.value, length: 2 + and + rest.length } : { value: 2000, length: 2 };
  }
  const century = text[at] === 'nineteen' ? 1900 : text[at] === 'twenty' ? 2000 : undefined;
  if (century === undefined) return undefined;
  if (text[at + 1] === 'hundred') return { value: century, length: 2 };
  if (/^(?:oh|o|zero)$/.test(text[at + 1] ?? '')) {
    const unit = matchCardinal(text, at + 2);
    return unit && unit.value < 10 ? { value: century + unit.value, length: 2 + unit.length } : undefined;
  }
  const rest = matchCardinal(text, at + 1);
  if (!rest || rest.value < 10) return undefined;
  return { value: century + rest.value, length: 1 + rest.length };
}

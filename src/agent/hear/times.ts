import { type Match, matchCardinal, matchPhrase, phraseTable } from './text.ts';
import { DAY_PART_LEAD_INS, DAY_PARTS, NAMED_TIMES } from './vocabulary.ts';

const NAMED = phraseTable(Object.entries(NAMED_TIMES));

export interface TimeContext {
  /** The first of the twelve hours in which a bare "four" is meant. */
  readonly fromHour: number;
  /** The part of the day that is already known, such as `afternoon`. */
  readonly part?: string;
  /** Times (minutes since midnight) that were just offered; one of them is meant rather than another. */
  readonly offered?: readonly number[];
}

/** A clock time in minutes since midnight, before it is known which half of the day is meant. */
interface Clock {
  readonly minutes: number;
  /** Said with an hour from 1 to 12, so it may be twelve hours later too. */
  readonly twelveHour: boolean;
}

/** Reads a time of day at this place; minutes since midnight. */
export function matchTime(
  text: readonly string[],
  at: number,
  context: TimeContext,
): Match<number> | undefined {
  const named = matchPhrase(text, at, NAMED);
  if (named) return named;
  const clock = matchClock(text, at);
  if (!clock) return undefined;
  let { length } = clock;
  const half = matchHalf(text, at + length);
  if (half) return { value: inHalf(clock.value, half.value), length: length + half.length };
  const part = matchDayPart(text, at + length);
  if (part) length += part.length;
  const known = part?.value ?? context.part;
  return {
    value: resolve(clock.value, { ...context, ...(known === undefined ? {} : { part: known }) }),
    length,
  };
}

/** A part of the day, with or without its lead-in: "in the afternoon", "morning". */
export function matchDayPart(text: readonly string[], at: number): Match<string> | undefined {
  for (const lead of ['', ...DAY_PART_LEAD_INS]) {
    const before = lead === '' ? [] : lead.split(' ');
    if (!before.every((word, index) => text[at + index] === word)) continue;
    const part = text[at + before.length] ?? '';
    if (part in DAY_PARTS) return { value: part, length: before.length + 1 };
  }
  return undefined;
}

function matchHalf(text: readonly string[], at: number): Match<'am' | 'pm'> | undefined {
  if (text[at + 1] !== 'm') return undefined;
  if (text[at] === 'a') return { value: 'am', length: 2 };
  return text[at] === 'p' ? { value: 'pm', length: 2 } : undefined;
}

function inHalf({ minutes, twelveHour }: Clock, half: 'am' | 'pm'): number {
  if (!twelveHour) return minutes;
  return (minutes % 720) + (half === 'pm' ? 720 : 0);
}

function matchClock(text: readonly string[], at: number): Match<Clock> | undefined {
  return matchPast(text, at) ?? matchHourFirst(text, at);
}

/** "half past four", "a quarter to five", "twenty past four". */
function matchPast(text: readonly string[], at: number): Match<Clock> | undefined {
  let length = text[at] === 'a' ? 1 : 0;
  const word = text[at + length];
  let minutes: number;
  if (word === 'half' || word === 'quarter') {
    minutes = word === 'half' ? 30 : 15;
    length++;
  } else {
    const number = matchCardinal(text, at + length);
    if (!number || number.value < 1 || number.value > 59) return undefined;
    minutes = number.value;
    length += number.length;
    if (text[at + length] === 'minutes') length++;
  }
  const direction = text[at + length] ?? '';
  // "Half four" is half past four.
  const bare = word === 'half' && matchCardinal(text, at + length) !== undefined;
  if (bare) length--;
  const after = bare || direction === 'past' || direction === 'after';
  if (!after && direction !== 'to' && direction !== 'before') return undefined;
  if (!after && word === 'half') return undefined;
  length++;
  const target = matchPhrase(text, at + length, NAMED);
  const hour = target
    ? { value: target.value / 60, length: target.length }
    : matchCardinal(text, at + length);
  if (!hour || hour.value > 23 || (!target && hour.value < 1)) return undefined;
  length += hour.length;
  if (text[at + length] === "o'clock") length++;
  const total = (hour.value * 60 + (after ? minutes : -minutes) + 1440) % 1440;
  return { value: { minutes: total, twelveHour: !target && hour.value <= 12 }, length };
}

/** "ten thirty", "four o'clock", "ten oh five", "sixteen thirty", "four". */
function matchHourFirst(text: readonly string[], at: number): Match<Clock> | undefined {
  const zero = /^(?:zero|oh|o)$/.test(text[at] ?? '') ? 1 : 0;
  const hour = matchCardinal(text, at + zero) ?? (zero ? { value: 0, length: 0 } : undefined);
  if (!hour || hour.value > 23 || (zero === 1 && hour.value > 9)) return undefined;
  let length = zero + hour.length;
  const twelveHour = zero === 0 && hour.value >= 1 && hour.value <= 12;
  const done = (minutes: number): Match<Clock> => ({
    value: { minutes: hour.value * 60 + minutes, twelveHour },
    length,
  });
  if (text[at + length] === "o'clock") {
    length++;
    return done(0);
  }
  if (text[at + length] === 'hundred') {
    length++;
    if (text[at + length] === 'hours') length++;
    return done(0);
  }
  if (/^(?:oh|o|zero)$/.test(text[at + length] ?? '')) {
    const unit = matchCardinal(text, at + length + 1);
    if (unit && unit.value > 0 && unit.value < 10) {
      length += 2;
      return done(unit.value);
    }
  }
  const minutes = matchCardinal(text, at + length);
  if (minutes && minutes.value >= 10 && minutes.value <= 59) {
    length += minutes.length;
    return done(minutes.value);
  }
  // A bare zero is no time of day; a bare number may be one.
  return zero === 1 && hour.value === 0 ? undefined : done(0);
}

/** Which half of the day is meant: by what was offered, by the part of the day, else by the usual hours. */
function resolve({ minutes, twelveHour }: Clock, context: TimeContext): number {
  if (!twelveHour) return minutes;
  const early = minutes % 720;
  const both = [early, early + 720];
  const offered = both.filter((one) => context.offered?.includes(one));
  if (offered.length === 1) return offered[0] ?? early;
  const range = context.part === undefined ? undefined : DAY_PARTS[context.part];
  if (range) {
    const inside = both.filter((one) => one >= range[0] && one < range[1]);
    if (inside.length === 1) return inside[0] ?? early;
    // "three in the morning" and "twelve at night" lie outside the part's own hours and are clear all the same.
    return range[0] < 720 ? early : minutes >= 720 && early < 60 && range[1] === 1440 ? early : early + 720;
  }
  const from = context.fromHour * 60;
  return both.find((one) => (one - from + 1440) % 1440 < 720) ?? early;
}

import type { Hear, SlotValue } from '../hear.ts';
import { minutesOf, weekdayName } from './calendar.ts';
import { cardinal, digitWord, ordinal, year } from './text.ts';
import { MONTHS } from './vocabulary.ts';

/**
 * A slot's value in words a voice says well, and that are understood as the same value when a caller says them back.
 * Sensitive digits are never said: they give nothing.
 */
export function sayValue(hear: Hear, value: SlotValue, today: string): string {
  switch (hear.kind) {
    case 'yesno':
      return value === true ? 'yes' : 'no';
    case 'choice':
    case 'name':
      return hear.options.find((option) => option.value === value)?.phrases[0] ?? String(value);
    case 'digits':
      return hear.sensitive ? '' : sayDigits(String(value));
    case 'date':
      return sayDate(String(value), today, hear.lies === 'behind');
    case 'time':
      return sayTime(String(value));
    case 'free':
      return String(value);
  }
}

/** Any date, time or string of digits in words; anything else as it is. */
export function sayAny(value: string, today: string): string {
  if (/^\d{4}-\d{2}-\d{2}$/.test(value)) return sayDate(value, today);
  if (/^\d{2}:\d{2}$/.test(value)) return sayTime(value);
  return /^\d+$/.test(value) ? sayDigits(value) : value;
}

/** "Friday, May eighth"; with its year when that is not the nearest one ahead. */
export function sayDate(date: string, today: string, withYear = false): string {
  const [years = 0, month = 1, day = 1] = date.split('-').map(Number);
  const spoken = `${capital(weekdayName(date))}, ${capital(MONTHS[month - 1] ?? '')} ${ordinal(day).join(' ')}`;
  const inAYear = `${Number(today.slice(0, 4)) + 1}${today.slice(4)}`;
  return withYear || date < today || date >= inAYear ? `${spoken}, ${year(years).join(' ')}` : spoken;
}

/** "ten thirty in the morning", "four in the afternoon", "noon". */
export function sayTime(time: string): string {
  const minutes = minutesOf(time);
  if (minutes === 0) return 'midnight';
  if (minutes === 720) return 'noon';
  const hour = Math.floor(minutes / 60);
  const rest = minutes % 60;
  const spoken = [
    ...cardinal(hour % 12 || 12),
    ...(rest === 0 ? [] : rest < 10 ? ['oh', digitWord(rest)] : cardinal(rest)),
  ];
  const part =
    hour < 1
      ? 'at night'
      : hour < 12
        ? 'in the morning'
        : hour < 17
          ? 'in the afternoon'
          : hour < 22
            ? 'in the evening'
            : 'at night';
  return `${spoken.join(' ')} ${part}`;
}

/** "one two three, four five six seven": in threes with a last group of up to four, as people read numbers out. */
export function sayDigits(digits: string): string {
  const spoken = Array.from(digits, (digit) => digitWord(Number(digit)));
  const groups: string[] = [];
  while (spoken.length > 0) groups.push(spoken.splice(0, spoken.length <= 4 ? 4 : 3).join(' '));
  return groups.join(', ');
}

/** "nine", "nine or ten", "nine, ten, or two". */
export function sayList(items: readonly string[]): string {
  if (items.length <= 2) return items.join(' or ');
  return `${items.slice(0, -1).join(', ')}, or ${items.at(-1) ?? ''}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

import { dateOf, nearestDate } from '../../agent/hear/calendar.ts';
import type { Hear, SlotValue } from '../../agent/hear.ts';

/**
 * What keys mean for a slot.
 *
 * @param keys digits, without `*` and `#`
 * @param today `YYYY-MM-DD`
 * @returns the value and the keys that are left for the next question; undefined when they are no answer
 */
export function keyed(
  hear: Hear,
  keys: string,
  today: string,
): { readonly value: SlotValue; readonly rest: string } | undefined {
  const taken = (value: SlotValue | undefined, count: number) =>
    value === undefined ? undefined : { value, rest: keys.slice(count) };
  switch (hear.kind) {
    case 'yesno':
      return taken(keys[0] === '1' ? true : keys[0] === '2' ? false : undefined, 1);
    case 'choice':
    case 'name':
      return taken(hear.options.find(({ key }) => key !== undefined && key === keys[0])?.value, 1);
    case 'digits': {
      const digits = keys.slice(0, hear.max);
      return taken(digits.length >= hear.min ? digits : undefined, digits.length);
    }
    case 'date':
      return keyedDate(keys, hear.lies ?? 'ahead', today, taken);
    case 'time':
      return taken(keyedTime(keys), 4);
    case 'free':
      return undefined;
  }
}

type Taken = (
  value: SlotValue | undefined,
  count: number,
) => { readonly value: SlotValue; readonly rest: string } | undefined;

function keyedDate(keys: string, lies: 'ahead' | 'behind', today: string, taken: Taken) {
  const month = Number(keys.slice(0, 2));
  const day = Number(keys.slice(2, 4));
  if (keys.length < 4 || month < 1 || month > 12 || day < 1) return undefined;
  if (lies === 'behind' && keys.length >= 8) return taken(dateOf(Number(keys.slice(4, 8)), month, day), 8);
  return taken(nearestDate(month, day, today, lies), 4);
}

function keyedTime(keys: string): string | undefined {
  const match = /^([01]\d|2[0-3])([0-5]\d)/.exec(keys);
  return match ? `${match[1]}:${match[2]}` : undefined;
}

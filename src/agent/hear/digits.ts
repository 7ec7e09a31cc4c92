import type { Match } from './text.ts';
import { DIGITS, REPEATS, TEENS, TENS } from './vocabulary.ts';

/** Reads a run of digits: "four oh double five", "nineteen eighty", "twenty one". At most `max` of them. */
export function matchDigits(text: readonly string[], at: number, max: number): Match<string> | undefined {
  let value = '';
  let length = 0;
  while (at + length < text.length) {
    const next = matchGroup(text, at + length);
    if (!next || value.length + next.value.length > max) break;
    value += next.value;
    length += next.length;
  }
  return length === 0 ? undefined : { value, length };
}

function matchGroup(text: readonly string[], at: number): Match<string> | undefined {
  const word = text[at] ?? '';
  const digit = DIGITS[word];
  if (digit !== undefined) return { value: String(digit), length: 1 };
  const repeat = REPEATS[word];
  if (repeat !== undefined) {
    const repeated = DIGITS[text[at + 1] ?? ''];
    return repeated === undefined ? undefined : { value: String(repeated).repeat(repeat), length: 2 };
  }
  const teen = TEENS[word];
  if (teen !== undefined) return { value: String(teen), length: 1 };
  const tens = TENS[word];
  if (tens === undefined) return undefined;
  const unit = DIGITS[text[at + 1] ?? ''] ?? 0;
  return unit > 0 ? { value: String(tens + unit), length: 2 } : { value: String(tens), length: 1 };
}

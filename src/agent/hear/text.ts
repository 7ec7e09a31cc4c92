import { DIGITS, ORDINALS, TEENS, TENS } from './vocabulary.ts';

/**
 * Recognised or written text as the words a caller says: lower case, no punctuation, numerals written out
 * ("10:30" → "ten thirty", "4th" → "fourth", "1980" → "nineteen eighty", "a.m." → "a m").
 */
export function words(text: string): string[] {
  const found: string[] = [];
  const plain = text
    .toLowerCase()
    .replace(/[’`]/g, "'")
    .replace(/\bo'?\s?clock\b/g, "o'clock")
    .replace(/\b([ap])\.\s?m\b\.?/g, '$1 m')
    .replace(
      /(\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirty|fifteen))\s?([ap])m\b/g,
      '$1 $2 m',
    )
    .replace(/[^a-z0-9':]+/g, ' ')
    .replace(/(?<![a-z])'|'(?![a-z])/g, ' ');
  for (const word of plain.split(' ')) {
    if (word === '') continue;
    if (/\d/.test(word)) found.push(...numeral(word));
    else found.push(word.replaceAll(':', ''));
  }
  return found.filter((word) => word !== '');
}

function numeral(word: string): string[] {
  const clock = /^(\d{1,2}):(\d{2})$/.exec(word);
  if (clock) return [...cardinal(Number(clock[1])), ...clockMinutes(Number(clock[2]))];
  const place = /^(\d{1,2})(?:st|nd|rd|th)$/.exec(word);
  if (place) return ordinal(Number(place[1]));
  const digits = word.replace(/\D/g, '');
  const value = Number(digits);
  if (digits.length <= 2 && !digits.startsWith('0')) return cardinal(value);
  if (digits.length === 4 && /^(?:19|20)/.test(digits)) return year(value);
  return Array.from(digits, (digit) => digitWord(Number(digit)));
}

function clockMinutes(minutes: number): string[] {
  if (minutes === 0) return ["o'clock"];
  return minutes < 10 ? ['oh', digitWord(minutes)] : cardinal(minutes);
}

export function digitWord(digit: number): string {
  return Object.keys(DIGITS).find((word) => DIGITS[word] === digit) ?? 'zero';
}

/** 0 to 99 as words. */
export function cardinal(value: number): string[] {
  if (value < 10) return [digitWord(value)];
  const teen = Object.keys(TEENS).find((word) => TEENS[word] === value);
  if (teen !== undefined) return [teen];
  const tens = Object.keys(TENS).find((word) => TENS[word] === value - (value % 10)) ?? '';
  return value % 10 === 0 ? [tens] : [tens, digitWord(value % 10)];
}

/** 1st to 99th as words. */
export function ordinal(value: number): string[] {
  const whole = Object.keys(ORDINALS).find((word) => ORDINALS[word] === value);
  if (whole !== undefined) return [whole];
  if (value < 20 || value % 10 === 0) return cardinal(value);
  const [tens = ''] = cardinal(value - (value % 10));
  return [tens, ...ordinal(value % 10)];
}

/** A year from 1100 to 2999 as it is spoken. */
export function year(value: number): string[] {
  const century = Math.floor(value / 100);
  const rest = value % 100;
  if (century === 20 && rest < 10)
    return rest === 0 ? ['two', 'thousand'] : ['two', 'thousand', ...cardinal(rest)];
  if (rest === 0) return [...cardinal(century), 'hundred'];
  if (rest < 10) return [...cardinal(century), 'oh', ...cardinal(rest)];
  return [...cardinal(century), ...cardinal(rest)];
}

/** What was found from a place in a list of words on. */
export interface Match<Value> {
  readonly value: Value;
  /** How many words it took; at least one. */
  readonly length: number;
}

/** Phrases by their first word. */
export type PhraseTable<Value> = ReadonlyMap<
  string,
  readonly { readonly words: readonly string[]; readonly value: Value }[]
>;

export function phraseTable<Value>(
  phrases: Iterable<readonly [phrase: string, value: Value]>,
): PhraseTable<Value> {
  const table = new Map<string, { words: readonly string[]; value: Value }[]>();
  for (const [phrase, value] of phrases) {
    const wanted = words(phrase);
    const [first] = wanted;
    if (first === undefined) continue;
    const same = table.get(first) ?? [];
    table.set(first, [...same, { words: wanted, value }]);
  }
  return table;
}

/** Matches one of some phrases at this place, the longest that fits. */
export function matchPhrase<Value>(
  text: readonly string[],
  at: number,
  table: PhraseTable<Value>,
): Match<Value> | undefined {
  let best: Match<Value> | undefined;
  for (const { words: wanted, value } of table.get(text[at] ?? '') ?? []) {
    if (best && wanted.length <= best.length) continue;
    if (wanted.every((word, index) => text[at + index] === word)) best = { value, length: wanted.length };
  }
  return best;
}

/** Matches a number from 0 to 99 in words. */
export function matchCardinal(text: readonly string[], at: number): Match<number> | undefined {
  const word = text[at];
  if (word === undefined || word === 'o') return undefined;
  const small = DIGITS[word] ?? TEENS[word];
  if (small !== undefined) return word === 'oh' ? undefined : { value: small, length: 1 };
  const tens = TENS[word];
  if (tens === undefined) return undefined;
  const unit = DIGITS[text[at + 1] ?? ''];
  const joins = unit !== undefined && unit > 0;
  return joins ? { value: tens + unit, length: 2 } : { value: tens, length: 1 };
}

/** Matches an ordinal from first to ninety ninth in words. */
export function matchOrdinal(text: readonly string[], at: number): Match<number> | undefined {
  const word = text[at] ?? '';
  const whole = ORDINALS[word];
  if (whole !== undefined) return { value: whole, length: 1 };
  const tens = TENS[word];
  const unit = ORDINALS[text[at + 1] ?? ''];
  if (tens === undefined || unit === undefined || unit > 9) return undefined;
  return { value: tens + unit, length: 2 };
}

import type { ChoiceOption } from '../hear.ts';
import {
  type Match,
  matchCardinal,
  matchOrdinal,
  matchPhrase,
  type PhraseTable,
  phraseTable,
} from './text.ts';
import { PLACE_LEAD_INS, PLACE_NOUNS } from './vocabulary.ts';

/** An agent's options never change, so their phrases are read once. */
const TABLES = new WeakMap<readonly ChoiceOption[], PhraseTable<string>>();

function tableOf(options: readonly ChoiceOption[]): PhraseTable<string> {
  const known = TABLES.get(options);
  if (known) return known;
  const table = phraseTable(
    options.flatMap(({ value, phrases }) => phrases.map((phrase) => [phrase, value] as const)),
  );
  TABLES.set(options, table);
  return table;
}

/** Reads one of the options by its phrases. */
export function matchOption(
  text: readonly string[],
  at: number,
  options: readonly ChoiceOption[],
): Match<string> | undefined {
  return matchPhrase(text, at, tableOf(options));
}

/**
 * Reads a place in a list: "the second one", "number two", "the last one", "that one".
 *
 * @returns the place from 1; 0 is the one heard last
 */
export function matchPlace(text: readonly string[], at: number): Match<number> | undefined {
  const noun = (index: number) => (PLACE_NOUNS as readonly string[]).includes(text[index] ?? '');
  if ((PLACE_LEAD_INS as readonly string[]).includes(text[at] ?? '')) {
    const number = matchCardinal(text, at + 1);
    if (number && number.value >= 1 && number.value <= 20)
      return { value: number.value, length: 1 + number.length };
  }
  if (/^(?:that|this)$/.test(text[at] ?? '') && noun(at + 1)) return { value: 0, length: 2 };
  const the = text[at] === 'the' ? 1 : 0;
  if (text[at + the] === 'last') return { value: 0, length: the + (noun(at + the + 1) ? 2 : 1) };
  const place = matchOrdinal(text, at + the);
  if (!place || place.value > 20) return undefined;
  const length = the + place.length;
  return { value: place.value, length: length + (noun(at + length) ? 1 : 0) };
}

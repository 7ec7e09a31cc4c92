import { DIGITS, FILLERS, REPEATS, TEENS, TENS } from '../agent/hear/vocabulary.ts';

/** Digits in what was said: singly, in pairs ("eighty six"), repeated ("double five"), or in figures. Pure. */

interface Word {
  readonly word: string;
  readonly from: number;
  readonly to: number;
}

/** Some words that stand for digits. */
interface Group {
  readonly digits: string;
  /** How many words. */
  readonly length: number;
}

/** Where digits were found in a text, as places in it. */
export interface Found {
  readonly from: number;
  readonly to: number;
}

const IGNORED: ReadonlySet<string> = new Set(FILLERS);

function wordsIn(text: string): Word[] {
  return [...text.matchAll(/[\p{L}'’]+|\d+/gu)].map((match) => ({
    word: match[0].toLowerCase(),
    from: match.index,
    to: match.index + match[0].length,
  }));
}

/** Every way to read digits from this word on, the longest first. */
function groupsAt(words: readonly Word[], at: number): Group[] {
  const word = words[at]?.word ?? '';
  const next = words[at + 1]?.word ?? '';
  if (/^\d+$/.test(word)) return [{ digits: word, length: 1 }];
  const digit = DIGITS[word];
  if (digit !== undefined) return [{ digits: String(digit), length: 1 }];
  const repeat = REPEATS[word];
  const repeated = DIGITS[next];
  if (repeat !== undefined)
    return repeated === undefined ? [] : [{ digits: String(repeated).repeat(repeat), length: 2 }];
  const teen = TEENS[word];
  if (teen !== undefined) return [{ digits: String(teen), length: 1 }];
  const tens = TENS[word];
  if (tens === undefined) return [];
  const alone = { digits: String(tens), length: 1 };
  return repeated ? [{ digits: String(tens + repeated), length: 2 }, alone] : [alone];
}

/** The runs of digits in a text, each with its place. */
function runsIn(text: string): (Found & { readonly digits: string })[] {
  const words = wordsIn(text);
  const runs: { from: number; to: number; digits: string; end: number }[] = [];
  for (let at = 0; at < words.length; ) {
    const [group] = groupsAt(words, at);
    const first = words[at];
    const last = words[at + (group?.length ?? 1) - 1];
    if (group && first && last) {
      const run = runs.at(-1);
      if (run?.end === at) {
        run.digits += group.digits;
        run.to = last.to;
        run.end = at + group.length;
      } else runs.push({ from: first.from, to: last.to, digits: group.digits, end: at + group.length });
    }
    at += group?.length ?? 1;
  }
  return runs;
}

/** The runs of digits in a text: "four seven, for the two of us" has two. */
export function digitRuns(text: string): string[] {
  return runsIn(text).map(({ digits }) => digits);
}

/** A text with every digit in it replaced by this one, said singly. */
export function maskDigits(text: string, digit: string): string {
  return replaced(text, runsIn(text), (run) => Array(run.digits.length).fill(digit).join(' '));
}

/** A text with the places of it replaced. */
export function replaced<Place extends Found>(
  text: string,
  places: readonly Place[],
  by: (place: Place) => string,
): string {
  let done = 0;
  let out = '';
  for (const place of places) {
    out += text.slice(done, place.from) + by(place);
    done = place.to;
  }
  return out + text.slice(done);
}

/**
 * Where these very digits are said in a text, in whatever groups, also with "um" between them.
 * @param growing the text is not complete: its end counts when it may be the beginning of them
 */
export function findDigits(text: string, digits: string, growing: boolean): Found[] {
  const words = wordsIn(text);
  const found: Found[] = [];
  for (let at = 0; at < words.length; at++) {
    const end = endOf(words, at, digits, 0, growing);
    const [first, last] = [words[at], end === undefined ? undefined : words[end - 1]];
    if (!first || !last || end === undefined) continue;
    found.push({ from: first.from, to: last.to });
    at = end - 1;
  }
  return found;
}

/** So many digits of a text that goes on are taken for the beginning of known ones. */
const BEGINNING = 2;

/** The word after the last of these digits, when they are said from this word on. */
function endOf(
  words: readonly Word[],
  at: number,
  digits: string,
  done: number,
  growing: boolean,
): number | undefined {
  if (done === digits.length) return at;
  const word = words[at]?.word;
  if (word === undefined) return growing && done >= BEGINNING ? at : undefined;
  for (const group of groupsAt(words, at)) {
    if (!digits.startsWith(group.digits, done)) continue;
    const end = endOf(words, at + group.length, digits, done + group.digits.length, growing);
    if (end !== undefined) return end;
  }
  // "eighty six forty" may become "forty two".
  const tens = at === words.length - 1 ? TENS[word] : undefined;
  if (growing && tens !== undefined && done + 1 >= BEGINNING && digits.startsWith(String(tens / 10), done))
    return at + 1;
  return done > 0 && IGNORED.has(word) ? endOf(words, at + 1, digits, done, growing) : undefined;
}

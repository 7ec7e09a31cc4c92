import { digitRuns } from '../digit-words.ts';

/** Words as the turn machine compares them. Pure. */

/** Lower case, no punctuation but inner apostrophes, single spaces. */
export function normalise(text: string): string {
  return text
    .toLowerCase()
    .replace(/[\u2018\u2019]/g, "'")
    .replace(/[^\p{L}\p{N}' ]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

export function wordsOf(text: string): string[] {
  const plain = normalise(text);
  return plain === '' ? [] : plain.split(' ');
}

/** Whether `phrase` occurs in `text` as whole words; both normalised. */
export function contains(text: string, phrase: string): boolean {
  return phrase !== '' && ` ${text} `.includes(` ${phrase} `);
}

/**
 * Whether a text is made of these phrases and nothing else ("uh-huh, okay right"). Longer phrases are taken first, so
 * that "i see" is not read as two unknown words. An empty text is not.
 */
export function consistsOf(text: string, phrases: readonly string[]): boolean {
  const known = phrases.map((phrase) => wordsOf(phrase)).filter((words) => words.length > 0);
  known.sort((a, b) => b.length - a.length);
  const words = wordsOf(text);
  if (words.length === 0) return false;
  for (let at = 0; at < words.length; ) {
    const phrase = known.find((candidate) => candidate.every((word, i) => words[at + i] === word));
    if (!phrase) return false;
    at += phrase.length;
  }
  return true;
}

/** The digits said in a text, singly or in pairs; other words are passed over. */
export function spokenDigits(text: string): string {
  return digitRuns(text).join('');
}

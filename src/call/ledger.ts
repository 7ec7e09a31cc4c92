import type { SpokenWord } from '../ports/voice.ts';
import { wordsOf } from './turn/words.ts';

/**
 * The book of one utterance: how much of it was sent, how much is likely to have been heard, how much is known to
 * have been. Pure. Everything is counted in samples of the utterance itself, so that a passage that is sent a second
 * time after a false interruption is not counted twice.
 *
 * Invariants: `confirmed <= heard <= sent`, each only grows; after `freeze` heard does not grow until `thaw`.
 */
export interface Ledger {
  readonly sent: number;
  readonly heard: number;
  readonly confirmed: number;
  readonly frozen: boolean;
}

export const EMPTY_LEDGER: Ledger = { sent: 0, heard: 0, confirmed: 0, frozen: false };

export function sentTo(ledger: Ledger, to: number): Ledger {
  return { ...ledger, sent: Math.max(ledger.sent, to) };
}

/** By our own estimate so much has left the loudspeaker. */
export function estimated(ledger: Ledger, to: number): Ledger {
  if (ledger.frozen) return ledger;
  return { ...ledger, heard: Math.max(ledger.heard, Math.min(to, ledger.sent)) };
}

/** A mark came back: so much has been played, whatever the estimate was. */
export function confirmedTo(ledger: Ledger, to: number): Ledger {
  if (ledger.frozen) return { ...ledger, confirmed: Math.max(ledger.confirmed, Math.min(to, ledger.heard)) };
  const confirmed = Math.max(ledger.confirmed, Math.min(to, ledger.sent));
  return { ...ledger, confirmed, heard: Math.max(ledger.heard, confirmed) };
}

/** The line was flushed: nothing more of what was sent will be heard. */
export function freeze(ledger: Ledger): Ledger {
  return { ...ledger, frozen: true };
}

export function thaw(ledger: Ledger): Ledger {
  return { ...ledger, frozen: false };
}

/** A segment as it lies in the utterance. `to` grows until the segment is complete. */
export interface Placed {
  readonly text: string;
  readonly spoken: string;
  readonly from: number;
  readonly to: number;
  readonly complete: boolean;
  /** From the voice, in milliseconds from `from`; empty when it gives none. */
  readonly words: readonly SpokenWord[];
}

/** When each written word ends, in samples of the utterance. */
export interface WordEnd {
  readonly word: string;
  readonly end: number;
  /** A clause or sentence ends with it. */
  readonly boundary: boolean;
}

/**
 * The written words of a segment with their ends. The spoken words are matched to the written ones ("10:30" is spoken
 * as "ten thirty"): equal words are anchors, and what lies between two anchors is shared out evenly.
 */
export function wordEnds(segment: Placed, rate: number): WordEnd[] {
  const written = segment.text.split(/\s+/).filter(Boolean);
  const times = spokenEnds(segment, rate);
  const anchors = matchWords(
    written.map((word) => wordsOf(word).join(' ')),
    times.map((time) => time.word),
  );
  const ends: WordEnd[] = [];
  let lastWritten = -1;
  let lastSpoken = -1;
  for (const [atWritten, atSpoken] of [...anchors, [written.length, times.length] as const]) {
    const words = atWritten - lastWritten - 1;
    const spoken = atSpoken - lastSpoken - 1;
    for (let i = 0; i < words; i++) {
      const share = lastSpoken + Math.ceil(((i + 1) * spoken) / words);
      ends.push(
        wordEnd(written[lastWritten + 1 + i] ?? '', times[share]?.end ?? endBefore(times, share, segment)),
      );
    }
    if (atWritten < written.length)
      ends.push(wordEnd(written[atWritten] ?? '', times[atSpoken]?.end ?? segment.to));
    lastWritten = atWritten;
    lastSpoken = atSpoken;
  }
  return ends;
}

function wordEnd(word: string, end: number): WordEnd {
  return { word, end, boundary: /[.!?,;:]["')]?$/.test(word) };
}

function endBefore(times: readonly { readonly end: number }[], at: number, segment: Placed): number {
  return times[Math.min(at, times.length - 1)]?.end ?? segment.from;
}

/** A letter of English, spoken; the space after a word counts as one. */
const LETTER_MS = 60;

/** The spoken words with their ends; without times from the voice they are shared out by their letters. */
function spokenEnds(segment: Placed, rate: number): { readonly word: string; readonly end: number }[] {
  if (segment.words.length > 0) {
    return segment.words.map((word) => ({
      word: wordsOf(word.text).join(' '),
      end: segment.from + Math.round((word.toMs / 1000) * rate),
    }));
  }
  const words = wordsOf(segment.spoken);
  const letters = words.reduce((sum, word) => sum + word.length + 1, 0);
  // Of a segment that is still being spoken only the beginning is there: as long as it will be at an ordinary pace.
  const expected = segment.complete ? 0 : (letters * LETTER_MS * rate) / 1000;
  const length = Math.max(segment.to - segment.from, expected);
  let passed = 0;
  return words.map((word) => {
    passed += word.length + 1;
    return { word, end: segment.from + Math.round((length * passed) / letters) };
  });
}

/** Pairs of equal words, in order on both sides; a written word looks a few spoken words ahead. */
function matchWords(written: readonly string[], spoken: readonly string[]): (readonly [number, number])[] {
  const pairs: (readonly [number, number])[] = [];
  let from = 0;
  for (const [at, word] of written.entries()) {
    const found = spoken.slice(from, from + 6).indexOf(word);
    if (word === '' || found < 0) continue;
    pairs.push([at, from + found]);
    from += found + 1;
  }
  return pairs;
}

/** What was heard of an utterance, as it was written; a word counts when all of it was heard. */
export function heardText(segments: readonly Placed[], heard: number, rate: number): string {
  const parts: string[] = [];
  for (const segment of segments) {
    if (segment.complete && heard >= segment.to) {
      parts.push(segment.text);
      continue;
    }
    if (heard <= segment.from) break;
    const words = wordEnds(segment, rate).filter((word) => word.end <= heard);
    if (words.length > 0) parts.push(words.map((word) => word.word).join(' '));
    break;
  }
  return parts.join(' ');
}

/** How far back a held utterance may go to find the start of a clause; beyond that a word has to do. */
const CLAUSE_BACK_S = 2;

/** Where to go on after a hold: the last clause boundary before what was heard, else the last word boundary. */
export function resumePoint(segments: readonly Placed[], heard: number, rate: number): number {
  let clause = 0;
  let word = 0;
  for (const segment of segments) {
    if (segment.from > heard) break;
    clause = segment.from;
    word = segment.from;
    for (const { end, boundary } of wordEnds(segment, rate)) {
      if (end > heard) break;
      word = end;
      if (boundary) clause = end;
    }
  }
  return heard - clause <= CLAUSE_BACK_S * rate ? clause : word;
}

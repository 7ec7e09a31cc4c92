import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  confirmedTo,
  EMPTY_LEDGER,
  estimated,
  freeze,
  heardText,
  type Ledger,
  type Placed,
  resumePoint,
  sentTo,
  thaw,
  wordEnds,
} from './ledger.ts';

const RATE = 8000;

function placed(text: string, spoken = text, from = 0, seconds = 2): Placed {
  return { text, spoken, from, to: from + seconds * RATE, complete: true, words: [] };
}

test('confirmed never exceeds heard, heard never exceeds sent, none ever shrinks, whatever is reported', () => {
  const step = fc.tuple(fc.constantFrom('sent', 'estimated', 'confirmed', 'freeze', 'thaw'), fc.nat(100_000));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let ledger: Ledger = EMPTY_LEDGER;
      for (const [what, to] of steps) {
        const before = ledger;
        if (what === 'sent') ledger = sentTo(ledger, to);
        else if (what === 'estimated') ledger = estimated(ledger, to);
        else if (what === 'confirmed') ledger = confirmedTo(ledger, to);
        else ledger = what === 'freeze' ? freeze(ledger) : thaw(ledger);
        expect(ledger.confirmed).toBeLessThanOrEqual(ledger.heard);
        expect(ledger.heard).toBeLessThanOrEqual(ledger.sent);
        for (const key of ['sent', 'heard', 'confirmed'] as const)
          expect(ledger[key]).toBeGreaterThanOrEqual(before[key]);
        if (before.frozen && what !== 'thaw') expect(ledger.heard).toBe(before.heard);
      }
    }),
  );
});

describe('what was heard', () => {
  test('is whole segments and, of the one that was cut, the words that were complete', () => {
    const segments = [placed('Which day?'), placed('And what time?', 'And what time?', 2 * RATE)];
    expect(heardText(segments, 2 * RATE, RATE)).toBe('Which day?');
    expect(heardText(segments, 3.3 * RATE, RATE)).toBe('Which day? And what');
    expect(heardText(segments, 4 * RATE, RATE)).toBe('Which day? And what time?');
    expect(heardText(segments, 0, RATE)).toBe('');
  });

  test('is shown as it was written, though it is spoken in other words', () => {
    const segment = placed('It is 10:30 on May 5, right?', 'It is ten thirty on May fifth, right?');
    expect(wordEnds(segment, RATE).map(({ word }) => word)).toEqual([
      'It',
      'is',
      '10:30',
      'on',
      'May',
      '5,',
      'right?',
    ]);
    const ends = wordEnds(segment, RATE);
    const thirty = ends[2]?.end ?? 0;
    expect(heardText([segment], thirty, RATE)).toBe('It is 10:30');
    expect(heardText([segment], thirty - 1, RATE)).toBe('It is');
  });

  test('follows the times of the voice where it gives them', () => {
    const words = [
      { text: 'Good', fromMs: 0, toMs: 1500 },
      { text: 'bye', fromMs: 1500, toMs: 2000 },
    ];
    expect(heardText([{ ...placed('Good bye'), words }], 1.4 * RATE, RATE)).toBe('');
    expect(heardText([{ ...placed('Good bye'), words }], 1.6 * RATE, RATE)).toBe('Good');
  });

  test('any words and any place give ends in order, one for each word', () => {
    const sentence = fc
      .array(fc.constantFrom('10:30', 'May', 'fifth', '5', '—', 'a', 'yes,'), { maxLength: 12 })
      .map((words) => words.join(' '));
    fc.assert(
      fc.property(sentence, sentence, (text, spoken) => {
        const segment = placed(text, spoken);
        const ends = wordEnds(segment, RATE);
        expect(ends.map(({ word }) => word)).toEqual(text.split(' ').filter(Boolean));
        for (const [i, { end }] of ends.entries())
          expect(end).toBeGreaterThanOrEqual(ends[i - 1]?.end ?? segment.from);
      }),
    );
  });
});

describe('after a hold', () => {
  test('the agent goes on from the last clause boundary that was heard', () => {
    const segment = placed('On Friday, at ten in the morning');
    const friday = wordEnds(segment, RATE)[1]?.end ?? 0;
    expect(resumePoint([segment], friday + 4000, RATE)).toBe(friday);
  });

  test('or from the last word, when the clause began long ago', () => {
    const segment = placed('one two three four five six seven eight nine ten', undefined, 0, 10);
    const heard = 7 * RATE;
    const point = resumePoint([segment], heard, RATE);
    expect(heard - point).toBeLessThan(2 * RATE);
    expect(point).toBeLessThanOrEqual(heard);
    expect(point).toBeGreaterThan(0);
  });
});

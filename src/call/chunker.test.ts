import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Chunker } from './chunker.ts';

const chunks = (...parts: string[]) => {
  const chunker = new Chunker();
  return [...parts.flatMap((part) => chunker.push(part)), ...chunker.flush()];
};

describe('text for the voice', () => {
  test('is cut into sentences, as soon as each is complete', () => {
    const chunker = new Chunker();
    expect(chunker.push('Good morning. Which')).toEqual(['Good morning.']);
    expect(chunker.push(' day? ')).toEqual(['Which day?']);
    expect(chunker.flush()).toEqual([]);
  });

  test('begins with a clause when the first sentence is long', () => {
    expect(chunks('Your appointment is on Friday, the eighth of May at ten thirty in the morning.')).toEqual([
      'Your appointment is on Friday,',
      'the eighth of May at ten thirty in the morning.',
    ]);
    expect(chunks('On Friday, is that right?')).toEqual(['On Friday, is that right?']);
  });

  test('is not cut after a title, in a number, or before a small letter', () => {
    expect(chunks('Dr. Brown is in at 10.30. Fine?')).toEqual(['Dr. Brown is in at 10.30.', 'Fine?']);
    expect(chunks('It costs 10.', '30 in all.')).toEqual(['It costs 10.30 in all.']);
  });

  test('that comes as whole sentences keeps them apart', () => {
    expect(chunks('Hello.', 'Which day?')).toEqual(['Hello.', 'Which day?']);
  });

  test('without any end is cut somewhere sensible', () => {
    const long = 'word '.repeat(200);
    for (const chunk of chunks(long)) expect(chunk.length).toBeLessThanOrEqual(240);
  });

  test('loses nothing, however it arrives', () => {
    const text = fc.array(
      fc.constantFrom('a', 'Dr.', 'end.', 'well,', '10.', '30', 'Why?', '\n', 'x'.repeat(300)),
    );
    fc.assert(
      fc.property(text, fc.nat(7), (words, size) => {
        const whole = words.join(' ');
        const parts = whole.match(new RegExp(`[^]{1,${size + 1}}`, 'g')) ?? [];
        const letters = (value: string) => value.replace(/\s+/g, '');
        expect(letters(chunks(...parts).join(''))).toBe(letters(whole));
      }),
    );
  });
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { accepts, any, compile, many, maybe, type Phrase, said, seq, wordsOf } from './graph.ts';

/** The same question answered by a regular expression, as an independent check. */
function pattern(phrase: Phrase): string {
  switch (phrase.kind) {
    case 'word':
      return `${phrase.word} `;
    case 'seq':
      return phrase.of.map(pattern).join('');
    case 'any':
      return `(?:${phrase.of.map(pattern).join('|')})`;
    case 'maybe':
      return `(?:${pattern(phrase.of)})?`;
    case 'many':
      return `(?:${pattern(phrase.of)})*`;
    case 'counted':
    case 'inAnyOrder':
      throw new Error('checked by tests of their own');
  }
}

const word = fc.constantFrom('a', 'b', 'c').map(said);
const { phrase } = fc.letrec<{ phrase: Phrase }>((tie) => ({
  phrase: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    word,
    fc.tuple(tie('phrase'), tie('phrase')).map(([one, two]) => seq(one, two)),
    fc.tuple(tie('phrase'), tie('phrase')).map(([one, two]) => any(one, two)),
    tie('phrase').map((of) => maybe(of)),
    tie('phrase').map((of) => many(of)),
  ),
}));

test('a graph accepts exactly what its expression says', () => {
  fc.assert(
    fc.property(
      phrase,
      fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 6 }),
      (one, words) => {
        const expected = new RegExp(`^${pattern(one)}$`).test(words.map((word) => `${word} `).join(''));
        expect(accepts(compile(one), words.join(' '))).toBe(expected);
      },
    ),
  );
});

test('counted units may be repeated by a word, and never leave their range', () => {
  const graph = compile({
    kind: 'counted',
    unit: any(said('one'), said('two')),
    repeats: { double: 2, triple: 3 },
    min: 4,
    max: 4,
  });
  for (const text of ['one two one two', 'double one double two', 'one triple two', 'one double one two'])
    expect(accepts(graph, text), text).toBe(true);
  for (const text of ['one two one', 'double one triple two', 'one two one two one', 'double', ''])
    expect(accepts(graph, text), text).toBe(false);
});

test('parts in any order are each said once at most, with the joiner between them', () => {
  const graph = compile({ kind: 'inAnyOrder', of: ['day', 'time'].map(said), joiner: maybe(said('at')) });
  for (const text of ['day', 'time', 'day time', 'day at time', 'time at day'])
    expect(accepts(graph, text), text).toBe(true);
  for (const text of ['day day', 'at day', 'day at', 'day time day'])
    expect(accepts(graph, text), text).toBe(false);
});

test('paths that end alike share their end', () => {
  const digits = any(...'0123456789'.split('').map(said));
  const graph = compile({
    kind: 'counted',
    unit: digits,
    repeats: { double: 2, triple: 3 },
    min: 10,
    max: 10,
  });
  expect(graph.states).toBeLessThan(40);
  expect(wordsOf(graph)).toContain('double');
});

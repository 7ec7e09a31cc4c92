import { expect, test } from 'vitest';
import { CONFIDENT, confidence, type Segment } from './confidence.ts';

/** A path with this score in every frame of each segment. */
const path = (
  ...parts: readonly (readonly [word: string, frames: number, perFrame: number])[]
): Segment[] => {
  let from = 0;
  return parts.map(([word, frames, perFrame]) => {
    const segment = { word, from, to: from + frames - 1, score: frames * perFrame };
    from += frames;
    return segment;
  });
};
const phones = path(['<sil>', 20, -17], ['~F', 30, -40], ['~AY', 30, -40], ['<sil>', 20, -17]);

test('an answer that explains the sound as well as phones do is taken', () => {
  const answer = path(['<sil>', 20, -17], ['four', 60, -42], ['<sil>', 20, -17]);
  expect(confidence(answer, phones)).toBeGreaterThan(CONFIDENT.first);
});

test('an answer that explains the sound much worse is not', () => {
  const answer = path(['<sil>', 20, -17], ['four', 60, -62], ['<sil>', 20, -17]);
  expect(confidence(answer, phones)).toBeLessThan(CONFIDENT.first);
});

test('speech that an answer passes over as silence counts against it', () => {
  const whole = path(['<sil>', 20, -17], ['four', 60, -42], ['<sil>', 20, -17]);
  const half = path(['<sil>', 20, -17], ['four', 30, -42], ['<sil>', 50, -70]);
  expect(confidence(half, phones)).toBeLessThan(confidence(whole, phones));
});

test('many short words for the same sound are doubted more than one long word', () => {
  const one = path(['<sil>', 20, -17], ['four', 60, -42], ['<sil>', 20, -17]);
  const three = path(['<sil>', 20, -17], ['a', 20, -42], ['oh', 20, -42], ['a', 20, -42], ['<sil>', 20, -17]);
  expect(confidence(three, phones)).toBeLessThan(confidence(one, phones));
});

test('silence alone is no answer', () => {
  expect(confidence(path(['<sil>', 100, -17]), phones)).toBe(-Infinity);
  expect(confidence([], [])).toBe(-Infinity);
});

import { expect, test } from 'vitest';
import { Repetition } from './repetition.ts';

const is = (text: string, odds: number) => ({ text, odds });

test('what was refused twice for the same question and is likest to the same answer is taken', () => {
  const repetition = new Repetition();
  expect(repetition.refused('when', [is('the ninth', -1.2)])).toBeUndefined();
  expect(repetition.refused('when', [is('ninth', -1.4)])).toEqual(is('ninth', -1.4));
});

test('two answers that differ, or of which one is unlikely, are not', () => {
  const repetition = new Repetition();
  repetition.refused('when', [is('ninth', -0.2)]);
  expect(repetition.refused('when', [is('nineteenth', -0.2)])).toBeUndefined();
  expect(repetition.refused('when', [is('nineteenth', -2.9)])).toBeUndefined();
  expect(repetition.refused('when', [is('nineteenth', -0.1)])).toBeUndefined();
});

test('the same words for another question, or after something was understood, are a first try', () => {
  const repetition = new Repetition();
  repetition.refused('when', [is('ninth', -0.2)]);
  expect(repetition.refused('until', [is('ninth', -0.2)])).toBeUndefined();
  repetition.forget();
  expect(repetition.refused('until', [is('ninth', -0.2)])).toBeUndefined();
});

test('either look at each stretch counts, and the likeliest is taken', () => {
  const repetition = new Repetition();
  repetition.refused('when', [is('march third', -0.9), is('may third', 0.6)]);
  const taken = repetition.refused('when', [is('march third', -0.3), is('may third', 0.1)]);
  expect(taken).toEqual(is('may third', 0.1));
});

test('words that only lead to an answer are none', () => {
  const repetition = new Repetition();
  repetition.refused('when', [is('the', 0)]);
  expect(repetition.refused('when', [is('the', 0)])).toBeUndefined();
});

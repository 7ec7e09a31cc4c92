import { describe, expect, it } from 'vitest';
import { plain, wordsRight } from './words.ts';

describe('words', () => {
  it('are compared without case, punctuation and apostrophes', () => {
    expect(plain("I'd like —  TWO, please!")).toBe('id like two please');
  });

  it('count as right in their order; missing, wrong and added ones do not', () => {
    expect(wordsRight('one two three', 'one two three')).toEqual({ right: 3, of: 3 });
    expect(wordsRight('one two three', 'one three')).toEqual({ right: 2, of: 3 });
    expect(wordsRight('one two', 'one two three')).toEqual({ right: 1, of: 2 });
    expect(wordsRight('yes', '')).toEqual({ right: 0, of: 1 });
    expect(wordsRight('', '')).toEqual({ right: 0, of: 0 });
  });
});

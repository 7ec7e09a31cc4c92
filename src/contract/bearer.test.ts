import { expect, it } from 'vitest';
import { checkBearer } from './bearer.ts';

const KEYS = ['old-key-0123456789', 'new-key-0123456789'];

it.each([
  ['Bearer old-key-0123456789', 'known'],
  ['bearer  new-key-0123456789 ', 'known'],
  ['Bearer old-key-012345678', 'unknown'],
  ['Bearer old-key-0123456789x', 'unknown'],
  ['Bearer ', 'unknown'],
  ['Basic old-key-0123456789', 'unknown'],
  ['', 'unknown'],
] as const)('%j is %s', (authorization, verdict) => {
  expect(checkBearer({ authorization }, KEYS)).toBe(verdict);
});

it('without keys nobody is known, and without a header nobody claims to be', () => {
  expect(checkBearer({ authorization: 'Bearer undefined' }, [])).toBe('unknown');
  expect(checkBearer({}, KEYS)).toBe('none');
});

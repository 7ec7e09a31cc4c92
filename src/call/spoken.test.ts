import { expect, test } from 'vitest';
import { spokenForm } from './spoken.ts';

test.each([
  ['It is 10:30.', 'It is 10 30.'],
  ['At 9:05 a.m. on Friday', 'At 9 oh 5 a m on Friday'],
  ['At 14:00', 'At 14 hundred'],
  ['At 4:00 pm', 'At 4 p m'],
  ['At 9:00', "At 9 o'clock"],
  ['It costs $5.50, or 20%.', 'It costs 5 dollars 50, or 20 percent.'],
  ['Call +1 555 0100 now', 'Call 1 5 5 5 0 1 0 0 now'],
  ['Smith & Sons', 'Smith and Sons'],
  ['Room 12, May 5', 'Room 12, May 5'],
])('"%s" is spoken "%s"', (written, spoken) => {
  expect(spokenForm(written)).toBe(spoken);
});

import { expect, test } from 'vitest';
import { OpenMarks } from './open-marks.ts';

test('a mark comes back once, with the generation it was sent with', () => {
  const marks = new OpenMarks();
  const wireName = marks.sent('m7', 2);
  expect(wireName).toBe('g2:m7');
  expect(marks.returned(wireName)).toEqual({ name: 'm7', generation: 2 });
  expect(marks.returned(wireName)).toBeUndefined();
});

test('a peer that never answers costs the memory of 2,000 marks and no more', () => {
  const marks = new OpenMarks();
  for (let n = 0; n <= 2000; n++) marks.sent(`m${n}`, 0);
  expect(marks.returned('g0:m0')).toBeUndefined();
  expect(marks.returned('g0:m1')).toMatchObject({ name: 'm1' });
  expect(marks.returned('g0:m2000')).toMatchObject({ name: 'm2000' });
});

import { expect, test } from 'vitest';
import { WideView } from './wide-view.ts';

const count = (from: number, length: number) => Int16Array.from({ length }, (_, i) => (from + i) % 30_000);

test('the view keeps what was pushed from a moment on, in order, eight seconds at most', () => {
  const view = new WideView();
  expect(view.since(0)).toHaveLength(0);
  for (let at = 0; at < 10 * 16_000; at += 320) view.push(count(at, 320));
  expect(view.since(9990)).toEqual(count(159_840, 160));
  expect(view.since(0)).toEqual(count(2 * 16_000, 8 * 16_000));
  expect(view.since(20_000)).toHaveLength(0);
  view.push(count(160_000, 200_000));
  expect(view.since(0)).toEqual(count(360_000 - 8 * 16_000, 8 * 16_000));
});

import { expect, test } from 'vitest';
import { dbfs, fromDb, mix, peak, rms, scale, toDb } from './level.ts';
import { tone } from './tones.ts';

test('a square wave at full scale is 0 dBFS, a sine at full scale 3.01 dB less', () => {
  expect(dbfs(Int16Array.from({ length: 100 }, (_, i) => (i % 2 ? -32_768 : 32_767)))).toBeCloseTo(0, 3);
  const sine = Int16Array.from({ length: 8000 }, (_, i) => 32_767 * Math.sin((2 * Math.PI * i) / 80));
  expect(dbfs(sine)).toBeCloseTo(-3.01, 2);
});

test('silence is minus infinity, and so is nothing', () => {
  expect(dbfs(new Int16Array(10))).toBe(-Infinity);
  expect(rms(new Int16Array(0))).toBe(0);
});

test('a factor changes the level by its decibels and clips at full scale', () => {
  const sound = tone([1000], 0.5, 8000, -20);
  expect(dbfs(scale(sound, fromDb(-6)))).toBeCloseTo(dbfs(sound) - 6, 1);
  expect([...scale(Int16Array.of(20_000, -20_000), 2)]).toEqual([32_767, -32_768]);
  expect(toDb(fromDb(-13))).toBeCloseTo(-13, 10);
});

test('a mix is as long as the longer sound and clips at full scale', () => {
  expect([...mix(Int16Array.of(30_000, -30_000, 5), Int16Array.of(30_000, -30_000))]).toEqual([
    32_767, -32_768, 5,
  ]);
  expect(peak(Int16Array.of(3, -16_384))).toBe(0.5);
});

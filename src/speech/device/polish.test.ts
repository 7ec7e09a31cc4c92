import { expect, test } from 'vitest';
import { dbfs, peak, scale, toDb } from '../../audio/level.ts';
import { concatSamples } from '../../audio/pcm.ts';
import { silence, tone, whiteNoise } from '../../audio/tones.ts';
import { seededChance } from '../../kit/ids.ts';
import { polish } from './polish.ts';

const RATE = 8000;
const hiss = (seconds: number): Int16Array => whiteNoise(seconds, RATE, -60, seededChance(1));
const speech = (seconds: number): Int16Array => tone([300, 700], seconds, RATE, -24);

test('hiss before and after the speech is cut off, but for a moment', () => {
  const out = polish(concatSamples([hiss(0.3), speech(0.5), hiss(0.6)]), RATE);
  expect(out.length / RATE).toBeCloseTo(0.5 + 0.01 + 0.03, 2);
});

test('a short closure inside or near the end of a word stays', () => {
  const burst = scale(speech(0.02), 0.1);
  const word = concatSamples([hiss(0.2), burst, hiss(0.06), speech(0.3), hiss(0.06), burst, hiss(0.3)]);
  expect(polish(word, RATE).length / RATE).toBeCloseTo(0.02 + 0.06 + 0.3 + 0.06 + 0.02 + 0.04, 2);
});

test('a click far away from the speech is cut off', () => {
  const click = scale(speech(0.02), 0.1);
  const out = polish(concatSamples([click, hiss(0.3), speech(0.5), hiss(0.3)]), RATE);
  expect(out.length / RATE).toBeCloseTo(0.54, 2);
});

test('loud and quiet speech come out at the same level', () => {
  for (const factor of [0.1, 1, 4]) {
    expect(dbfs(polish(scale(speech(1), factor), RATE))).toBeCloseTo(-18, 0);
  }
});

test('pauses do not make the speech louder', () => {
  const paused = concatSamples([speech(0.4), silence(1, RATE), speech(0.4)]);
  const out = polish(paused, RATE);
  expect(dbfs(out.subarray(0.1 * RATE, 0.3 * RATE))).toBeCloseTo(-18, 0);
});

test('a peak is never brought above -1 dBFS', () => {
  const spiky = Int16Array.from({ length: RATE }, (_, i) => (i % 400 < 4 ? 6000 : 40 * (i % 3)));
  expect(toDb(peak(polish(spiky, RATE)))).toBeLessThanOrEqual(-0.99);
});

test('a sound without speech is empty', () => {
  expect(polish(silence(1, RATE), RATE).length).toBe(0);
  expect(polish(scale(hiss(1), 0.3), RATE).length).toBe(0);
  expect(polish(new Int16Array(0), RATE).length).toBe(0);
});

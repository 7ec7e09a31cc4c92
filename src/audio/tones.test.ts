import { describe, expect, test } from 'vitest';
import { seededChance } from '../kit/ids.ts';
import { dbfs } from './level.ts';
import { beep, dtmf, pinkNoise, ringback, silence, tone, whiteNoise } from './tones.ts';

/** The power at one frequency as a share of the total power: 1 for a pure tone. */
function share(samples: Int16Array, hz: number, rate: number): number {
  let [re, im, total] = [0, 0, 0];
  samples.forEach((x, i) => {
    re += x * Math.cos((2 * Math.PI * hz * i) / rate);
    im += x * Math.sin((2 * Math.PI * hz * i) / rate);
    total += x * x;
  });
  return (2 * (re * re + im * im)) / samples.length / total;
}

/** Mean power per hertz between two frequencies, in dB. */
function density(samples: Int16Array, from: number, to: number, rate: number): number {
  let sum = 0;
  for (let k = 0; k < 40; k++) sum += share(samples, from + ((to - from) * (k + 0.5)) / 40, rate);
  return 10 * Math.log10(sum / 40);
}

test('a tone has the level, length and frequency it was asked for', () => {
  const sound = tone([1000], 0.5, 8000, -20);
  expect(sound.length).toBe(4000);
  expect(dbfs(sound)).toBeCloseTo(-20, 1);
  expect(share(sound, 1000, 8000)).toBeGreaterThan(0.98);
});

test('a keypad tone is its row and its column in equal parts, then silence', () => {
  const sound = dtmf('5', 8000);
  expect(sound.length).toBe(1600);
  const on = sound.subarray(0, 800);
  expect(share(on, 770, 8000)).toBeCloseTo(0.5, 1);
  expect(share(on, 1336, 8000)).toBeCloseTo(0.5, 1);
  expect(sound.subarray(800).every((x) => x === 0)).toBe(true);
});

test('every key of the keypad sounds, and no other sign does', () => {
  expect(dtmf('0123456789*#ABCDabcd', 8000).length).toBe(20 * 1600);
  expect(() => dtmf('x', 8000)).toThrow(/keypad/);
  expect(dtmf('', 8000).length).toBe(0);
});

test('a line rings for two seconds and is quiet for four', () => {
  const sound = ringback(8.5, 8000);
  expect(sound.length).toBe(68_000);
  expect(dbfs(sound.subarray(0, 16_000))).toBeCloseTo(-19, 0);
  expect(dbfs(sound.subarray(16_000, 48_000))).toBe(-Infinity);
  expect(dbfs(sound.subarray(48_000, 64_000))).toBeCloseTo(-19, 0);
});

test('silence is silent and a beep is not', () => {
  expect(silence(0.1, 16_000)).toEqual(new Int16Array(1600));
  expect(dbfs(beep(8000))).toBeCloseTo(-18, 0);
});

describe('noise', () => {
  test('the same seed gives the same noise, another seed another', () => {
    const noise = (seed: number): Int16Array => whiteNoise(0.1, 8000, -30, seededChance(seed));
    expect(noise(7)).toEqual(noise(7));
    expect(noise(7)).not.toEqual(noise(8));
  });

  test('white noise is as strong in the low band as in the high one, at the level asked for', () => {
    const sound = whiteNoise(4, 8000, -30, seededChance(1));
    expect(dbfs(sound)).toBeCloseTo(-30, 1);
    const tilt = density(sound, 100, 1000, 8000) - density(sound, 2500, 3900, 8000);
    expect(Math.abs(tilt)).toBeLessThan(1.5);
  });

  test('pink noise falls by three decibels per octave', () => {
    const sound = pinkNoise(8, 8000, -30, seededChance(2));
    expect(dbfs(sound)).toBeCloseTo(-30, 1);
    // 200 Hz to 1600 Hz are three octaves.
    const fall = density(sound, 190, 210, 8000) - density(sound, 1520, 1680, 8000);
    expect(fall).toBeGreaterThan(7);
    expect(fall).toBeLessThan(11);
  });
});

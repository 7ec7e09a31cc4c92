import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededChance } from '../kit/ids.ts';
import { dbfs } from './level.ts';
import { concatSamples } from './pcm.ts';
import { Resampler, resample } from './resample.ts';
import { whiteNoise } from './tones.ts';

const RATES = [8000, 16_000, 22_050, 24_000, 48_000] as const;
const pairs = RATES.flatMap((from) => RATES.filter((to) => to !== from).map((to) => [from, to] as const));

/** A steady sine, without the faded ends of a tone, at -9 dBFS. */
function sine(hz: number, seconds: number, rate: number): Int16Array {
  return Int16Array.from(
    { length: seconds * rate },
    (_, i) => 16_000 * Math.sin((2 * Math.PI * hz * i) / rate),
  );
}

/** The stream's output for 20 ms frames, without its first and last 50 ms. */
function steady(input: Int16Array, from: number, to: number): Int16Array {
  const resampler = new Resampler(from, to);
  const frame = Math.round(from / 50);
  const parts: Int16Array[] = [];
  for (let at = 0; at < input.length; at += frame) {
    parts.push(resampler.push(input.subarray(at, at + frame)));
  }
  const out = concatSamples(parts);
  return out.subarray(to / 20, out.length - to / 20);
}

/** How far the level of what is not a sine of this frequency lies below the sine, in dB. */
function residue(samples: Int16Array, hz: number, rate: number): number {
  // Least squares with a sine and a cosine: the frequency is known, phase and amplitude are not.
  let [ss, cc, sc, xs, xc, xx] = [0, 0, 0, 0, 0, 0];
  samples.forEach((x, i) => {
    const s = Math.sin((2 * Math.PI * hz * i) / rate);
    const c = Math.cos((2 * Math.PI * hz * i) / rate);
    ss += s * s;
    cc += c * c;
    sc += s * c;
    xs += x * s;
    xc += x * c;
    xx += x * x;
  });
  const det = ss * cc - sc * sc;
  const a = (xs * cc - xc * sc) / det;
  const b = (xc * ss - xs * sc) / det;
  const fitted = a * xs + b * xc;
  return 10 * Math.log10((xx - fitted) / fitted);
}

describe.each(pairs)('from %i to %i', (from, to) => {
  const band = Math.min(from, to) / 2;

  test('a tone inside the band keeps its level, and brings nothing else with it', () => {
    for (const share of [0.1, 0.4, 0.75]) {
      const hz = Math.round(band * share);
      const out = steady(sine(hz, 0.6, from), from, to);
      expect(dbfs(out)).toBeCloseTo(dbfs(sine(hz, 0.5, from)), 1);
      // Rounding to 16 bits alone is 89 dB below a tone of this level.
      expect(residue(out, hz, to)).toBeLessThan(-80);
    }
  });

  test('3.4 kHz, where the telephone band ends, is at most 0.3 dB weaker', () => {
    const out = steady(sine(3400, 0.6, from), from, to);
    expect(dbfs(out)).toBeGreaterThan(dbfs(sine(3400, 0.5, from)) - 0.3);
  });

  test('the output is late by the delay that is stated', () => {
    const resampler = new Resampler(from, to);
    // A slow sine gives the delay by its phase.
    const hz = 100;
    const out = steady(sine(hz, 0.6, from), from, to);
    let [re, im] = [0, 0];
    const count = Math.floor((out.length / to) * hz) * (to / hz);
    for (let i = 0; i < count; i++) {
      const t = i / to + 0.05;
      re += (out[i] as number) * Math.sin(2 * Math.PI * hz * t);
      im += (out[i] as number) * Math.cos(2 * Math.PI * hz * t);
    }
    const late = -Math.atan2(im, re) / (2 * Math.PI * hz);
    expect(late).toBeCloseTo(resampler.delay, 4);
    expect(resampler.delay).toBeLessThan(0.0031);
  });
});

test.each([
  [16_000, 8000],
  [48_000, 8000],
  [24_000, 8000],
  [22_050, 8000],
  [48_000, 16_000],
])('from %i to %i, a tone above the new band is gone by 80 dB', (from, to) => {
  // The filter's slope ends a little above the new band's edge.
  for (const hz of [to / 2 + 300, to * 0.75, from / 2 - 200]) {
    const input = sine(hz, 0.6, from);
    expect(dbfs(steady(input, from, to))).toBeLessThan(dbfs(input) - 80);
  }
});

test('the same samples come out, however the input is cut', () => {
  const noise = whiteNoise(0.2, 16_000, -20, seededChance(3));
  const cuts = fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 20 });
  fc.assert(
    fc.property(fc.constantFrom(...pairs), cuts, ([from, to], lengths) => {
      const whole = new Resampler(from, to);
      const expected = concatSamples([whole.push(noise), whole.flush()]);
      const cut = new Resampler(from, to);
      const parts: Int16Array[] = [];
      let at = 0;
      for (const length of lengths) {
        parts.push(cut.push(noise.subarray(at, at + length)));
        at = Math.min(noise.length, at + length);
      }
      parts.push(cut.push(noise.subarray(at)), cut.flush());
      expect(concatSamples(parts)).toEqual(expected);
    }),
  );
});

test('a 20 ms frame at a whole ratio gives exactly 20 ms', () => {
  for (const [from, to] of pairs.filter(([a, b]) => a !== 22_050 && b !== 22_050)) {
    const resampler = new Resampler(from, to);
    for (let i = 0; i < 10; i++) expect(resampler.push(new Int16Array(from / 50)).length).toBe(to / 50);
  }
});

test('an hour of frames at an odd ratio drifts by no sample', () => {
  const resampler = new Resampler(22_050, 8000);
  let count = 0;
  for (let second = 0; second < 60; second++) count += resampler.push(new Int16Array(22_050)).length;
  expect(count).toBe(60 * 8000);
});

test('a flushed or reset stream starts anew', () => {
  const noise = whiteNoise(0.05, 8000, -20, seededChance(4));
  const resampler = new Resampler(8000, 16_000);
  const first = resampler.push(noise);
  resampler.flush();
  expect(resampler.push(noise)).toEqual(first);
  resampler.reset();
  expect(resampler.push(noise)).toEqual(first);
});

test('a constant stays the constant', () => {
  for (const [from, to] of pairs) {
    const out = steady(new Int16Array(from / 2).fill(12_345), from, to);
    expect(out.every((x) => x === 12_345)).toBe(true);
  }
});

test('the loudest input is clipped, not wrapped around', () => {
  const square = Int16Array.from({ length: 1600 }, (_, i) => (i % 80 < 40 ? 32_767 : -32_768));
  const out = steady(square, 8000, 16_000);
  for (let i = 1; i < out.length; i++) {
    expect(Math.abs((out[i] as number) - (out[i - 1] as number))).toBeLessThan(60_000);
  }
});

test('equal rates pass the samples through', () => {
  const resampler = new Resampler(8000, 8000);
  expect([...resampler.push(Int16Array.of(1, 2, 3))]).toEqual([1, 2, 3]);
  expect(resampler.delay).toBe(0);
  expect(resampler.flush().length).toBe(0);
});

test('a whole sound keeps its start and its length', () => {
  for (const [from, to] of pairs) {
    const input = new Int16Array(from / 10);
    input[from / 50] = 20_000;
    const out = resample(input, from, to);
    expect(out.length).toBe(to / 10);
    const top = out.reduce((best, x, i) => (x > (out[best] as number) ? i : best), 0);
    expect(Math.abs(top - to / 50)).toBeLessThanOrEqual(1);
  }
});

test.each([
  [0, 8000],
  [8000, 8000.5],
  [8000, 400_000],
  [47_999, 48_000],
])('the rates %d and %d are refused', (from, to) => {
  expect(() => new Resampler(from, to)).toThrow(RangeError);
});

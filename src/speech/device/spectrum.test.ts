import { expect, test } from 'vitest';
import { floatsFromSamples } from '../../audio/pcm.ts';
import { whiteNoise } from '../../audio/tones.ts';
import { seededChance } from '../../kit/ids.ts';
import { SPECTRUM_BINS, SPECTRUM_SAMPLES, twoSpectra } from './spectrum.ts';

const N = SPECTRUM_SAMPLES;

/** The definition, term by term. */
function slowSpectrum(samples: Float32Array): number[] {
  return Array.from({ length: SPECTRUM_BINS }, (_, k) => {
    let [re, im] = [0, 0];
    for (let n = 0; n < N; n++) {
      const x = (samples[n] as number) * (0.5 - 0.5 * Math.cos((2 * Math.PI * n) / N));
      re += x * Math.cos((2 * Math.PI * k * n) / N);
      im -= x * Math.sin((2 * Math.PI * k * n) / N);
    }
    return Math.hypot(re, im);
  });
}

test('both spectra equal the definition and are written where they were asked for', () => {
  const noise = floatsFromSamples(whiteNoise(0.1, 16_000, -20, seededChance(5)));
  const out = new Float32Array(4 * SPECTRUM_BINS).fill(NaN);
  twoSpectra(noise, [3, 700], out, [SPECTRUM_BINS, 3 * SPECTRUM_BINS]);
  [3, 700].forEach((from, i) => {
    const at = (1 + 2 * i) * SPECTRUM_BINS;
    slowSpectrum(noise.subarray(from, from + N)).forEach((magnitude, k) => {
      expect(out[at + k]).toBeCloseTo(magnitude, 5);
    });
  });
  expect(out.subarray(0, SPECTRUM_BINS).every(Number.isNaN)).toBe(true);
  expect(out.subarray(2 * SPECTRUM_BINS, 3 * SPECTRUM_BINS).every(Number.isNaN)).toBe(true);
});

test('a tone stands in its own bin', () => {
  const tone = Float32Array.from({ length: N }, (_, n) => Math.sin((2 * Math.PI * 20 * n) / N));
  const out = new Float32Array(2 * SPECTRUM_BINS);
  twoSpectra(tone, [0, 0], out, [0, SPECTRUM_BINS]);
  const loudest = out
    .subarray(0, SPECTRUM_BINS)
    .reduce((best, x, k) => (x > (out[best] as number) ? k : best), 0);
  expect(loudest).toBe(20);
});

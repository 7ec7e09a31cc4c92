/**
 * Magnitude spectra of 256 samples under a periodic Hann window, 129 of them from 0 Hz to half the sample rate. Two
 * frames of real samples go through one complex transform, as its real and its imaginary part.
 */

export const SPECTRUM_SAMPLES = 256;
export const SPECTRUM_BINS = 129;

const N = SPECTRUM_SAMPLES;
const WINDOW = Float64Array.from({ length: N }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / N));
const COS = Float64Array.from({ length: N / 2 }, (_, k) => Math.cos((2 * Math.PI * k) / N));
const SIN = Float64Array.from({ length: N / 2 }, (_, k) => Math.sin((2 * Math.PI * k) / N));
/** The place of each sample when the bits of its index are read backwards. */
const SWAPPED = Uint8Array.from({ length: N }, (_, n) => {
  let reversed = 0;
  for (let bit = 0; bit < 8; bit++) reversed |= ((n >> bit) & 1) << (7 - bit);
  return reversed;
});

const re = new Float64Array(N);
const im = new Float64Array(N);

/**
 * The spectra of the 256 samples at `first` and at `second`, written to `out` at `firstOut` and `secondOut`, 129
 * magnitudes each.
 */
export function twoSpectra(
  samples: Float32Array,
  [first, second]: readonly [number, number],
  out: Float32Array,
  [firstOut, secondOut]: readonly [number, number],
): void {
  for (let n = 0; n < N; n++) {
    const place = SWAPPED[n] as number;
    re[place] = (WINDOW[n] as number) * (samples[first + n] as number);
    im[place] = (WINDOW[n] as number) * (samples[second + n] as number);
  }
  transform();
  for (let k = 0; k < SPECTRUM_BINS; k++) {
    const mirror = (N - k) & (N - 1);
    // The even part of the transform belongs to the real frame, the odd part to the imaginary one.
    const [a, b, c, d] = [re[k] as number, im[k] as number, re[mirror] as number, im[mirror] as number];
    out[firstOut + k] = Math.sqrt((a + c) ** 2 + (b - d) ** 2) / 2;
    out[secondOut + k] = Math.sqrt((b + d) ** 2 + (c - a) ** 2) / 2;
  }
}

/** The fast Fourier transform of re + i·im in place, its input in bit-reversed order. */
function transform(): void {
  for (let half = 1; half < N; half *= 2) {
    const step = N / 2 / half;
    for (let k = 0; k < half; k++) {
      const cos = COS[k * step] as number;
      const sin = SIN[k * step] as number;
      for (let i = k; i < N; i += half * 2) {
        const j = i + half;
        const [rj, ij] = [re[j] as number, im[j] as number];
        const tr = rj * cos + ij * sin;
        const ti = ij * cos - rj * sin;
        const [ri, ii] = [re[i] as number, im[i] as number];
        re[j] = ri - tr;
        im[j] = ii - ti;
        re[i] = ri + tr;
        im[i] = ii + ti;
      }
    }
  }
}

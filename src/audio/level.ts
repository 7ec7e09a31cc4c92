import { clip } from './pcm.ts';

/** Levels are in dBFS: 0 is a square wave at full scale, a sine at full scale is -3.01, silence is -Infinity. */

const FULL_SCALE = 32_768;

/** Root mean square as a share of full scale, 0…1; 0 for no samples. */
export function rms(samples: Int16Array): number {
  if (samples.length === 0) return 0;
  let sum = 0;
  for (let i = 0; i < samples.length; i++) sum += (samples[i] as number) ** 2;
  return Math.sqrt(sum / samples.length) / FULL_SCALE;
}

/** The largest magnitude as a share of full scale, 0…1. */
export function peak(samples: Int16Array): number {
  let largest = 0;
  for (let i = 0; i < samples.length; i++) largest = Math.max(largest, Math.abs(samples[i] as number));
  return largest / FULL_SCALE;
}

export function dbfs(samples: Int16Array): number {
  return toDb(rms(samples));
}

/** An amplitude ratio in decibels; -Infinity for 0. */
export function toDb(ratio: number): number {
  return 20 * Math.log10(ratio);
}

/** Decibels as an amplitude ratio. */
export function fromDb(db: number): number {
  return 10 ** (db / 20);
}

/** The samples times `factor`, clipped at full scale, in new memory. */
export function scale(samples: Int16Array, factor: number): Int16Array {
  const out = new Int16Array(samples.length);
  for (let i = 0; i < out.length; i++) out[i] = clip((samples[i] as number) * factor);
  return out;
}

/** The sum of two sounds, clipped at full scale; as long as the longer one. */
export function mix(a: Int16Array, b: Int16Array): Int16Array {
  const out = new Int16Array(Math.max(a.length, b.length));
  for (let i = 0; i < out.length; i++) out[i] = clip((a[i] ?? 0) + (b[i] ?? 0));
  return out;
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeMulaw, encodeMulaw } from '../src/audio/g711.ts';
import { dbfs, fromDb, scale } from '../src/audio/level.ts';
import { clip } from '../src/audio/pcm.ts';
import { resample } from '../src/audio/resample.ts';
import { readMonoWav } from '../src/audio/wav.ts';
import { packageRoot } from '../src/kit/entry.ts';
import { percentile } from './figures.ts';

/** The rate of all sound in the benchmarks of hearing, as on a telephone line. */
export const RATE = 8000;

export interface Recording {
  readonly file: string;
  readonly kind: string;
  readonly use: 'tuning' | 'test' | 'demo';
}

const FOLDER = join(packageRoot, 'recordings');

/** The committed recordings of one use. Nothing that decides a setting may look at `test` or `demo`. */
export function recordings(use: Recording['use']): Recording[] {
  const all = JSON.parse(readFileSync(join(FOLDER, 'manifest.json'), 'utf8')) as Recording[];
  return all.filter((recording) => recording.use === use);
}

/** A recording at 8 kHz. */
export function soundOf({ file }: Pick<Recording, 'file'>): Int16Array {
  const { rate, samples } = readMonoWav(readFileSync(join(FOLDER, file)));
  return resample(samples, rate, RATE);
}

/** What a telephone line makes of a sound: 300 to 3400 Hz and mu-law, in step with the original. */
export function telephone(samples: Int16Array): Int16Array {
  return decodeMulaw(encodeMulaw(bandPass(samples)));
}

/** The noise at this level, in dBFS. */
export function atLevel(noise: Int16Array, level: number): Int16Array {
  return scale(noise, fromDb(level - dbfs(noise)));
}

/** Levels of 10 ms, one every 5 ms, in dBFS; -120 for silence. */
export function levelsOf(samples: Int16Array): number[] {
  const [hop, size] = [RATE / 200, RATE / 100];
  const levels: number[] = [];
  for (let at = 0; at + size <= samples.length; at += hop) {
    levels.push(Math.max(-120, dbfs(samples.subarray(at, at + size))));
  }
  return levels;
}

/** The level that one in twenty of these levels exceeds: the loud parts of speech. */
export function loudOf(levels: readonly number[]): number {
  return percentile(levels, 95);
}

/** 257 taps: less than 1 dB down from 300 to 3400 Hz, more than 40 dB down below 200 Hz. */
const BAND = bandFilter(275, 3500, 257);

/** 300 to 3400 Hz alone, without delay. */
export function bandPass(samples: Int16Array): Int16Array {
  const out = new Int16Array(samples.length);
  const middle = (BAND.length - 1) / 2;
  for (let i = 0; i < out.length; i++) {
    const first = Math.max(0, middle - i);
    const last = Math.min(BAND.length, samples.length - i + middle);
    let sum = 0;
    for (let k = first; k < last; k++) sum += (BAND[k] as number) * (samples[i + k - middle] as number);
    out[i] = clip(sum);
  }
  return out;
}

function bandFilter(lowHz: number, highHz: number, taps: number): Float64Array {
  const middle = (taps - 1) / 2;
  const lowPass = (x: number, hz: number): number =>
    x === 0 ? (2 * hz) / RATE : Math.sin((2 * Math.PI * hz * x) / RATE) / (Math.PI * x);
  return Float64Array.from({ length: taps }, (_, i) => {
    const window = 0.5 + 0.5 * Math.cos((Math.PI * (i - middle)) / (middle + 1));
    return (lowPass(i - middle, highHz) - lowPass(i - middle, lowHz)) * window;
  });
}

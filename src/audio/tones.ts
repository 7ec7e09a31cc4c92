import type { Chance } from '../kit/ids.ts';
import { fromDb } from './level.ts';
import { clip, concatSamples } from './pcm.ts';

/** Sounds that are made, not recorded: keypad tones, line signals and noise. Levels are dBFS as in level.ts. */

/** Row and column frequencies of the keypad, in Hz (ITU-T Q.23). */
const DTMF: Readonly<Record<string, readonly [number, number]>> = {
  1: [697, 1209],
  2: [697, 1336],
  3: [697, 1477],
  A: [697, 1633],
  4: [770, 1209],
  5: [770, 1336],
  6: [770, 1477],
  B: [770, 1633],
  7: [852, 1209],
  8: [852, 1336],
  9: [852, 1477],
  C: [852, 1633],
  '*': [941, 1209],
  0: [941, 1336],
  '#': [941, 1477],
  D: [941, 1633],
};

/** Fades both ends of a tone over this time, so that it starts without a click. */
const EDGE_S = 0.003;

export function silence(seconds: number, rate: number): Int16Array {
  return new Int16Array(Math.round(seconds * rate));
}

/** Sines of these frequencies at once, `dbfs` in sum (root mean square). */
export function tone(hz: readonly number[], seconds: number, rate: number, dbfs: number): Int16Array {
  const out = new Int16Array(Math.round(seconds * rate));
  const amplitude = fromDb(dbfs) * 32_768 * Math.sqrt(2 / hz.length);
  const edge = EDGE_S * rate;
  for (let i = 0; i < out.length; i++) {
    let sum = 0;
    for (const frequency of hz) sum += Math.sin((2 * Math.PI * frequency * i) / rate);
    out[i] = clip(amplitude * sum * Math.min(1, (i + 1) / edge, (out.length - i) / edge));
  }
  return out;
}

/** Keypad tones, each `onMs` long with `offMs` of silence after it. Throws RangeError for a sign no keypad has. */
export function dtmf(
  digits: string,
  rate: number,
  options: { onMs?: number; offMs?: number; dbfs?: number } = {},
): Int16Array {
  const { onMs = 100, offMs = 100, dbfs = -13 } = options;
  const parts: Int16Array[] = [];
  for (const digit of digits) {
    const pair = DTMF[digit.toUpperCase()];
    if (!pair) throw new RangeError(`"${digit}" is not on a keypad; use 0-9, *, #, A-D`);
    parts.push(tone(pair, onMs / 1000, rate, dbfs), silence(offMs / 1000, rate));
  }
  return concatSamples(parts);
}

/** What a caller hears while it rings, North American: 440 and 480 Hz, two seconds on, four off. */
export function ringback(seconds: number, rate: number, dbfs = -19): Int16Array {
  const out = silence(seconds, rate);
  const ring = tone([440, 480], 2, rate, dbfs);
  for (let at = 0; at < out.length; at += 6 * rate) out.set(ring.subarray(0, out.length - at), at);
  return out;
}

/** The short tone before a recording starts. */
export function beep(rate: number, options: { hz?: number; ms?: number; dbfs?: number } = {}): Int16Array {
  const { hz = 1000, ms = 250, dbfs = -18 } = options;
  return tone([hz], ms / 1000, rate, dbfs);
}

/** Noise with the same power at every frequency. */
export function whiteNoise(seconds: number, rate: number, dbfs: number, chance: Chance): Int16Array {
  return toLevel(white(Math.round(seconds * rate), chance), dbfs);
}

/** Noise whose power falls by 3 dB per octave from 10 Hz up, as that of rooms and streets does. */
export function pinkNoise(seconds: number, rate: number, dbfs: number, chance: Chance): Int16Array {
  const sum = new Float64Array(Math.round(seconds * rate));
  // Equally strong low-passed noises, each with a quarter of the last one's band, add up to the slope within 1 dB.
  for (let corner = rate / 2; corner > 5; corner /= 4) {
    const keep = Math.exp((-2 * Math.PI * corner) / rate);
    const take = Math.sqrt(1 - keep * keep);
    const noise = white(sum.length, chance);
    let x = 0;
    for (let i = 0; i < sum.length; i++) {
      x = keep * x + take * (noise[i] as number);
      sum[i] = (sum[i] as number) + x;
    }
  }
  return toLevel(sum, dbfs);
}

/** Roughly normal values: the sum of four even ones. */
function white(count: number, chance: Chance): Float64Array {
  const bytes = chance.bytes(count * 4);
  return Float64Array.from({ length: count }, (_, i) => {
    const at = i * 4;
    const sum = (bytes[at] ?? 0) + (bytes[at + 1] ?? 0) + (bytes[at + 2] ?? 0) + (bytes[at + 3] ?? 0);
    return sum / 510 - 1;
  });
}

function toLevel(noise: Float64Array, dbfs: number): Int16Array {
  let sum = 0;
  for (const x of noise) sum += x * x;
  const factor = (fromDb(dbfs) * 32_768) / Math.sqrt(sum / Math.max(1, noise.length) || 1);
  return Int16Array.from(noise, (x) => clip(x * factor));
}

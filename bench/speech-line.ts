import { decodeMulaw, encodeMulaw } from '../src/audio/g711.ts';
import { fromDb } from '../src/audio/level.ts';
import { clip } from '../src/audio/pcm.ts';
import { bandPass, RATE } from './line-sound.ts';
import { seeded } from './speech-sets.ts';

/** How an utterance reaches the recogniser. */
export interface LineConditions {
  /** Added to the speech, in dB. */
  readonly gainDb: number;
  /** Level of white noise, in dB below full scale; a quiet line has about -66. */
  readonly noiseDbfs: number;
  readonly beforeMs: number;
  readonly afterMs: number;
  readonly seed: number;
}

/**
 * Speech as a stretch of a telephone call: silence around it, 300 to 3400 Hz, a hiss, mu-law.
 *
 * @param speech 8 kHz
 */
export function overTelephone(speech: Int16Array, line: LineConditions): Int16Array {
  const before = (line.beforeMs * RATE) / 1000;
  const sound = new Int16Array(before + speech.length + (line.afterMs * RATE) / 1000);
  const gain = fromDb(line.gainDb);
  for (let i = 0; i < speech.length; i++) sound[before + i] = clip((speech[i] ?? 0) * gain);
  const random = seeded(line.seed);
  // Uniform noise of amplitude a has the level a / √3.
  const amplitude = 32768 * fromDb(line.noiseDbfs) * Math.sqrt(3);
  const noisy = bandPass(sound).map((sample) => clip(sample + (random() * 2 - 1) * amplitude));
  return decodeMulaw(encodeMulaw(noisy));
}

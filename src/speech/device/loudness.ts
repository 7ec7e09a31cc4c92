/**
 * The level the decoder hears a caller at. Its mean is tuned to one level and adapts slowly, so a quiet line is
 * made louder before, by one gain for a whole stretch of speech: a gain that moves inside a word changes the word.
 */

/** The level of speech the decoder is used to, in dB below full scale. */
const TARGET_DBFS = -20;
const GAIN_MIN_DB = -12;
const GAIN_MAX_DB = 24;
/** Louder than this in its loudest frame, speech would be clipped. */
const PEAK_DBFS = -9;
/** How much of a new stretch's level enters the estimate. */
const NEW_SHARE = 0.4;
const FRAME = 160;
/** Below this nothing was said, and the level says nothing. */
const SILENCE_DBFS = -60;

/** The level of the louder fifth of some sound, and of its loudest 20 ms; in dB below full scale. */
export function speechLevel(samples: Float32Array): { readonly level: number; readonly loudest: number } {
  const energies: number[] = [];
  for (let at = 0; at + FRAME <= samples.length; at += FRAME) {
    let sum = 0;
    for (let i = at; i < at + FRAME; i++) sum += (samples[i] ?? 0) ** 2;
    energies.push(sum / FRAME);
  }
  energies.sort((a, b) => b - a);
  const loud = energies.slice(0, Math.max(1, Math.ceil(energies.length / 5)));
  const mean = loud.reduce((sum, energy) => sum + energy, 0) / Math.max(1, loud.length);
  const decibels = (energy: number) => 10 * Math.log10(energy + 1e-12);
  return { level: decibels(mean), loudest: decibels(energies[0] ?? 0) };
}

/** One caller's level, learned stretch by stretch. */
export class Loudness {
  #levelDbfs: number | undefined;
  #loudestDbfs = -120;

  get known(): boolean {
    return this.#levelDbfs !== undefined;
  }

  /** The factor that brings this caller to the usual level. */
  get gain(): number {
    const gainDb = Math.min(TARGET_DBFS - (this.#levelDbfs ?? TARGET_DBFS), PEAK_DBFS - this.#loudestDbfs);
    return 10 ** (Math.max(GAIN_MIN_DB, Math.min(GAIN_MAX_DB, gainDb)) / 20);
  }

  /** @param samples speech as it came, before any gain */
  learn(samples: Float32Array): void {
    const { level, loudest } = speechLevel(samples);
    if (level < SILENCE_DBFS) return;
    this.#loudestDbfs = Math.max(this.#loudestDbfs, loudest);
    this.#levelDbfs =
      this.#levelDbfs === undefined ? level : this.#levelDbfs + NEW_SHARE * (level - this.#levelDbfs);
  }

  reset(): void {
    this.#levelDbfs = undefined;
    this.#loudestDbfs = -120;
  }
}

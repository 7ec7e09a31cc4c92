import { resample } from '../../audio/resample.ts';
import type { Flite } from './flite.ts';

/** Samples per second a piece is delivered at. */
export interface SpokenPiece {
  readonly samples: Int16Array;
  readonly rate: number;
}

/** Pieces kept for the next time, in samples: about a minute at 8 kHz. A call says many of its sentences twice. */
const KEPT_MAX = 500_000;

/** Synthesises pieces of text, and remembers the last ones. */
export class Speaking {
  readonly #flite: Flite;
  readonly #kept = new Map<string, SpokenPiece>();
  #keptSamples = 0;

  constructor(flite: Flite) {
    this.#flite = flite;
  }

  /** @throws Error when the voice is not loaded or the synthesis fails */
  speak(voice: string, rate: number, text: string): SpokenPiece {
    const key = `${voice} ${rate} ${text}`;
    const known = this.#kept.get(key);
    if (known) {
      this.#kept.delete(key);
      this.#kept.set(key, known);
      return known;
    }
    const speech = this.#flite.speak(voice, text);
    const piece = { samples: resample(speech.samples, speech.rate, rate), rate };
    this.#kept.set(key, piece);
    this.#keptSamples += piece.samples.length;
    for (const [oldest, { samples }] of this.#kept) {
      if (this.#keptSamples <= KEPT_MAX) break;
      this.#kept.delete(oldest);
      this.#keptSamples -= samples.length;
    }
    return piece;
  }
}

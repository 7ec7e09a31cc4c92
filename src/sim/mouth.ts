import { speechBounds } from './segments.ts';
import { Track } from './track.ts';

/** One thing the caller said, with its place on the axis: exactly what was played, not an estimate. */
export interface Utterance {
  readonly text: string;
  /** First and last sound of it, in milliseconds of the axis; silence at the ends of the recording is left out. */
  readonly fromMs: number;
  readonly toMs: number;
  /** It began while the agent was speaking, on purpose. */
  readonly bargeIn: boolean;
  /** The caller is going to say more before listening: a pause in one turn follows. */
  readonly goesOn: boolean;
}

/** How much of a recording is kept before its first and after its last sound, in milliseconds. */
const LEAD_MS = 60;
const TAIL_MS = 120;

/**
 * What the caller says: recordings and pauses on the axis of the caller's samples. The carrier takes frame after
 * frame from it, silence where nothing is being said.
 */
export class Mouth {
  readonly rate: number;
  readonly #track: Track;
  readonly #utterances: Utterance[] = [];
  #taken = 0;
  #lastSpeechEnd = 0;

  constructor(rate: number) {
    this.rate = rate;
    this.#track = new Track(rate);
  }

  get utterances(): readonly Utterance[] {
    return this.#utterances;
  }

  /** When everything said so far is over, in milliseconds of the axis. */
  get busyUntilMs(): number {
    return this.#toMs(this.#lastSpeechEnd);
  }

  /**
   * Says it from `nowMs` on, or after what is still being said.
   * @param samples at the mouth's rate
   */
  say(
    samples: Int16Array,
    text: string,
    nowMs: number,
    how: { readonly bargeIn?: boolean; readonly goesOn?: boolean } = {},
  ): Utterance {
    const bounds = speechBounds(samples, this.rate) ?? { from: 0, to: samples.length };
    // Long silence around a recording would only blur the moments the script is about, but the quiet edges of the
    // first and last sound belong to the words.
    const from = Math.max(0, bounds.from - this.#samplesIn(LEAD_MS));
    const sound = samples.subarray(from, bounds.to + this.#samplesIn(TAIL_MS));
    const at = Math.max(this.#taken, this.#samplesIn(nowMs), this.#lastSpeechEnd);
    this.#track.write(at, sound);
    this.#lastSpeechEnd = at + sound.length;
    const utterance: Utterance = {
      text,
      fromMs: this.#toMs(at + bounds.from - from),
      toMs: this.#toMs(at + bounds.to - from),
      bargeIn: how.bargeIn ?? false,
      goesOn: how.goesOn ?? false,
    };
    this.#utterances.push(utterance);
    return utterance;
  }

  /** The next samples on the axis. */
  take(count: number): Int16Array {
    const frame = new Int16Array(count);
    frame.set(this.#track.view(this.#taken, this.#taken + count));
    this.#taken += count;
    return frame;
  }

  /** Plays something that is no speech over what is being said, such as the tone of a key. */
  sound(samples: Int16Array, nowMs: number): void {
    this.#track.write(Math.max(this.#taken, this.#samplesIn(nowMs)), samples);
  }

  /** Nothing is being said in `[taken, taken + count)`. */
  isQuiet(count: number): boolean {
    return this.#track.view(this.#taken, this.#taken + count).every((sample) => sample === 0);
  }

  /** Everything taken so far. */
  said(): Int16Array {
    return this.#track.copy(this.#taken);
  }

  #toMs(samples: number): number {
    return (samples * 1000) / this.rate;
  }

  #samplesIn(ms: number): number {
    return Math.round((ms * this.rate) / 1000);
  }
}

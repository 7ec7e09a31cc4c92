const RATE = 16_000;
/** What a turn model looks at. */
const KEPT_S = 8;

/**
 * The last 8 s of the caller at 16 kHz, as they were converted once for voice activity. Owns its samples. Times are
 * milliseconds of the view, which is late by its resampler's delay.
 */
export class WideView {
  readonly #ring = new Int16Array(KEPT_S * RATE);
  #end = 0;

  push(samples: Int16Array): void {
    const last = samples.subarray(Math.max(0, samples.length - this.#ring.length));
    this.#end += samples.length - last.length;
    for (let from = 0; from < last.length; ) {
      const at = this.#end % this.#ring.length;
      const run = Math.min(last.length - from, this.#ring.length - at);
      this.#ring.set(last.subarray(from, from + run), at);
      this.#end += run;
      from += run;
    }
  }

  /** A copy of everything since then, at most 8 s. */
  since(ms: number): Int16Array {
    const from = Math.max(0, this.#end - this.#ring.length, Math.round((ms / 1000) * RATE));
    const out = new Int16Array(Math.max(0, this.#end - from));
    for (let done = 0; done < out.length; ) {
      const at = (from + done) % this.#ring.length;
      const run = Math.min(out.length - done, this.#ring.length - at);
      out.set(this.#ring.subarray(at, at + run), done);
      done += run;
    }
    return out;
  }
}

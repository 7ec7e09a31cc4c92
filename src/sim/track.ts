/**
 * Samples on one time axis, written where they belong and silent everywhere else: what one side of a simulated call
 * said or heard. Grows as it is written, up to a limit, because a call has one too.
 */
export class Track {
  readonly rate: number;
  readonly #limit: number;
  #samples: Int16Array;
  #length = 0;

  /** @param limitS how many seconds are kept; later samples are dropped */
  constructor(rate: number, limitS = 3600) {
    this.rate = rate;
    this.#limit = Math.round(limitS * rate);
    this.#samples = new Int16Array(rate * 8);
  }

  /** Samples from the axis' origin to the last one written. */
  get length(): number {
    return this.#length;
  }

  write(at: number, samples: Int16Array): void {
    const end = Math.min(this.#limit, at + samples.length);
    if (end <= at) return;
    if (end > this.#samples.length) {
      const grown = new Int16Array(Math.max(end, this.#samples.length * 2));
      grown.set(this.#samples.subarray(0, this.#length));
      this.#samples = grown;
    }
    this.#samples.set(samples.subarray(0, end - at), at);
    this.#length = Math.max(this.#length, end);
  }

  /** Takes back everything from `at` on: it was written for a future that did not come. */
  cut(at: number): void {
    if (at >= this.#length) return;
    this.#samples.fill(0, at, this.#length);
    this.#length = at;
  }

  /** A view of `[from, to)`, shorter where nothing has been written; valid until the next write. */
  view(from = 0, to = this.#length): Int16Array {
    return this.#samples.subarray(Math.max(0, from), Math.max(0, Math.min(to, this.#length)));
  }

  /** A copy of everything, padded with silence to `length` samples. */
  copy(length = this.#length): Int16Array {
    const out = new Int16Array(length);
    out.set(this.view(0, Math.min(length, this.#length)));
    return out;
  }
}

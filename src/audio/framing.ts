/** Cuts a stream of chunks of any length into frames of one size; what is left waits for the next chunk. */
export class Framer {
  readonly size: number;
  readonly #rest: Int16Array;
  #held = 0;

  /** @param size samples per frame, at least 1 */
  constructor(size: number) {
    if (!Number.isInteger(size) || size < 1) throw new RangeError(`a frame of ${size} samples cannot be cut`);
    this.size = size;
    this.#rest = new Int16Array(size);
  }

  /** Samples that wait for their frame to fill, less than `size`. */
  get held(): number {
    return this.#held;
  }

  /** The frames this chunk completes, in order, each with its own memory. */
  push(samples: Int16Array): Int16Array[] {
    const frames: Int16Array[] = [];
    let at = 0;
    while (at < samples.length) {
      const take = Math.min(this.size - this.#held, samples.length - at);
      this.#rest.set(samples.subarray(at, at + take), this.#held);
      this.#held += take;
      at += take;
      if (this.#held === this.size) {
        frames.push(this.#rest.slice());
        this.#held = 0;
      }
    }
    return frames;
  }

  /** The last, incomplete frame filled up with silence; undefined when nothing waits. */
  flush(): Int16Array | undefined {
    if (this.#held === 0) return undefined;
    const frame = new Int16Array(this.size);
    frame.set(this.#rest.subarray(0, this.#held));
    this.#held = 0;
    return frame;
  }

  reset(): void {
    this.#held = 0;
  }
}

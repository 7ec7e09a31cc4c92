/**
 * What the caller said: the last 60 s at the line's rate, addressed by position. The only place that keeps the
 * caller's audio; voice activity, recogniser, turn model, echo guard and messages read it here.
 *
 * In: samples of the line with their position. Out: samples by position.
 * Invariants: positions only grow and have no holes; what never arrived is silence, and `gapIn` knows it.
 */
export class CallerAudio {
  readonly rate: number;
  readonly #ring: Int16Array;
  #end = 0;
  /** A line that counts samples instead of time has not moved on during silence that was put in for it. */
  #shift = 0;
  #putIn = 0;
  #gaps: { readonly from: number; readonly to: number }[] = [];

  constructor(rate: number, keptSeconds = 60) {
    this.rate = rate;
    this.#ring = new Int16Array(rate * keptSeconds);
  }

  /** The position after the last sample. */
  get end(): number {
    return this.#end;
  }

  /** Milliseconds of audio so far. */
  get endMs(): number {
    return (this.#end / this.rate) * 1000;
  }

  positionOf(ms: number): number {
    return Math.round((ms / 1000) * this.rate);
  }

  /**
   * Adds samples that begin at the line's position `at`: a jump is filled with silence, what overlaps is dropped.
   * @returns how many samples of silence were filled in
   */
  append(at: number, samples: Int16Array): number {
    let from = at + this.#shift;
    if (from < this.#end && this.#putIn > 0) {
      const behind = Math.min(this.#end - from, this.#putIn);
      this.#shift += behind;
      from += behind;
    }
    this.#putIn = 0;
    if (from < this.#end) {
      const late = this.#end - from;
      if (late < samples.length) this.#write(samples.subarray(late));
      return 0;
    }
    const gap = from - this.#end;
    if (gap > 0) this.#fill(gap, true);
    this.#write(samples);
    return gap;
  }

  /** Counts time without media as silence, for carriers that send nothing while the caller is quiet. */
  silence(samples: number): void {
    this.#fill(samples, false);
    this.#putIn += samples;
  }

  /** A copy of the samples from `from` up to `to`; what is older than the memory, or not yet there, is left out. */
  read(from: number, to: number): Int16Array {
    const start = Math.max(from, this.#end - this.#ring.length, 0);
    const stop = Math.min(to, this.#end);
    if (stop <= start) return new Int16Array(0);
    const out = new Int16Array(stop - start);
    const first = start % this.#ring.length;
    const straight = Math.min(out.length, this.#ring.length - first);
    out.set(this.#ring.subarray(first, first + straight));
    if (straight < out.length) out.set(this.#ring.subarray(0, out.length - straight), straight);
    return out;
  }

  /** How many of the samples between two positions never arrived. */
  gapIn(from: number, to: number): number {
    let missing = 0;
    for (const gap of this.#gaps) missing += Math.max(0, Math.min(gap.to, to) - Math.max(gap.from, from));
    return missing;
  }

  #fill(samples: number, marked: boolean): void {
    if (marked) {
      this.#gaps.push({ from: this.#end, to: this.#end + samples });
      const oldest = this.#end - this.#ring.length;
      while (this.#gaps[0] && this.#gaps[0].to < oldest) this.#gaps.shift();
    }
    // Silence longer than the memory would only be written over itself.
    const skipped = Math.max(0, samples - this.#ring.length);
    this.#end += skipped;
    for (let left = samples - skipped; left > 0; ) {
      const at = this.#end % this.#ring.length;
      const run = Math.min(left, this.#ring.length - at);
      this.#ring.fill(0, at, at + run);
      this.#end += run;
      left -= run;
    }
  }

  #write(samples: Int16Array): void {
    for (let from = 0; from < samples.length; ) {
      const at = this.#end % this.#ring.length;
      const run = Math.min(samples.length - from, this.#ring.length - at);
      this.#ring.set(samples.subarray(from, from + run), at);
      this.#end += run;
      from += run;
    }
  }
}

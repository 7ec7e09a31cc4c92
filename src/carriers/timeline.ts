/** How far a carrier's clock may run ahead of ours before its gaps are cut: no honest silence is from the future. */
const AHEAD_MAX_MS = 10_000;
/** Timestamps wobble; less than this is no gap, or each wobble would put a click into the caller's speech. */
const TOLERANCE_MS = 15;
/** A pause in the arrival of audio without timestamps that counts as silence left out, not as a slow network. */
const OMITTED_MS = 750;

/** Where each chunk of a caller's audio belongs, in samples since the line's start. Never goes back. */
export class Timeline {
  readonly #rate: number;
  readonly #startMs: number;
  /** The position after the last sample placed. */
  #end = 0;
  #arrivedMs: number;
  /** Samples cut from gaps so far; the carrier's clock and ours differ by it. */
  #cut = 0;

  /** @param startMs monotonic time of the start message */
  constructor(rate: number, startMs: number) {
    this.#rate = rate;
    this.#startMs = startMs;
    this.#arrivedMs = startMs;
  }

  /** By the carrier's own timestamp of the first sample, in milliseconds since the start; undefined: directly after the last. */
  byTimestamp(timestampMs: number | undefined, count: number, nowMs: number): number {
    if (timestampMs !== undefined) this.#advance(this.#samples(timestampMs) - this.#cut, nowMs);
    return this.#take(count);
  }

  /**
   * By the moment of arrival, for carriers without timestamps that may leave silence out. Only a long pause counts, and
   * only that one: what a client loses in small pieces must not add up to a hole in the middle of a word.
   */
  byArrival(count: number, nowMs: number): number {
    const pause = this.#samples(nowMs - this.#arrivedMs) - count;
    this.#arrivedMs = nowMs;
    if (pause >= this.#samples(OMITTED_MS)) this.#end += pause;
    return this.#take(count);
  }

  #advance(to: number, nowMs: number): void {
    if (to - this.#end < this.#samples(TOLERANCE_MS)) return;
    const latest = this.#samples(nowMs - this.#startMs + AHEAD_MAX_MS);
    const allowed = Math.max(this.#end, Math.min(to, latest));
    this.#cut += to - allowed;
    this.#end = allowed;
  }

  #take(count: number): number {
    const at = this.#end;
    this.#end += count;
    return at;
  }

  #samples(ms: number): number {
    return Math.round((ms * this.#rate) / 1000);
  }
}

import type { Clock } from '../kit/clock.ts';
import type { Line } from '../ports/line.ts';

/** One value per so many milliseconds: enough to find an echo by. */
const LEVEL_STEP_MS = 10;
/** How far back the levels of what the agent said are kept: longer than any line delays. */
const KEPT_MS = 60_000;
const SLOTS = KEPT_MS / LEVEL_STEP_MS;
/** The line's own delay is the least seen among so many marks: the way of a mark back adds to the others. */
const LAGS_KEPT = 8;

/**
 * What the agent said, as it is likely to sound at the caller's ear. Owns the generation, the moment up to which the
 * loudspeaker has something to play, the line's measured delay, and the loudness of the last minute.
 *
 * In: samples to send, flushes, marks that came back. Out: the line's `send` and `flush`; loudness by time.
 */
export class AgentAudio {
  readonly #clock: Clock;
  readonly #line: Line;
  readonly #powers = new Float32Array(SLOTS);
  /** Which slot each value belongs to, so that old values are not taken for new ones. */
  readonly #slots = new Float64Array(SLOTS).fill(-1);
  #generation = 0;
  #playEnd = 0;
  #lags: number[] = [];

  constructor(clock: Clock, line: Line) {
    this.#clock = clock;
    this.#line = line;
  }

  get generation(): number {
    return this.#generation;
  }

  /** How much is on its way to the loudspeaker, in milliseconds. */
  get aheadMs(): number {
    return Math.max(0, this.#playEnd - this.#clock.now());
  }

  /** When the loudspeaker runs dry, without the line's delay. */
  get playEnd(): number {
    return this.#playEnd;
  }

  /** From sending to sounding on an empty buffer, in milliseconds; 0 until a mark has told. */
  get delayMs(): number {
    return this.#lags.length === 0 ? 0 : Math.min(...this.#lags);
  }

  /** @returns the monotonic time at which these samples begin to play, without the line's delay */
  send(samples: Int16Array): number {
    const start = Math.max(this.#clock.now(), this.#playEnd);
    const { rate } = this.#line.facts;
    this.#line.send(samples, this.#generation);
    this.#playEnd = start + (samples.length / rate) * 1000;
    this.#remember(samples, start, rate);
    return start;
  }

  /** Takes back everything not yet played. */
  flush(): void {
    this.#generation++;
    this.#line.flush(this.#generation);
    const now = this.#clock.now();
    if (this.#playEnd <= now) return;
    for (let slot = Math.ceil(now / LEVEL_STEP_MS); slot * LEVEL_STEP_MS < this.#playEnd; slot++)
      this.#slots[slot % SLOTS] = -1;
    this.#playEnd = now;
  }

  /** A mark came back so long after its audio should have been played. */
  lagged(ms: number): void {
    this.#lags.push(Math.max(0, ms));
    if (this.#lags.length > LAGS_KEPT) this.#lags.shift();
  }

  /** Mean square of the samples (full scale = 1) that should have been playing at this monotonic time. */
  powerAt(ms: number): number {
    const slot = Math.floor(ms / LEVEL_STEP_MS);
    return this.#slots[slot % SLOTS] === slot ? (this.#powers[slot % SLOTS] ?? 0) : 0;
  }

  #remember(samples: Int16Array, start: number, rate: number): void {
    const step = Math.round((rate * LEVEL_STEP_MS) / 1000);
    for (let from = 0; from < samples.length; from += step) {
      const to = Math.min(samples.length, from + step);
      let sum = 0;
      for (let i = from; i < to; i++) sum += (samples[i] as number) ** 2;
      const slot = Math.floor((start + (from / rate) * 1000) / LEVEL_STEP_MS);
      this.#powers[slot % SLOTS] = sum / (to - from) / 32_768 ** 2;
      this.#slots[slot % SLOTS] = slot;
    }
  }
}

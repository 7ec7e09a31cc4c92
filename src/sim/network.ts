import type { Clock } from '../kit/clock.ts';
import { type Chance, seededChance } from '../kit/ids.ts';

/** A network between the simulated carrier and the other side; without any of these, messages arrive at once. */
export interface NetworkOptions {
  /** One way, in milliseconds. */
  readonly delayMs?: number;
  /** Up to this much more, evenly spread, in milliseconds; order is kept, as TCP does. */
  readonly jitterMs?: number;
  /** Every so often nothing passes for a while, and then everything at once. */
  readonly bursts?: { readonly everyMs: number; readonly holdMs: number };
  /** Makes the jitter repeatable. */
  readonly seed?: number;
}

/** One direction of it. */
export class Network {
  readonly #clock: Clock;
  readonly #options: NetworkOptions;
  readonly #chance: Chance;
  readonly #startMs: number;
  readonly #waiting: { readonly at: number; readonly run: () => void }[] = [];
  #lastAt = 0;
  #armed = false;

  constructor(clock: Clock, options: NetworkOptions, direction: 'out' | 'in') {
    this.#clock = clock;
    this.#options = options;
    this.#chance = seededChance((options.seed ?? 1) * 2 + (direction === 'in' ? 1 : 0));
    this.#startMs = clock.now();
  }

  /** Runs it when the message has passed, in order. */
  pass(run: () => void): void {
    const now = this.#clock.now();
    const at = Math.max(this.#lastAt, this.#arrival(now));
    if (at <= now && this.#waiting.length === 0) {
      run();
      return;
    }
    this.#lastAt = at;
    this.#waiting.push({ at, run });
    this.#arm();
  }

  #arrival(now: number): number {
    const { delayMs = 0, jitterMs = 0, bursts } = this.#options;
    let at = now + delayMs;
    if (jitterMs > 0) at += (jitterMs * (this.#chance.bytes(1)[0] ?? 0)) / 255;
    if (bursts) {
      const into = (at - this.#startMs) % bursts.everyMs;
      if (into < bursts.holdMs && at - this.#startMs >= bursts.everyMs) at += bursts.holdMs - into;
    }
    return at;
  }

  #arm(): void {
    const next = this.#waiting[0];
    if (this.#armed || !next) return;
    this.#armed = true;
    this.#clock.after(Math.max(0, next.at - this.#clock.now()), () => {
      this.#armed = false;
      const now = this.#clock.now();
      for (let due = this.#waiting[0]; due && due.at <= now + 0.5; due = this.#waiting[0]) {
        this.#waiting.shift();
        due.run();
      }
      this.#arm();
    });
  }
}

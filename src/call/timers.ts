import type { CancelTimer } from '../kit/clock.ts';
import type { Scope } from '../kit/scope.ts';
import type { Effect } from './turn/effects.ts';

/**
 * The turn machine's timers. Owns which are running; `fire` is called once for each that ran out.
 *
 * Timers on the caller's audio go off when that much audio has arrived, however long it took: a stalled network stands
 * still for them. The others go by the machine's own clock. None outlives the scope.
 */
export class Timers {
  readonly #scope: Scope;
  readonly #fire: (timer: string) => void;
  readonly #monotonic = new Map<string, CancelTimer>();
  #media: { readonly timer: string; readonly atMs: number }[] = [];

  constructor(scope: Scope, fire: (timer: string) => void) {
    this.#scope = scope;
    this.#fire = fire;
  }

  start(effect: Extract<Effect, { kind: 'timer' }>): void {
    if (effect.clock === 'media') {
      this.#media.push({ timer: effect.timer, atMs: effect.atMs });
      return;
    }
    const { timer } = effect;
    const cancel = this.#scope.after(effect.afterMs, () => {
      this.#monotonic.delete(timer);
      this.#fire(timer);
    });
    this.#monotonic.set(timer, cancel);
  }

  cancel(timer: string): void {
    this.#monotonic.get(timer)?.();
    this.#monotonic.delete(timer);
    this.#media = this.#media.filter((other) => other.timer !== timer);
  }

  /** The earliest timer on the caller's audio, in milliseconds; Infinity when there is none. */
  get nextMediaMs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { atMs } of this.#media) if (atMs < next) next = atMs;
    return next;
  }

  /** So much of the caller's audio has arrived, and everything in it has been reported. */
  advance(mediaMs: number): void {
    while (this.nextMediaMs <= mediaMs) {
      const due = this.#media.reduce((first, other) => (other.atMs < first.atMs ? other : first));
      this.#media = this.#media.filter((other) => other !== due);
      this.#fire(due.timer);
    }
  }

  clear(): void {
    for (const cancel of this.#monotonic.values()) cancel();
    this.#monotonic.clear();
    this.#media = [];
  }
}

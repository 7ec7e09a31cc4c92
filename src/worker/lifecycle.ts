import type { Refusal } from '../contract/errors.ts';
import type { Clock } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';
import { type Life, type LifeEffect, type LifeEvent, newLife, next, refusal, stateOf } from './state.ts';

export interface LifecycleOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** TCP mode. */
  readonly alwaysOpen: boolean;
  /** Carries one effect out. It may send events; they are taken after the effects under way. */
  readonly act: (effect: LifeEffect) => void;
  /** Told of each change of the state or of draining, before its effects. */
  readonly changed?: (life: Life) => void;
}

/** The one owner of a worker's life: applies events, logs each change, then carries the effects out, in order. */
export class Lifecycle {
  readonly #options: LifecycleOptions;
  #life: Life;
  #sinceMs: number;
  #queue: LifeEvent[] = [];
  #running = false;

  constructor(options: LifecycleOptions) {
    this.#options = options;
    this.#life = newLife(options.alwaysOpen);
    this.#sinceMs = options.clock.wall();
  }

  get life(): Life {
    return this.#life;
  }

  /** When the present state began, in milliseconds since 1970 UTC. */
  get sinceMs(): number {
    return this.#sinceMs;
  }

  refusal(): Refusal | undefined {
    return refusal(this.#life);
  }

  /** Takes the seat in one step, without any wait between the check and the claim; or says why not. */
  claim(): Refusal | undefined {
    const refused = refusal(this.#life);
    if (!refused) this.#apply({ kind: 'claimed' });
    return refused;
  }

  send(event: LifeEvent): void {
    this.#queue.push(event);
    if (this.#running) return;
    this.#running = true;
    try {
      for (let event = this.#queue.shift(); event; event = this.#queue.shift()) this.#apply(event);
    } finally {
      this.#running = false;
    }
  }

  #apply(event: LifeEvent): void {
    const before = this.#life;
    const [after, effects] = next(before, event);
    this.#life = after;
    if (stateOf(before) !== stateOf(after)) {
      this.#sinceMs = this.#options.clock.wall();
      this.#options.log.info('worker state', {
        state: stateOf(after),
        from: stateOf(before),
        why: event.kind,
      });
    }
    if (before.draining !== after.draining) {
      this.#options.log.info('worker draining', { draining: after.draining, from: before.draining });
    }
    if (stateOf(before) !== stateOf(after) || before.draining !== after.draining)
      this.#options.changed?.(after);
    for (const effect of effects) this.#options.act(effect);
  }
}

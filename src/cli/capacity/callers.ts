import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { type Clock, sleep } from '../../kit/clock.ts';
import type { ReadyStep } from '../../sim/caller.ts';
import type { FarEnd } from '../../sim/far-end.ts';
import { type CallPlan, placeCall } from '../../sim/place-call.ts';

/** Everything callers have seen since the first of them called. */
export interface CallerTotals {
  readonly callSeconds: number;
  readonly underruns: number;
}

/** Between two callers who begin, so that they do not all speak at once. */
const APART_MS = 150;
/** After a call that was refused or broke, until the next try. */
const RETRY_MS = 250;
/** How often the callers' own loop is looked at. */
const LOOP_LOOK_MS = 10;

/** As many callers as are wanted: each calls again when its call is over. */
export class Callers {
  readonly #plan: CallPlan;
  readonly #steps: readonly ReadyStep[];
  readonly #clock: Clock;
  readonly #wanted: { readonly stop: AbortController; readonly over: Promise<void> }[] = [];
  readonly #live = new Map<FarEnd, number>();
  readonly #loop: IntervalHistogram = monitorEventLoopDelay({ resolution: LOOP_LOOK_MS });
  #past: CallerTotals = { callSeconds: 0, underruns: 0 };

  constructor(options: { plan: CallPlan; steps: readonly ReadyStep[]; clock: Clock }) {
    this.#plan = options.plan;
    this.#steps = options.steps;
    this.#clock = options.clock;
    this.#loop.enable();
  }

  /** Brings the number of callers to `count`; those who are too many hang up. */
  async set(count: number): Promise<void> {
    for (let more = 0; this.#wanted.length < count; more++) {
      const stop = new AbortController();
      this.#wanted.push({ stop, over: this.#callAgain(stop.signal, more * APART_MS) });
    }
    const less = this.#wanted.splice(count);
    for (const { stop } of less) stop.abort(new Error('enough'));
    await Promise.all(less.map(({ over }) => over));
  }

  totals(): CallerTotals {
    let { callSeconds, underruns } = this.#past;
    for (const [far, begunMs] of this.#live) {
      callSeconds += (this.#clock.now() - begunMs) / 1000;
      underruns += far.loudspeaker.underruns().length;
    }
    return { callSeconds, underruns };
  }

  /** The longest this process itself was late since it was last asked, in milliseconds. */
  lateMs(): number {
    const { max, count } = this.#loop;
    this.#loop.reset();
    return count === 0 ? 0 : Math.max(0, max / 1e6 - LOOP_LOOK_MS);
  }

  async #callAgain(signal: AbortSignal, waitMs: number): Promise<void> {
    await this.#pause(waitMs, signal);
    while (!signal.aborted) {
      try {
        await this.#call(signal);
      } catch {
        // Refused, or broken off: it shows as time nobody was connected.
        await this.#pause(RETRY_MS, signal);
      }
    }
  }

  async #call(signal: AbortSignal): Promise<void> {
    let far: FarEnd | undefined;
    const hangUp = () => far?.hangUp();
    signal.addEventListener('abort', hangUp, { once: true });
    try {
      await placeCall(this.#plan, this.#steps, this.#clock, {
        begun: (line) => {
          far = line;
          this.#live.set(line, this.#clock.now());
          if (signal.aborted) hangUp();
        },
      });
    } finally {
      signal.removeEventListener('abort', hangUp);
      if (far) this.#ended(far);
    }
  }

  #ended(far: FarEnd): void {
    this.#past = {
      callSeconds: this.#past.callSeconds + (this.#clock.now() - (this.#live.get(far) ?? 0)) / 1000,
      underruns: this.#past.underruns + far.loudspeaker.underruns().length,
    };
    this.#live.delete(far);
    far.release();
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    await sleep(this.#clock, ms, signal).catch(() => undefined);
  }
}

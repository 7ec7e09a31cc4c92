import type { CancelTimer, Clock } from './clock.ts';

interface Pending {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/**
 * A clock that moves only when it is told to, from timer to timer, and never while somebody holds it.
 *
 * Between two timers it gives pending promises their turn, so that a chain of awaits started by one timer has come
 * to rest before the next one fires: the order of events is the same on every run and on every machine.
 */
export class VirtualClock implements Clock {
  #nowMs = 0;
  #order = 0;
  #holds = 0;
  #released: (() => void) | undefined;
  #pending: Pending[] = [];
  readonly #wallStartMs: number;

  /** @param wallStartMs what `wall()` says at virtual time 0, in milliseconds since 1970 UTC. */
  constructor(wallStartMs = Date.UTC(2026, 0, 5, 15, 0, 0)) {
    this.#wallStartMs = wallStartMs;
  }

  now(): number {
    return this.#nowMs;
  }

  wall(): number {
    return this.#wallStartMs + this.#nowMs;
  }

  after(delayMs: number, run: () => void): CancelTimer {
    const entry: Pending = { at: this.#nowMs + Math.max(0, delayMs), order: this.#order++, run };
    this.#pending.push(entry);
    return () => {
      this.#pending = this.#pending.filter((other) => other !== entry);
    };
  }

  hold(): () => void {
    this.#holds++;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#holds--;
      if (this.#holds === 0) this.#released?.();
    };
  }

  /** Runs everything due up to `untilMs` (absolute virtual time), or until nothing is left to run. */
  async runUntil(untilMs: number): Promise<void> {
    for (;;) {
      await this.#settle();
      const next = this.#next();
      if (next === undefined || next.at > untilMs) break;
      this.#pending = this.#pending.filter((entry) => entry !== next);
      this.#nowMs = Math.max(this.#nowMs, next.at);
      next.run();
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  /** Runs until `done` settles or `limitMs` of virtual time have passed (then it rejects). */
  async runUntilSettled<T>(done: Promise<T>, limitMs: number): Promise<T> {
    let settled = false;
    const mark = () => {
      settled = true;
    };
    void done.then(mark, mark);
    const end = this.#nowMs + limitMs;
    for (;;) {
      await this.#settle();
      if (settled) return done;
      const next = this.#next();
      if (next === undefined)
        throw new Error(`nothing is left to happen at ${this.#nowMs} ms, and it is not done`);
      if (next.at > end) throw new Error(`not done after ${limitMs} ms of virtual time`);
      await this.runUntil(next.at);
    }
  }

  #next(): Pending | undefined {
    let first: Pending | undefined;
    for (const entry of this.#pending) {
      if (!first || entry.at < first.at || (entry.at === first.at && entry.order < first.order))
        first = entry;
    }
    return first;
  }

  /** Lets promises run dry, and waits while anybody holds the clock. */
  async #settle(): Promise<void> {
    for (;;) {
      // setImmediate runs after all promise jobs and ready I/O; three rounds let work that hops between them finish.
      for (let round = 0; round < 3; round++)
        await new Promise<void>((resolve) => void setImmediate(resolve));
      if (this.#holds === 0) return;
      await new Promise<void>((resolve) => {
        this.#released = resolve;
      });
      this.#released = undefined;
    }
  }
}

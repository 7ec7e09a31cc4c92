/**
 * Time as an input. This file and its virtual twin are the only places that read the time or set a timer, so that
 * a call can be driven by a virtual clock and replayed.
 */

/** Cancels the timer it came from; calling it again, or after the timer has fired, does nothing. */
export type CancelTimer = () => void;

export interface Clock {
  /** Monotonic milliseconds since an arbitrary start; fractional. */
  now(): number;
  /** Wall-clock milliseconds since 1970-01-01 UTC. Never used to measure a duration. */
  wall(): number;
  /** Calls `run` once, `delayMs` from now; soon when that is not above zero. A timer never keeps the process alive by itself. */
  after(delayMs: number, run: () => void): CancelTimer;
  /**
   * Says that work is under way whose result belongs to this moment. A virtual clock does not advance while a hold
   * is taken; the real clock cannot be stopped and ignores it. Release by calling the result, once.
   */
  hold(): () => void;
}

/** The machine's own clock. */
export const realClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(delayMs, run) {
    // A moment that has just passed is now; Node 24 warns on standard error of a delay below zero.
    const timer = setTimeout(run, Math.max(0, delayMs));
    timer.unref();
    return () => clearTimeout(timer);
  },
  hold: () => () => undefined,
};

/**
 * Keeps the process running until the result is called. The clock's timers do not, so a command that waits for nothing
 * else would end, with code 13, in the middle of its work.
 */
export function keepAlive(): () => void {
  const timer = setInterval(() => undefined, 60_000);
  return () => clearInterval(timer);
}

/** Resolves after `delayMs`; rejects with the signal's reason when it is aborted first. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const onAbort = () => {
      cancel();
      reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
    };
    const cancel = clock.after(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

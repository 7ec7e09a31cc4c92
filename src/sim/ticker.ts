import type { CancelTimer, Clock } from '../kit/clock.ts';

/**
 * Calls `tick` with 0, 1, 2 … at the end of each period, without drift: a late timer is followed by as many ticks as
 * were missed, which is how a carrier's audio arrives after trouble too.
 * @returns a function that stops it
 */
export function startTicker(clock: Clock, periodMs: number, tick: (count: number) => void): () => void {
  const startMs = clock.now();
  const state: { count: number; stopped: boolean; cancel: CancelTimer } = {
    count: 0,
    stopped: false,
    cancel: () => undefined,
  };
  const arm = () => {
    state.cancel = clock.after(startMs + (state.count + 1) * periodMs - clock.now(), () => {
      while (!state.stopped && startMs + (state.count + 1) * periodMs <= clock.now() + 0.5)
        tick(state.count++);
      if (!state.stopped) arm();
    });
  };
  arm();
  return () => {
    state.stopped = true;
    state.cancel();
  };
}

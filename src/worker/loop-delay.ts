import { readFileSync } from 'node:fs';
import {
  type IntervalHistogram,
  monitorEventLoopDelay,
  PerformanceObserver,
  performance,
} from 'node:perf_hooks';

export interface LoopDelay {
  watch(): void;
  rest(): void;
  quantiles(): [{ quantile: string }, number][];
  /** Totals, from which anybody can have the mean of any span of time. */
  looks(): { readonly count: number; readonly lateMs: number };
  /** What the loop did in place of waiting, in milliseconds; the parts add up to the time it was not idle. */
  busy(): [{ by: 'code' | 'gc' | 'host' }, number][];
}

/** How often the loop is looked at. */
const RESOLUTION_MS = 20;

/** Measured during calls only: its timer would otherwise wake sixteen idle processes fifty times a second. */
export function openLoopDelay(): LoopDelay {
  let histogram: IntervalHistogram | undefined;
  const busy = new Busy();
  const quantile = (percent: number) => {
    if (!histogram || histogram.count === 0) return 0;
    // It counts from one timer to the next, so what is above its own interval is the delay.
    return Math.max(0, histogram.percentile(percent) / 1e6 - RESOLUTION_MS);
  };
  return {
    watch() {
      histogram ??= monitorEventLoopDelay({ resolution: RESOLUTION_MS });
      histogram.enable();
      busy.watch();
    },
    rest() {
      histogram?.disable();
      busy.rest();
    },
    quantiles: () => [
      [{ quantile: '0.5' }, quantile(50)],
      [{ quantile: '0.99' }, quantile(99)],
      [{ quantile: '1' }, quantile(100)],
    ],
    looks() {
      if (!histogram || histogram.count === 0) return { count: 0, lateMs: 0 };
      const { count, mean } = histogram;
      return { count, lateMs: Math.max(0, count * (mean / 1e6 - RESOLUTION_MS)) };
    },
    busy: () => busy.shares(),
  };
}

interface Moment {
  readonly activeMs: number;
  /** Undefined where the kernel does not tell. */
  readonly waitedMs: number | undefined;
}

/** Adds up, over the spans that were watched, how long the loop was not idle, and why. */
class Busy {
  #gcMs = 0;
  #activeMs = 0;
  #waitedMs: number | undefined = 0;
  #since: Moment | undefined;
  readonly #collector = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) this.#gcMs += duration;
  });

  watch(): void {
    if (this.#since) return;
    this.#since = now();
    this.#collector.observe({ entryTypes: ['gc'] });
  }

  rest(): void {
    const totals = this.#totals();
    this.#activeMs = totals.activeMs;
    this.#waitedMs = totals.waitedMs;
    this.#since = undefined;
    this.#collector.disconnect();
  }

  shares(): ReturnType<LoopDelay['busy']> {
    const { activeMs, waitedMs } = this.#totals();
    const codeMs = Math.max(0, activeMs - this.#gcMs - (waitedMs ?? 0));
    return [
      [{ by: 'code' }, codeMs],
      [{ by: 'gc' }, this.#gcMs],
      ...(waitedMs === undefined ? [] : [[{ by: 'host' }, waitedMs] as [{ by: 'host' }, number]]),
    ];
  }

  #totals(): Moment {
    const since = this.#since;
    if (!since) return { activeMs: this.#activeMs, waitedMs: this.#waitedMs };
    const { activeMs, waitedMs } = now();
    const more =
      waitedMs === undefined || since.waitedMs === undefined ? undefined : waitedMs - since.waitedMs;
    return {
      activeMs: this.#activeMs + activeMs - since.activeMs,
      waitedMs: more === undefined || this.#waitedMs === undefined ? undefined : this.#waitedMs + more,
    };
  }
}

function now(): Moment {
  return { activeMs: performance.eventLoopUtilization().active, waitedMs: waitedMs() };
}

/**
 * How long the main thread was ready to run and had no core, in milliseconds: the second number of the kernel's
 * schedstat (Documentation/scheduler/sched-stats.rst), whose thread id is the process's own.
 */
function waitedMs(): number | undefined {
  try {
    const [ran, waited] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8')
      .split(' ')
      .map(Number);
    return ran !== undefined && ran > 0 && waited !== undefined ? waited / 1e6 : undefined;
  } catch {
    return undefined;
  }
}

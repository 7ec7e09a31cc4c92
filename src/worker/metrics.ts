import type { CallCounter, CallMetrics, CallTiming } from '../call/metrics.ts';
import type { EndReason } from '../contract/end-reasons.ts';
import { WORKER_STATES, type WorkerState } from '../contract/states.ts';
import { Registry } from '../kit/registry.ts';
import { type LoopDelay, openLoopDelay } from './loop-delay.ts';
import { readMemory } from './memory.ts';

/** What the metrics page reads at the moment it is asked for. */
export interface Present {
  readonly state: WorkerState;
  readonly draining: boolean;
  readonly warmUpMs: Readonly<Record<string, number>>;
}

export interface WorkerMetrics {
  /** For the calls of this process. */
  readonly call: CallMetrics;
  start(route: string, outcome: string): void;
  /** A connection that was accepted and never became a line. */
  noLine(carrier: string): void;
  callBegan(): void;
  callEnded(reason: EndReason, seconds: number): void;
  /** Ending a call took longer than its limit; the process goes with it. */
  overdue(): void;
  republished(): void;
  calls(): number;
  page(): string;
}

const CALL_SECONDS = [5, 15, 30, 60, 120, 300, 600, 1800, 3600];
const TIMING_MS = [5, 10, 20, 50, 100, 200, 350, 500, 750, 1000, 1500, 2500, 5000, 10_000];

export function openMetrics(present: () => Present): WorkerMetrics {
  const registry = new Registry();
  const starts = registry.counter(
    'cxbcore_starts_total',
    'Requests for a seat, by route and what they came to.',
  );
  const noLines = registry.counter(
    'cxbcore_no_line_total',
    'Accepted connections that never sent a valid first message.',
  );
  const ended = registry.counter('cxbcore_calls_total', 'Calls that ended, by reason.');
  const seconds = registry.histogram('cxbcore_call_seconds', 'How long calls were.', CALL_SECONDS);
  const overdue = registry.counter(
    'cxbcore_overdue_ends_total',
    'Calls whose ending took longer than CXBCORE_END_MS.',
  );
  const republished = registry.counter(
    'cxbcore_republished_total',
    'Times somebody replaced the socket path and it was put back.',
  );
  const happened = registry.counter('cxbcore_call_events_total', 'What happened inside calls, by kind.');
  const took = registry.histogram(
    'cxbcore_call_timing_ms',
    'What parts of an answer took, in milliseconds.',
    TIMING_MS,
  );
  const delay = openLoopDelay();
  let calls = 0;
  gauges(registry, present, delay);
  return {
    call: {
      count: (what: CallCounter) => happened.add({ what }),
      observe: (what: CallTiming, ms: number) => took.observe(ms, { what }),
    },
    start: (route, outcome) => starts.add({ route, outcome }),
    noLine: (carrier) => noLines.add({ carrier }),
    callBegan: () => delay.watch(),
    callEnded(reason, length) {
      calls++;
      delay.rest();
      ended.add({ reason });
      seconds.observe(length);
    },
    overdue: () => overdue.add(),
    republished: () => republished.add(),
    calls: () => calls,
    page: () => registry.text(),
  };
}

function gauges(registry: Registry, present: () => Present, delay: LoopDelay): void {
  registry.gauge('cxbcore_worker_state', 'The state of the worker: 1 for the one it is in.', () =>
    WORKER_STATES.map((state) => [{ state }, present().state === state ? 1 : 0] as const),
  );
  registry.gauge('cxbcore_draining', 'Whether the worker takes no new calls.', () =>
    present().draining ? 1 : 0,
  );
  registry.gauge('cxbcore_warm_up_ms', 'What each stage of the last warm-up took.', () =>
    Object.entries(present().warmUpMs).map(([stage, ms]) => [{ stage }, ms] as const),
  );
  registry.gauge('cxbcore_event_loop_delay_ms', 'How late the main loop was during calls, by quantile.', () =>
    delay.quantiles(),
  );
  registry.gauge(
    'cxbcore_event_loop_late_ms',
    'How late the main loop was during calls, all looks at it added up.',
    () => delay.looks().lateMs,
  );
  registry.gauge('cxbcore_event_loop_looks', 'How often that was looked at.', () => delay.looks().count);
  registry.gauge(
    'cxbcore_event_loop_busy_ms',
    'What kept the main loop from waiting during calls: our code, the collector of garbage, or the host, which had no core for it. What the kernel does not tell is absent.',
    () => delay.busy(),
  );
  registry.gauge(
    'cxbcore_memory_bytes',
    'Memory of the process: resident, and its proportional share.',
    () => {
      const { rss, pss } = readMemory();
      return [[{ kind: 'rss' }, rss] as const, ...(pss === null ? [] : [[{ kind: 'pss' }, pss] as const])];
    },
  );
  registry.gauge(
    'cxbcore_cpu_seconds',
    'Processor time of the process, all threads, since it started.',
    () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    },
  );
}

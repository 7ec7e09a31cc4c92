import { matching, type Series, sumOf } from '../host/series.ts';

/** What fleetd knows of the host beside its seats. Null: it is not known, which is never a zero. */
export interface HostFigures {
  /** Workers whose own figures are in these, of those that fleetd looks after. */
  readonly workers: { readonly seen: number; readonly of: number } | null;
  /** Starts that got no seat since fleetd began, by cause. */
  readonly refusals: Readonly<Record<string, number>> | null;
  readonly fleetdSeconds: number | null;
  /** Silences inside the agents' speech, of the workers that are seen, since each of them began. */
  readonly underruns: number | null;
  /** The latest main loop of all workers that had a call: 99 of 100 looks were at or below it. */
  readonly loop: { readonly p99Ms: number; readonly mostMs: number; readonly worker: string } | null;
  /** Cores that the workers kept busy between two pictures. */
  readonly cores: number | null;
  /** Memory of all workers, each with its share of what is common (PSS), in bytes. */
  readonly memoryBytes: number | null;
}

/** One answer of fleetd, with the moment it came. */
export interface Page {
  readonly atMs: number;
  readonly series: readonly Series[];
}

const UNKNOWN: HostFigures = {
  workers: null,
  refusals: null,
  fleetdSeconds: null,
  underruns: null,
  loop: null,
  cores: null,
  memoryBytes: null,
};

/** @param now undefined when fleetd did not answer @param before the answer of the picture before */
export function figuresOf(now: Page | undefined, before: Page | undefined): HostFigures {
  if (!now) return UNKNOWN;
  const { series } = now;
  const seen = matching(series, 'cxbcore_cpu_seconds').length;
  const of = matching(series, 'cxbcore_worker_up').length;
  const pss = matching(series, 'cxbcore_memory_bytes', { kind: 'pss' });
  return {
    workers: of === 0 ? null : { seen, of },
    refusals: refusalsOf(series),
    fleetdSeconds: sumOf(series, 'cxbcore_fleetd_seconds'),
    // A worker counts from its first one on: where workers were seen and none has counted, there was none.
    underruns: seen === 0 ? null : (sumOf(series, 'cxbcore_call_events_total', { what: 'underruns' }) ?? 0),
    loop: loopOf(series),
    cores: coresOf(now, before),
    memoryBytes: seen > 0 && pss.length === seen ? pss.reduce((sum, { value }) => sum + value, 0) : null,
  };
}

/** fleetd itself is asked, so an answer without refusals means that there were none. */
function refusalsOf(series: readonly Series[]): Readonly<Record<string, number>> | null {
  if (sumOf(series, 'cxbcore_fleetd_seconds') === null) return null;
  const causes: Record<string, number> = {};
  for (const { labels, value } of matching(series, 'cxbcore_refusals_total')) {
    const cause = labels['cause'] ?? 'unknown';
    causes[cause] = (causes[cause] ?? 0) + value;
  }
  return causes;
}

/** A worker that had no call yet has looked at nothing: its zero says nothing. */
function loopOf(series: readonly Series[]): HostFigures['loop'] {
  const looked = matching(series, 'cxbcore_event_loop_looks').filter(({ value }) => value > 0);
  let latest: HostFigures['loop'] = null;
  for (const { labels } of looked) {
    const worker = labels['worker'] ?? '';
    const at = (quantile: string) => sumOf(series, 'cxbcore_event_loop_delay_ms', { worker, quantile });
    const [p99Ms, mostMs] = [at('0.99'), at('1')];
    if (p99Ms !== null && mostMs !== null && p99Ms >= (latest?.p99Ms ?? 0))
      latest = { p99Ms, mostMs, worker };
  }
  return latest;
}

/** Of the workers that are in both pictures; one that was replaced has begun to count anew. */
function coresOf(now: Page, before: Page | undefined): number | null {
  if (!before || now.atMs <= before.atMs) return null;
  let seconds: number | null = null;
  for (const { labels, value } of matching(now.series, 'cxbcore_cpu_seconds')) {
    const [earlier] = matching(before.series, 'cxbcore_cpu_seconds', labels);
    if (earlier && value >= earlier.value) seconds = (seconds ?? 0) + value - earlier.value;
  }
  return seconds === null ? null : seconds / ((now.atMs - before.atMs) / 1000);
}

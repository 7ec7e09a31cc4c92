import { duration, megabytes } from '../host/words.ts';
import type { HostFigures } from './figures.ts';

/** Two lines about the host, below its seats. */
export function figuresText(figures: HostFigures): string {
  const { workers, refusals, fleetdSeconds, underruns, loop, cores, memoryBytes } = figures;
  const since = fleetdSeconds === null ? '' : ` in ${duration(fleetdSeconds)}`;
  const hidden =
    workers !== null && workers.seen < workers.of ? `  (of ${workers.seen} of ${workers.of} workers)` : '';
  const parts = [
    `cores ${cores === null ? 'unknown' : cores.toFixed(2)}`,
    `memory ${memoryBytes === null ? 'unknown' : megabytes(memoryBytes)}`,
    `underruns ${underruns ?? 'unknown'}`,
    `loops late ${loop === null ? 'unknown' : `${milliseconds(loop.p99Ms)} (99 %), ${milliseconds(loop.mostMs)} at most, seat ${loop.worker}`}`,
  ];
  return `refused ${refusalWords(refusals)}${since}\n${parts.join('  ')}${hidden}\n`;
}

function refusalWords(refusals: HostFigures['refusals']): string {
  if (refusals === null) return 'unknown';
  const causes = Object.entries(refusals).sort(([, a], [, b]) => b - a);
  return causes.length === 0 ? '0' : causes.map(([cause, count]) => `${count} ${cause}`).join(', ');
}

function milliseconds(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

/** The same for a program: null is unknown. */
export function figuresJson(figures: HostFigures): object {
  const { workers, refusals, fleetdSeconds, underruns, loop, cores, memoryBytes } = figures;
  return {
    workers_seen: workers?.seen ?? null,
    refusals,
    fleetd_s: fleetdSeconds,
    underruns,
    event_loop_ms: loop && { p99: loop.p99Ms, most: loop.mostMs, worker: Number(loop.worker) },
    cores,
    memory_bytes: memoryBytes,
  };
}

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { Clock } from '../../kit/clock.ts';
import { tell } from '../host/seats.ts';
import { matching, seriesOf, sumOf } from '../host/series.ts';
import type { Callers, CallerTotals } from './callers.ts';
import type { Machine, StepSeen } from './judge.ts';

/** Readings that only ever grow, at one moment; what a step cost is the difference of two. */
export interface Sample {
  readonly atMs: number;
  readonly callers: CallerTotals;
  readonly callersCpuS: number;
  readonly busyS: number | null;
  readonly workersCpuS: number | null;
  readonly loop: { readonly looks: number; readonly lateMs: number } | null;
  readonly pssBytes: number | null;
}

/** A kernel clock tick of /proc is 10 ms on every Linux that Node runs on. */
const TICK_S = 0.01;
/** How long a worker of a machine at its limit may take to say what it has used. */
const METRICS_LIMIT_MS = 5000;

export async function takeSample(
  socketDir: string,
  workers: number,
  callers: Callers,
  clock: Clock,
): Promise<Sample> {
  const before = {
    atMs: clock.now(),
    callers: callers.totals(),
    callersCpuS: ownCpuS(),
    busyS: busyS(readOr('/proc/stat')),
  };
  const seats = Array.from({ length: workers }, (_, at) => at + 1);
  const pages = await Promise.all(
    seats.map(async (seat) => {
      const told = await tell(socketDir, seat, 'GET', '/metrics', clock, METRICS_LIMIT_MS);
      return told.kind === 'answer' && told.status === 200 ? seriesOf(told.body) : null;
    }),
  );
  if (pages.includes(null)) return { ...before, workersCpuS: null, loop: null, pssBytes: null };
  const all = pages.flatMap((page) => page ?? []);
  const looks = sumOf(all, 'cxbcore_event_loop_looks');
  const lateMs = sumOf(all, 'cxbcore_event_loop_late_ms');
  const pss = matching(all, 'cxbcore_memory_bytes', { kind: 'pss' }).map(({ value }) => value);
  return {
    ...before,
    workersCpuS: sumOf(all, 'cxbcore_cpu_seconds'),
    loop: looks === null || lateMs === null ? null : { looks, lateMs },
    pssBytes: pss.length === 0 ? null : Math.max(...pss),
  };
}

/** What happened between two samples. */
export function between(from: Sample, to: Sample, calls: number, callersLateMs: number): StepSeen {
  const looks = from.loop && to.loop ? to.loop.looks - from.loop.looks : 0;
  return {
    calls,
    seconds: (to.atMs - from.atMs) / 1000,
    callSeconds: to.callers.callSeconds - from.callers.callSeconds,
    underruns: to.callers.underruns - from.callers.underruns,
    workersCpuS: difference(from.workersCpuS, to.workersCpuS),
    callersCpuS: to.callersCpuS - from.callersCpuS,
    busyS: difference(from.busyS, to.busyS),
    loopLateMs: from.loop && to.loop && looks > 0 ? (to.loop.lateMs - from.loop.lateMs) / looks : null,
    callersLateMs,
    pssBytes: to.pssBytes,
  };
}

/** The machine as it is now. */
export function machineNow(configured: number): Machine {
  const kilobytes = /^MemAvailable:\s+(\d+) kB$/m.exec(readOr('/proc/meminfo'))?.[1];
  return {
    cores: availableParallelism(),
    availableBytes: kilobytes === undefined ? null : Number(kilobytes) * 1024,
    configured,
  };
}

/** Busy time of all cores since the machine started, from `/proc/stat`; null when it is not as expected. */
export function busyS(stat: string): number | null {
  const fields = /^cpu +(.*)$/m.exec(stat)?.[1]?.split(' ').map(Number) ?? [];
  // user, nice, system, idle, iowait, irq, softirq, steal: guests are part of user.
  const [user, nice, system, , , irq, softirq, steal = 0] = fields;
  if (user === undefined || nice === undefined || system === undefined) return null;
  const ticks = user + nice + system + (irq ?? 0) + (softirq ?? 0) + steal;
  return ticks > 0 ? ticks * TICK_S : null;
}

function ownCpuS(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function difference(from: number | null, to: number | null): number | null {
  return from === null || to === null ? null : to - from;
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // not there, or hidden: what is in it is unknown
  }
}

// What the workers of a host use, all threads of a worker together.
import { readFileSync } from 'node:fs';
import type { Host } from '../src/fleet/host.ts';

/** A kernel clock tick of /proc is 10 ms on every Linux that Node runs on. */
const TICK_S = 0.01;

const pidsOf = (host: Host): number[] => host.workers().flatMap(({ pid }) => pid ?? []);

/** CPU of all workers so far, in seconds. */
export function cpuSecondsOf(host: Host): number {
  return pidsOf(host).reduce((sum, pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return sum + (Number(fields[11]) + Number(fields[12])) * TICK_S;
  }, 0);
}

/** Memory of each worker: its own, and its share of what it has in common with others (PSS), in MB. */
export function memoriesOf(host: Host): number[] {
  return pidsOf(host).map((pid) => {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    return (Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1]) * 1024) / 1e6;
  });
}

import { readFileSync } from 'node:fs';

export interface Memory {
  /** Resident bytes. */
  readonly rss: number;
  /** Resident bytes with shared pages divided among the processes that share them; null where the kernel hides it. */
  readonly pss: number | null;
}

export function readMemory(): Memory {
  return { rss: process.memoryUsage.rss(), pss: readPss() };
}

function readPss(): number | null {
  try {
    const match = /^Pss:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/smaps_rollup', 'latin1'));
    return match ? Number(match[1]) * 1024 : null;
  } catch {
    return null; // kernels without it, and hardened ones, still have the resident size
  }
}

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';

/** A seat that nobody has brought back for so long has another trouble, and is waited for no longer. */
const WAITED_MS = 120_000;

/**
 * Which seat of the host is without a process because its last one was worn out, as a file in the data folder. A lock
 * cannot tell: the kernel frees it when the old process ends, and the new one needs a moment until it can take it.
 */
export interface RecycleMark {
  /** The process of this seat is about to end. */
  set(): void;
  /** The seat is back. */
  clear(): void;
  /** Whether another seat is away. */
  isOther(): boolean;
}

export function recycleMark(dataDir: string, worker: number, clock: Clock, log: Log): RecycleMark {
  const path = join(dataDir, 'recycling');
  const read = () => {
    try {
      const [seat = Number.NaN, sinceMs = Number.NaN] = readFileSync(path, 'utf8').split(' ').map(Number);
      return Math.abs(clock.wall() - sinceMs) < WAITED_MS ? seat : undefined;
    } catch {
      return undefined;
    }
  };
  const tried = (write: () => void) => {
    try {
      write();
    } catch (error) {
      log.error('that a worker is being replaced cannot be written down; others may go at the same time', {
        path,
        error,
      });
    }
  };
  return {
    set: () =>
      tried(() => {
        mkdirSync(dataDir, { recursive: true });
        writeFileSync(path, `${worker} ${clock.wall()}`);
      }),
    clear: () => tried(() => read() === worker && rmSync(path, { force: true })),
    isOther: () => ![undefined, worker].includes(read()),
  };
}

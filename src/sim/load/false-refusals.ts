import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One placed call: its seat was taken from the moment its start was sent until the worker says it is free. */
export interface Placed {
  readonly callId: string;
  readonly sentWall: number;
}

export interface Refused {
  readonly sentWall: number;
  readonly refusedWall: number;
}

/** When each call's seat was free again, which is when its worker listened again, by the workers' own logs; milliseconds since 1970, on this machine's clock. */
export function freedAt(dataDir: string, workers: number): Map<string, number> {
  const freed = new Map<string, number>();
  for (let worker = 1; worker <= workers; worker++) {
    let last: string | undefined;
    for (const text of readFileSync(join(dataDir, 'logs', `worker_${worker}.log`), 'utf8').split('\n')) {
      if (!text.includes('"call_id"') && !text.includes('"listening"')) continue;
      const line = JSON.parse(text) as { time: string; msg: string; call_id?: string };
      if (line.call_id !== undefined) last = line.call_id;
      if (line.msg === 'listening' && last !== undefined) {
        freed.set(last, Date.parse(line.time));
        last = undefined;
      }
    }
  }
  return freed;
}

/**
 * Refusals that were false: at every instant between sending the start and its refusal some seat was free. A seat
 * counts as taken from the moment a start was sent that got it, because one of two callers for one seat must lose;
 * and as free from the millisecond after its worker's stamp, because the stamp is cut to whole milliseconds.
 */
export function falseRefusals(
  workers: number,
  placed: readonly Placed[],
  refused: readonly Refused[],
  freed: ReadonlyMap<string, number>,
): readonly Refused[] {
  const changes: [number, number][] = [];
  for (const { callId, sentWall } of placed) {
    changes.push([sentWall, 1]);
    const free = freed.get(callId);
    if (free !== undefined) changes.push([free + 1, -1]);
  }
  // Taken before freed within a millisecond: doubt counts for the seat being taken.
  changes.sort(([a, up], [b, other]) => a - b || other - up);
  const times: number[] = [];
  const taken: number[] = [];
  let now = 0;
  for (const [at, change] of changes) {
    now += change;
    times.push(at);
    taken.push(now);
  }
  return refused.filter(({ sentWall, refusedWall }) => {
    let i = lastAtOrBefore(times, sentWall);
    let most = i < 0 ? 0 : (taken[i] ?? 0);
    // Every change within the start's own first millisecond may have come before or after it.
    for (i = Math.max(0, firstAtOrAfter(times, sentWall)); i < times.length; i++) {
      if ((times[i] ?? 0) > refusedWall) break;
      most = Math.max(most, taken[i] ?? 0);
    }
    return most < workers;
  });
}

function lastAtOrBefore(times: readonly number[], at: number): number {
  return firstAtOrAfter(times, at + 1) - 1;
}

function firstAtOrAfter(times: readonly number[], at: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

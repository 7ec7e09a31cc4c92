import type { Clock } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';
import { TooLate, within } from '../kit/within.ts';

/** Runs a step of ending; one that fails or takes too long is told of and never keeps the seat. */
export async function inTime(
  clock: Clock,
  limitMs: number,
  what: string,
  log: Log,
  step: () => Promise<unknown>,
): Promise<void> {
  try {
    await within(clock, limitMs, what, step());
  } catch (error) {
    if (error instanceof TooLate) log.warn('ending took too long', { what, limitMs });
    else log.error('ending failed in part', { what, error });
  }
}

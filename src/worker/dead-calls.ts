import { settleDeadCalls } from '../journal/record.ts';
import type { Clock } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';

/**
 * Gives the calls of workers that died their records, beside everything else: a start must not wait for it, and what
 * fails is tried again by the next start. Without a supervisor this is the only place where it happens.
 */
export async function settleCallsOfTheDead(dataDir: string, clock: Clock, log: Log): Promise<void> {
  try {
    const { settled, waiting, failed } = await settleDeadCalls(dataDir, clock);
    const [first] = waiting.map(({ untilWallMs }) => untilWallMs).sort((a, b) => a - b);
    if (first !== undefined)
      clock.after(first - clock.wall() + 1000, () => void settleCallsOfTheDead(dataDir, clock, log));
    for (const { callId, reason } of settled)
      log.warn('record written for a dead worker', { call_id: callId, reason });
    for (const { path, why } of failed) log.error('journal could not be settled', { path, why });
  } catch (error) {
    log.error('dead calls could not be settled', { error });
  }
}

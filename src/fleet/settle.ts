import { join } from 'node:path';
import { z } from 'zod';
import { type Settled, settleDeadCalls } from '../journal/record.ts';
import type { Clock } from '../kit/clock.ts';
import { parseJson } from '../kit/json.ts';
import type { Owner } from '../kit/owner.ts';
import { askSocket } from './ask-socket.ts';

/** A worker's end, as whoever started it saw it. */
export const seenDeath = z.object({ pid: z.number().int().optional(), how: z.string() });
export type SeenDeath = z.infer<typeof seenDeath>;

const settledAnswer = z.object({
  settled: z.array(z.object({ callId: z.string(), reason: z.string() })),
  waiting: z.array(z.object({ callId: z.string(), untilWallMs: z.number() })),
  failed: z.array(z.object({ path: z.string(), why: z.string() })),
}) as unknown as z.ZodType<Settled>;

/** On fleetd's control socket. */
export const SETTLE = '/settle';
/** It reads the journals of all calls that have no record. */
const SETTLE_MS = 10_000;

/**
 * Gives the calls of dead workers their records.
 * @param isAlive whether a worker counts as running; by its process when not given
 */
export function settleHere(
  dataDir: string,
  clock: Clock,
  death?: SeenDeath,
  isAlive?: (owner: Owner) => boolean,
): Promise<Settled> {
  return settleDeadCalls(dataDir, clock, {
    ...(isAlive && { isAlive }),
    causeOf: ({ pid }) => (death !== undefined && pid === death.pid ? death.how : undefined),
  });
}

export interface SettlerOptions {
  readonly socketDir: string;
  readonly dataDir: string;
  readonly clock: Clock;
  /** Whether fleetd is meant to run. */
  readonly fleetdRuns: () => boolean;
}

/**
 * Records of dead workers have one owner: fleetd, which is told of a death with its cause. Whoever started the workers
 * writes them itself only while fleetd is off, or does not answer.
 */
export function settler(options: SettlerOptions): (death?: SeenDeath) => Promise<Settled> {
  const { socketDir, dataDir, clock, fleetdRuns } = options;
  return async (death) => {
    if (fleetdRuns()) {
      const told = await askSocket(
        {
          socket: join(socketDir, 'cxbcore_fleetd.ctl'),
          path: SETTLE,
          method: 'POST',
          body: JSON.stringify(death ?? {}),
          limitMs: SETTLE_MS,
        },
        clock,
      );
      const answer = told.kind === 'answer' && told.status === 200 ? parseJson(told.body) : undefined;
      const read = settledAnswer.safeParse(answer);
      if (read.success) return read.data;
    }
    return settleHere(dataDir, clock, death);
  };
}

import type { Clock } from '../../kit/clock.ts';
import { askSocket } from '../ask-socket.ts';
import { type SeatView, seatView, socketOf } from './seats.ts';

/** How long a worker may take to a sign of life before it counts as silent in this look. */
const PULSE_LIMIT_MS = 400;

/** All seats, looked at together at one moment. */
export interface Look {
  /** When the look began, on the clock's monotonic time. */
  readonly atMs: number;
  readonly seats: readonly SeatView[];
}

export interface HostWatch {
  /** The seats as they were at most `maxAgeMs` ago; asks the workers when the last look is older. */
  look(maxAgeMs: number): Promise<Look>;
}

/** Looks at the seats of the host: one look at a time, shared by everybody who asks meanwhile. */
export function watchHost(socketDir: string, workers: number, clock: Clock): HostWatch {
  let last: Look | undefined;
  let looking: Promise<Look> | undefined;
  const askAll = async (): Promise<Look> => {
    const atMs = clock.now();
    const seats = await Promise.all(
      Array.from({ length: workers }, async (_, index) => {
        const worker = index + 1;
        const question = {
          socket: socketOf(socketDir, worker, 'ctl'),
          path: '/health/live',
          limitMs: PULSE_LIMIT_MS,
        };
        return seatView(worker, await askSocket(question, clock));
      }),
    );
    last = { atMs, seats };
    looking = undefined;
    return last;
  };
  return {
    look(maxAgeMs) {
      if (last && clock.now() - last.atMs <= maxAgeMs) return Promise.resolve(last);
      looking ??= askAll();
      return looking;
    },
  };
}

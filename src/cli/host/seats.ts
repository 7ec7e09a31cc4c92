import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { readWorkerStatus, type WorkerStatus } from '../../contract/worker-status.ts';
import { askSocket, type Told } from '../../fleet/ask-socket.ts';
import type { Clock } from '../../kit/clock.ts';

/** One seat of the host, seen from outside. What is not known is said as that, never as nothing. */
export type SeatReport =
  | { readonly seat: number; readonly at: 'answers'; readonly status: WorkerStatus }
  /** A process holds the socket and does not answer, or not as a worker does. */
  | { readonly seat: number; readonly at: 'silent' }
  /** No process listens there. */
  | { readonly seat: number; readonly at: 'gone' }
  /** This user may not ask. */
  | { readonly seat: number; readonly at: 'forbidden' };

/** How long a worker may take to answer on its control socket before it counts as silent. */
const LIMIT_MS = 2000;

export function controlPath(socketDir: string, seat: number): string {
  return join(socketDir, `cxbcore_${seat}.ctl`);
}

export function askSeats(
  socketDir: string,
  seats: readonly number[],
  clock: Clock,
): Promise<readonly SeatReport[]> {
  return Promise.all(seats.map((seat) => askSeat(socketDir, seat, clock)));
}

export async function askSeat(socketDir: string, seat: number, clock: Clock): Promise<SeatReport> {
  const told = await tell(socketDir, seat, 'GET', '/status', clock);
  if (told.kind === 'silent' && mayNotAsk(controlPath(socketDir, seat))) return { seat, at: 'forbidden' };
  return seatReport(seat, told);
}

/** To connect to a socket one must be allowed to write to it. */
function mayNotAsk(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EACCES';
  }
}

/** One request to the control socket of a seat. Never rejects. */
export function tell(
  socketDir: string,
  seat: number,
  method: 'GET' | 'POST',
  path: string,
  clock: Clock,
  limitMs = LIMIT_MS,
): Promise<Told> {
  return askSocket({ socket: controlPath(socketDir, seat), path, method, limitMs }, clock);
}

export function seatReport(seat: number, told: Told): SeatReport {
  if (told.kind !== 'answer') return { seat, at: told.kind };
  const status = told.status === 200 ? readWorkerStatus(told.body) : undefined;
  return status ? { seat, at: 'answers', status } : { seat, at: 'silent' };
}

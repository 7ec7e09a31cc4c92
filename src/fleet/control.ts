import { readWorkerStatus, type WorkerStatus } from '../contract/worker-status.ts';
import type { Clock } from '../kit/clock.ts';
import { askSocket } from './ask-socket.ts';

/** Asks a worker what it is; undefined when nobody answers in time, or not as a worker does. */
export async function askStatus(path: string, clock: Clock): Promise<WorkerStatus | undefined> {
  const told = await askSocket({ socket: path, path: '/status', limitMs: 1000 }, clock);
  return told.kind === 'answer' && told.status === 200 ? readWorkerStatus(told.body) : undefined;
}

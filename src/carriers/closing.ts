import type { WebSocket } from 'ws';
import type { Clock } from '../kit/clock.ts';

/** Resolves when the socket is closed; after `limitMs` the connection is cut without waiting for the other side. */
export function closedWithin(socket: WebSocket, clock: Clock, limitMs: number): Promise<void> {
  return new Promise((resolve) => {
    if (socket.readyState === socket.CLOSED) return resolve();
    const cancel = clock.after(limitMs, () => socket.terminate());
    socket.once('close', () => {
      cancel();
      resolve();
    });
  });
}

/** A close frame holds 123 bytes of reason. */
export function closeText(text: string): string {
  return Buffer.from(text)
    .subarray(0, 123)
    .toString('utf8')
    .replace(/\uFFFD+$/, '');
}

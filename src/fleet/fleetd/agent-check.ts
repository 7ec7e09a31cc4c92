import { createServer, type Server } from 'node:net';
import type { Clock } from '../../kit/clock.ts';
import type { HostWatch } from './host-watch.ts';
import { agentLine, capacityOf } from './seats.ts';

/** How old the look at the seats may be that HAProxy is answered from. */
const MAX_AGE_MS = 500;
/** How long an asker may take to read the line and close. */
const LINGER_MS = 2000;

/**
 * Answers HAProxy's agent-check: one line, then the end. What the asker sends is read and dropped, because closing
 * over unread bytes would reset the connection and could lose the line.
 */
export function agentCheckServer(host: HostWatch, clock: Clock): Server {
  return createServer((socket) => {
    const cancel = clock.after(LINGER_MS, () => socket.destroy());
    socket.once('close', cancel);
    socket.on('error', () => socket.destroy());
    socket.resume();
    void host.look(MAX_AGE_MS).then(({ seats }) => socket.end(agentLine(capacityOf(seats))));
  });
}

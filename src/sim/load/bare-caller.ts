import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { realClock } from '../../kit/clock.ts';

/** How a start went: placed (with the line still open), refused, or neither. */
export type Started =
  | {
      readonly how: 'placed';
      readonly sentWall: number;
      /** From the first step of connecting to the last byte of the 101. */
      readonly answerMs: number;
      /** The call's id, when the worker says that the call is open; empty when the line closes before. */
      readonly open: Promise<string>;
      /** From the first step of connecting to the worker's word that the call is open, once it has come. */
      readonly openMs: () => number;
      /** Hangs up as a client does that closes its tab; resolves when the connection is gone. */
      readonly hangUp: () => Promise<void>;
    }
  | {
      readonly how: 'refused';
      readonly status: number;
      readonly sentWall: number;
      readonly refusedWall: number;
    };

const KEY = 'Y3hiLWJlbmNoLXBsYWNlbQ==';

/**
 * One caller, as lean as possible so that the load generator stays small beside what it measures: a WebSocket start
 * on a media path by hand, and after the 101 the message that opens the call.
 * @throws Error when the connection breaks before any answer
 */
export function startCall(to: NetConnectOpts, path = '/media/pcm'): Promise<Started> {
  return new Promise((resolve, reject) => {
    const startMs = realClock.now();
    const sentWall = realClock.wall();
    const socket = connect(to);
    socket.setNoDelay(true);
    let head = Buffer.alloc(0);
    let opened: (callId: string) => void = () => undefined;
    let openMs = Number.NaN;
    const open = new Promise<string>((done) => {
      opened = done;
    });
    let placed = false;
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\n\r\n`,
    );
    socket.on('data', (bytes) => {
      if (placed) {
        head = Buffer.concat([head, bytes]);
        const callId = readyIn(head);
        if (callId !== undefined) {
          openMs = realClock.now() - startMs;
          opened(callId);
        }
        if (callId !== undefined || head.length > 65_536) head = Buffer.alloc(0);
        return;
      }
      head = Buffer.concat([head, bytes]);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      const status = Number(head.toString('latin1', 9, 12));
      if (status !== 101) {
        socket.destroy();
        resolve({ how: 'refused', status, sentWall, refusedWall: realClock.wall() });
        return;
      }
      placed = true;
      head = head.subarray(end + 4);
      socket.write(textFrame('{"event":"start","rate":8000}'));
      resolve({
        how: 'placed',
        sentWall,
        answerMs: realClock.now() - startMs,
        open,
        openMs: () => openMs,
        hangUp: () => hangUp(socket),
      });
    });
    socket.on('error', (error) => (placed ? undefined : reject(error)));
    socket.on('close', () => {
      opened('');
      if (!placed) reject(new Error('the connection closed without an answer'));
    });
  });
}

function hangUp(socket: Socket): Promise<void> {
  const closed = new Promise<void>((resolve) => void socket.once('close', () => resolve()));
  socket.end(Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8]));
  return closed;
}

/** A masked text frame; a mask of zeroes is a mask. */
function textFrame(text: string): Buffer {
  const body = Buffer.from(text);
  return Buffer.concat([Buffer.from([0x81, 0x80 | body.length, 0, 0, 0, 0]), body]);
}

/** The call id of a `ready` message among what the worker has sent so far. */
function readyIn(bytes: Buffer): string | undefined {
  const at = bytes.indexOf('"ready"');
  if (at < 0) return undefined;
  return /"call_id":"([^"]+)"/.exec(bytes.toString('latin1', at))?.[1];
}

import { connect } from 'node:net';
import type { Clock } from '../../kit/clock.ts';
import { IngressError } from './description.ts';

/** One command to a running HAProxy and all it says. */
export type AskHaproxy = (command: string, payload?: string) => Promise<string>;

/** How long HAProxy may take to answer a command; it answers at once unless it hangs. */
const LIMIT_MS = 5000;
/** More than the statistics of a thousand servers. */
const MAX_ANSWER_BYTES = 8_000_000;

/**
 * The runtime interface behind a Unix socket: HAProxy's own (`stats socket`) or its master's (`-S`). One connection
 * for each command, as HAProxy closes it after the answer.
 * @throws IngressError when nobody listens, or the answer is not over in time
 */
export function haproxyAt(path: string, clock: Clock): AskHaproxy {
  return (command, payload) =>
    new Promise((resolve, reject) => {
      // A newline or semicolon would begin a second command.
      if (/[\n\r;]/.test(command)) throw new IngressError(`not one command: ${JSON.stringify(command)}`);
      const parts: Buffer[] = [];
      let size = 0;
      const fail = (why: string) => {
        cancel();
        socket.destroy();
        reject(new IngressError(`${path}: ${why} (asked: ${command.slice(0, 80)})`));
      };
      const socket = connect({ path });
      const cancel = clock.after(LIMIT_MS, () => fail(`no complete answer within ${LIMIT_MS / 1000} s`));
      socket.on('error', (error: NodeJS.ErrnoException) => fail(reasonOf(error)));
      socket.on('connect', () =>
        // An empty line ends a payload, so there can be none inside. The master closes only after we have.
        socket.end(payload === undefined ? `${command}\n` : `${command} <<\n${withoutEmptyLines(payload)}\n`),
      );
      socket.on('data', (part) => {
        parts.push(part);
        size += part.length;
        if (size > MAX_ANSWER_BYTES) fail('the answer does not end');
      });
      socket.on('end', () => {
        cancel();
        socket.destroy();
        resolve(Buffer.concat(parts).toString('utf8'));
      });
    });
}

function withoutEmptyLines(text: string): string {
  return `${text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .join('\n')}\n`;
}

function reasonOf(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED')
    return 'no HAProxy listens there; is it running?';
  if (error.code === 'EACCES') return 'this user may not talk to it';
  return error.message;
}

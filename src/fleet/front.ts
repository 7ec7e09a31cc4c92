import { request } from 'node:http';
import { createServer } from 'node:net';
import type { Clock } from '../kit/clock.ts';
import type { FrontKind } from './events.ts';
import { HostError } from './events.ts';
import type { StopHow } from './worker-handle.ts';

/** What stands before the workers of a host. */
export interface Front {
  readonly kind: FrontKind;
  readonly port: number;
  /** `drain`: no new connection, those under way go on to their end. Resolves when it is gone. */
  stop(how: StopHow): Promise<void>;
}

/** The front of a development host is for this machine alone. */
export const FRONT_ADDRESS = '127.0.0.1';

/**
 * A port that can be listened on: `wanted`, or any free one for 0.
 * @throws HostError when it is taken or not allowed
 */
export function freePort(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => {
      const why =
        error.code === 'EADDRINUSE'
          ? `port ${wanted} is taken by another program; choose another one with --port`
          : `port ${wanted} cannot be listened on (${error.code}); choose another one with --port`;
      reject(new HostError(why, 'notNow', error));
    });
    probe.listen(wanted, FRONT_ADDRESS, () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : wanted));
    });
  });
}

/** The status of one request to the front, or why there was none. */
export function askFront(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>>,
  clock: Clock,
  limitMs = 5000,
): Promise<number | Error> {
  return new Promise((resolve) => {
    const asking = request({ host: FRONT_ADDRESS, port, path, headers, agent: false }, (answer) => {
      answer.resume();
      finish(answer.statusCode ?? 0);
    });
    const cancel = clock.after(limitMs, () => finish(new Error(`no answer within ${limitMs} ms`)));
    const finish = (result: number | Error) => {
      cancel();
      asking.destroy();
      resolve(result);
    };
    asking.on('upgrade', (answer) => finish(answer.statusCode ?? 0));
    asking.on('error', finish);
    asking.end();
  });
}

import { get } from 'node:http';
import { type Clock, sleep } from '../kit/clock.ts';
import { type Lock, lockHolder, lockName, tryLock } from '../kit/host-lock.ts';
import { parseJson } from '../kit/json.ts';
import type { Identity } from './identity.ts';

/** The process cannot run here just now; starting again later may help. */
export class NotNow extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'NotNow';
  }
}

/** How long whoever has the seat may take to say who it is. */
const ASK_MS = 1000;

/**
 * Makes this process the owner of its seat until it ends. The kernel's lock decides; the control socket is asked too,
 * because an owner in another network namespace does not see the lock.
 * @throws NotNow naming the owner's process id
 */
export async function ownSeat(identity: Identity, clock: Clock): Promise<Lock> {
  const name = nameOfLock(identity);
  const lock = await tryLock(name);
  if (!lock) {
    const holder = await Promise.race([lockHolder(name), sleep(clock, ASK_MS).then(() => undefined)]);
    throw taken(identity, holder);
  }
  const answering = await askControl(identity.control);
  if (answering === undefined) return lock;
  await lock.release();
  throw taken(identity, answering);
}

function nameOfLock(identity: Identity): string {
  try {
    return lockName(`seat-${identity.stem}`, identity.folder);
  } catch (error) {
    throw new NotNow(`the folder ${identity.folder} of the sockets cannot be read: create it first`, {
      cause: error,
    });
  }
}

function taken(identity: Identity, pid: number | undefined): NotNow {
  const owner = pid === undefined ? 'a process that does not answer (is it suspended?)' : `process ${pid}`;
  return new NotNow(
    `the seat ${identity.stem} in ${identity.folder} belongs to ${owner}; it is freed when that process ends`,
  );
}

/** The process id behind a control socket, or undefined when nobody answers there. */
function askControl(path: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const request = get({ socketPath: path, path: '/status', timeout: ASK_MS, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => {
        const body = parseJson(text);
        const pid = typeof body === 'object' && body !== null && 'pid' in body ? body.pid : undefined;
        resolve(typeof pid === 'number' ? pid : undefined);
      });
      response.on('error', () => resolve(undefined));
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(undefined));
  });
}

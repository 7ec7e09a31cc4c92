import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { type Clock, sleep } from './clock.ts';

/**
 * Locks between processes of one host and one user: an abstract Unix socket that only one process can bind. The
 * kernel frees it when its holder dies, however it dies, so there is nothing stale to clean up.
 */
export interface Lock {
  release(): Promise<void>;
}

/** The name of a lock that guards a folder for this user; the folder must exist. */
export function lockName(purpose: string, folder: string): string {
  const hash = createHash('sha256').update(realpathSync(folder)).digest('hex').slice(0, 24);
  return `cxbcore-${purpose}-${process.getuid?.() ?? 0}-${hash}`;
}

/** The lock, or undefined when another process, or another part of this one, holds it. */
export function tryLock(name: string): Promise<Lock | undefined> {
  return new Promise((resolve, reject) => {
    // Whoever connects learns who holds the lock; that makes a refusal something a person can act on.
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.end(`${process.pid}\n`);
    });
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen({ path: `\0${name}` }, () => {
      server.unref();
      resolve({ release: () => new Promise((done) => void server.close(() => done())) });
    });
  });
}

/** Waits its turn, asking again every `pollMs`; rejects with the signal's reason when it is aborted first. */
export async function waitForLock(
  name: string,
  clock: Clock,
  signal?: AbortSignal,
  pollMs = 50,
): Promise<Lock> {
  for (;;) {
    signal?.throwIfAborted();
    const lock = await tryLock(name);
    if (lock) return lock;
    await sleep(clock, pollMs, signal);
  }
}

/** The process id of a lock's holder, or undefined when nobody holds it or it does not answer. */
export function lockHolder(name: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ path: `\0${name}` });
    socket.setEncoding('utf8');
    socket.on('data', (part: string) => {
      text += part;
    });
    socket.on('error', () => resolve(undefined));
    socket.on('close', () => resolve(/^\d+\n$/.test(text) ? Number(text) : undefined));
  });
}

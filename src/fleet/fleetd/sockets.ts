import { chmodSync, renameSync, rmSync, statSync } from 'node:fs';
import type { Server } from 'node:net';

/** systemd hands its sockets over from this descriptor on. */
const FIRST_FD = 3;

/**
 * The descriptors systemd has opened for this process, by the names its socket unit gave them.
 * `LISTEN_PID` says for whom they are: a process started by the one they were meant for inherits the words, not them.
 */
export function socketsOfSystemd(
  env: Readonly<Record<string, string | undefined>>,
  pid: number,
): ReadonlyMap<string, number> {
  const sockets = new Map<string, number>();
  if (env['LISTEN_PID'] !== String(pid)) return sockets;
  const count = Number(env['LISTEN_FDS'] ?? 0);
  const names = (env['LISTEN_FDNAMES'] ?? '').split(':');
  for (let i = 0; i < count; i++) sockets.set(names[i] ?? String(i), FIRST_FD + i);
  return sockets;
}

export interface OpenSocket {
  /** Takes no more connections, and removes the path if it is still this socket's own. */
  close(): void;
}

/**
 * Listens on a path that is never missing meanwhile: bound under a temporary name, then renamed over whatever a
 * process before us has left there.
 * @throws when the folder is missing or not ours to write to
 */
export async function listenOnPath(server: Server, path: string, mode: number): Promise<OpenSocket> {
  const temporary = `${path}.${process.pid}`;
  rmSync(temporary, { force: true });
  await listening(server, { path: temporary });
  chmodSync(temporary, mode);
  const { ino } = statSync(temporary);
  renameSync(temporary, path);
  return {
    close() {
      server.close();
      if (statSync(path, { throwIfNoEntry: false })?.ino === ino) rmSync(path, { force: true });
    },
  };
}

/** Listens on a socket that systemd holds: it stays open when this process ends, and whoever connects then waits. */
export async function listenOnFd(server: Server, fd: number): Promise<OpenSocket> {
  await listening(server, { fd });
  return { close: () => void server.close() };
}

/** @throws the error of the bind, such as an address that is taken */
export function listening(
  server: Server,
  where: { path: string } | { fd: number } | { host: string; port: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

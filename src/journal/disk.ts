import { close, closeSync, fdatasync, fsync, mkdirSync, open, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** What a journal asks of the disk; tests hand in one that is full, slow, or takes half a line. */
export interface Disk {
  /** Creates the file; throws with code EEXIST when it is there already. Folders are made as needed. */
  create(path: string): number;
  /** Returns how many of the bytes were taken; throws when none were. */
  write(fd: number, bytes: Uint8Array): number;
  /** Brings everything written so far onto the disk, off the main thread. */
  sync(fd: number): Promise<void>;
  /** Brings the file's name itself onto the disk, off the main thread. */
  syncName(path: string): Promise<void>;
  close(fd: number): void;
}

/** Calls hold what callers said: nobody but our own user reads them. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

export const realDisk: Disk = {
  create(path) {
    mkdirSync(dirname(path), { recursive: true, mode: FOLDER_MODE });
    return openSync(path, 'ax', FILE_MODE);
  },
  write: (fd, bytes) => writeSync(fd, bytes),
  sync: (fd) =>
    new Promise((resolve, reject) => fdatasync(fd, (error) => (error ? reject(error) : resolve()))),
  syncName: (path) =>
    new Promise((resolve, reject) => {
      open(dirname(path), 'r', (openError, fd) => {
        if (openError) return reject(openError);
        fsync(fd, (error) => close(fd, () => (error ? reject(error) : resolve())));
      });
    }),
  close: (fd) => closeSync(fd),
};

import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { PARKED_TEXT, parkedFile } from '../contract/parked.ts';
import type { Log } from '../kit/log.ts';

/** Remembers across restarts that a seat was parked with /drain, as a file in the data folder. */
export interface ParkedMark {
  set(): void;
  clear(): void;
  isSet(): boolean;
}

export function parkedMark(dataDir: string, stem: string, log: Log): ParkedMark {
  const path = parkedFile(dataDir, stem);
  return {
    set() {
      try {
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, PARKED_TEXT);
      } catch (error) {
        log.error('the seat is parked, but this will be forgotten when the worker restarts', { path, error });
      }
    },
    clear() {
      try {
        rmSync(path, { force: true });
      } catch (error) {
        log.error('the seat is back, but it will be parked again when the worker restarts', { path, error });
      }
    },
    isSet: () => existsSync(path),
  };
}

import { join } from 'node:path';

/** The file that keeps a seat parked across restarts of its worker. `stem` is the seat's, such as `cxbcore_3`. */
export function parkedFile(dataDir: string, stem: string): string {
  return join(dataDir, 'parked', stem);
}

export const PARKED_TEXT = 'Parked by /drain; /undrain removes this file.\n';

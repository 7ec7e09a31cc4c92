import { chownSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { PARKED_TEXT, parkedFile } from '../../contract/parked.ts';

/**
 * Parks a seat that has no worker now, or takes it back: its next worker finds the file. What root makes here belongs
 * to the owner of the data folder, whose worker has to be able to remove it.
 * @throws the file system's error
 */
export function parkAbsent(dataDir: string, seat: number, parked: boolean): void {
  const path = parkedFile(dataDir, `cxbcore_${seat}`);
  if (!parked) return rmSync(path, { force: true });
  const made = [dirname(path), path].filter((each) => !existsSync(each));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, PARKED_TEXT);
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(dataDir);
  for (const each of made) chownSync(each, uid, gid);
}

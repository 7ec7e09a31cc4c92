import { mkdir, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { journalFolder, recordFolder } from './paths.ts';

/**
 * Writes a file into each folder that a call needs, down to the disk, and removes it: where this fails, a call would
 * leave neither journal nor record.
 *
 * @throws Error that says what is wrong and what to do
 */
export async function proveWritable(dataDir: string): Promise<void> {
  for (const folder of [journalFolder(dataDir), recordFolder(dataDir)]) {
    // No journal or record begins with a dot, so nobody takes a probe that a crash left behind for one.
    const probe = join(folder, `.probe-${process.pid}`);
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const file = await open(probe, 'w', 0o600);
      try {
        await file.writeFile('This file may be removed.\n');
        await file.sync();
      } finally {
        await file.close();
        await unlink(probe);
      }
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new Error(
        `no journal or record can be written in ${folder} (${why}): ` +
          'make CXBCORE_DATA_DIR a folder that this user may write to, with space left',
        { cause },
      );
    }
  }
}

import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Clock, keepAlive, sleep } from '../kit/clock.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** A worker that has been free, and has lived for this long, has not died quickly. */
export const LIVED_MS = 10_000;
/** The wait after the first quick death; it doubles with every further one. */
const FIRST_S = 1;
/** The longest wait: a cause that is mended is noticed within it. */
const LONGEST_S = 60;
/** A count that nobody has touched for so long is of a trouble that is over. */
const FORGOTTEN_MS = 300_000;

/**
 * Counts the starts of this seat that came to nothing, as a file in the data folder, and waits 1 to 60 s after the
 * first: whatever starts workers again at once, such as systemd, would keep the host busy with it. A worker of
 * `cxbcore up` does not wait, because its supervisor does.
 */
export async function backOff(env: Env, clock: Clock, say: (text: string) => void): Promise<void> {
  const path = countFile(env);
  if (env['CXBCORE_SUPERVISED'] || path === undefined) return;
  const deaths = readCount(path, clock.wall());
  writeCount(path, deaths + 1);
  if (deaths === 0) return;
  const seconds = Math.min(LONGEST_S, FIRST_S * 2 ** Math.min(deaths - 1, 10));
  say(`cxbcore worker: ${timesInARow(deaths)} soon after its start; waiting ${seconds} s\n`);
  const release = keepAlive();
  await sleep(clock, seconds * 1000);
  release();
}

/** The start has come to something, or the process ends because it was told to. */
export function forgetDeaths(env: Env): void {
  const path = countFile(env);
  try {
    if (path !== undefined) rmSync(path, { force: true });
  } catch {
    // A folder that cannot be written is told by the warm-up; the next start waits a little, that is all.
  }
}

const timesInARow = (deaths: number) => (deaths === 1 ? 'the last one ended' : `the last ${deaths} ended`);

/** Read here by hand, because the table of settings is among what must not be loaded yet. */
function countFile(env: Env): string | undefined {
  const socket = env['CXBCORE_SOCKET'];
  const development = env['CXBCORE_MODE']?.toLowerCase() === 'development';
  const dataDir = env['CXBCORE_DATA_DIR'] || (development ? './data' : '/var/lib/cxbcore');
  return socket ? join(dataDir, 'starts', basename(socket, '.sock')) : undefined;
}

function readCount(path: string, nowMs: number): number {
  try {
    if (nowMs - statSync(path).mtimeMs > FORGOTTEN_MS) return 0;
    const count = Number(readFileSync(path, 'utf8'));
    return Number.isSafeInteger(count) && count > 0 ? count : 0;
  } catch {
    return 0; // the first start, or one after a good life
  }
}

function writeCount(path: string, count: number): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, `${count}\n`);
  } catch {
    // Without a place to count there is no wait; what is wrong with the folder, the warm-up says.
  }
}

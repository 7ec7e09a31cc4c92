import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
  unlinkSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';

/** A used name stays this long past its expiry: a wall clock that is set back must not make it new again. */
const KEEP_MS = 600_000;
/** Sweeping reads the whole folder, so it is not done for every claim. */
const SWEEP_EVERY_MS = 60_000;
const USED = /^once_[A-Za-z0-9-]+_(\d+)$/;
const SWEPT = 'once.swept';

/** The folder of claims cannot be trusted or used. Nothing has been claimed, and nothing may be accepted. */
export class ClaimsFolderError extends Error {
  constructor(folder: string, why: string, cause?: unknown) {
    super(`${folder} cannot hold claims: ${why}`, cause === undefined ? undefined : { cause });
    this.name = 'ClaimsFolderError';
  }
}

/** Where one-use names of a host are kept. */
export function claimsFolder(socketDir: string): string {
  return join(socketDir, 'cxbcore_claims');
}

/** Whether the name has been claimed; a look that changes nothing. */
export function wasClaimed(folder: string, name: string, expiresAtMs: number): boolean {
  return existsSync(join(folder, fileName(name, expiresAtMs)));
}

/**
 * True for the first caller on this host that claims `name`, in whatever process; false for everybody after it.
 * @param name letters, digits and `-`
 * @param expiresAtMs wall-clock time after which the name cannot be valid any more; the same for every claim of it
 * @throws ClaimsFolderError
 */
export function claimOnce(folder: string, name: string, expiresAtMs: number, nowMs: number): boolean {
  const file = fileName(name, expiresAtMs);
  ensureClaimsFolder(folder);
  try {
    closeSync(openSync(join(folder, file), 'wx', 0o600));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw new ClaimsFolderError(folder, error instanceof Error ? error.message : String(error), error);
  }
  sweep(folder, nowMs);
  return true;
}

/** The expiry is part of the name, so that a sweeper can tell from the name alone. */
function fileName(name: string, expiresAtMs: number): string {
  const file = `once_${name}_${Math.ceil(expiresAtMs)}`;
  if (!USED.test(file))
    throw new RangeError(`${JSON.stringify(name)} cannot be claimed: letters, digits and - only`);
  return file;
}

/**
 * Creates the folder, or makes sure that the one there is ours alone: in a shared `/tmp` somebody else may have
 * made it first, and could then take our claims away.
 * @throws ClaimsFolderError
 */
export function ensureClaimsFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const stat = lstatSync(folder);
    if (!stat.isDirectory()) throw new ClaimsFolderError(folder, 'it is not a folder');
    if (stat.uid !== process.getuid?.())
      throw new ClaimsFolderError(folder, `it belongs to user ${stat.uid}`);
    if ((stat.mode & 0o077) !== 0)
      throw new ClaimsFolderError(folder, 'others may enter it: remove it, or set its mode to 0700');
  } catch (error) {
    if (error instanceof ClaimsFolderError) throw error;
    throw new ClaimsFolderError(folder, error instanceof Error ? error.message : String(error), error);
  }
}

/** Removes names long expired, at most once a minute per host. Two sweepers at once do no harm. */
function sweep(folder: string, nowMs: number): void {
  const marker = join(folder, SWEPT);
  try {
    if (Math.abs(nowMs - statSync(marker).mtimeMs) < SWEEP_EVERY_MS) return;
  } catch {
    // never swept yet
  }
  try {
    closeSync(openSync(marker, 'a', 0o600));
    utimesSync(marker, nowMs / 1000, nowMs / 1000);
    for (const name of readdirSync(folder)) {
      const expiresAtMs = USED.exec(name)?.[1];
      if (expiresAtMs !== undefined && Number(expiresAtMs) + KEEP_MS < nowMs) unlinkSync(join(folder, name));
    }
  } catch {
    // Another sweeper was faster, or the disk is full: the claim stands either way, and the next one sweeps again.
  }
}

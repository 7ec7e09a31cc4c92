import { createHash } from 'node:crypto';
import { linkSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Claim, claimSchema } from '../contract/claim.ts';
import { newId } from '../kit/ids.ts';
import { parseJson } from '../kit/json.ts';

/**
 * The files of claims: `<hash of the key>.<n>`, each whole from its first moment, because it is written under another
 * name and then linked. `n` counts the owners; the highest one counts.
 */
const NAME = /^([0-9a-f]{40})\.(\d{1,6})$/;

export interface ClaimFile {
  readonly hash: string;
  readonly n: number;
}

export function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 40);
}

/** Every claim file of the folder, or those of one key; lowest number first. Empty when there is no folder. */
export function claimFiles(folder: string, hash?: string): ClaimFile[] {
  const files: ClaimFile[] = [];
  for (const name of namesIn(folder)) {
    const [, of, n] = NAME.exec(name) ?? [];
    if (of !== undefined && (hash === undefined || of === hash)) files.push({ hash: of, n: Number(n) });
  }
  return files.sort((a, b) => a.n - b.n);
}

/** Undefined when the file is gone, or is no claim this build can read. */
export function readClaim(folder: string, file: ClaimFile): Claim | undefined {
  try {
    const parsed = claimSchema.safeParse(parseJson(readFileSync(pathOf(folder, file), 'utf8')));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined; // removed a moment ago
  }
}

/** False when the file exists already. @throws the file system's error */
export function publishClaim(folder: string, file: ClaimFile, claim: Claim): boolean {
  const draft = writeDraft(folder, claim);
  try {
    linkSync(draft, pathOf(folder, file));
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Only by the owner: nobody else ever writes this file. @throws the file system's error */
export function replaceClaim(folder: string, file: ClaimFile, claim: Claim): void {
  renameSync(writeDraft(folder, claim), pathOf(folder, file));
}

export function removeClaim(folder: string, file: ClaimFile): void {
  rmSync(pathOf(folder, file), { force: true });
}

/** Removes the file for exactly one of several who try. */
export function removeAlone(folder: string, file: ClaimFile): boolean {
  const aside = join(folder, `.${newId('over')}`);
  try {
    renameSync(pathOf(folder, file), aside);
  } catch {
    return false; // another was faster
  }
  rmSync(aside, { force: true });
  return true;
}

function writeDraft(folder: string, claim: Claim): string {
  const draft = join(folder, `.${newId('draft')}`);
  writeFileSync(draft, `${JSON.stringify(claim)}\n`, { mode: 0o600, flag: 'wx' });
  return draft;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // nothing has been claimed on this host yet
  }
}

function pathOf(folder: string, { hash, n }: ClaimFile): string {
  return join(folder, `${hash}.${n}`);
}

import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Files, ingressFiles } from './config.ts';
import { type Fleet, IngressError, parseIngress, withFleets } from './description.ts';
import { faultsIn } from './program.ts';
import type { HaproxyVersion } from './version.ts';

/**
 * Writes the description with these fleets and the files made from it, after HAProxy has found no fault in a copy of
 * its whole folder. Nothing is touched when it finds one.
 * @param path the description
 * @throws IngressError with what HAProxy says
 */
export async function writeFleets(
  path: string,
  fleets: readonly Fleet[],
  version: HaproxyVersion,
): Promise<void> {
  const text = withFleets(readFileSync(path, 'utf8'), fleets);
  const ingress = parseIngress(text, path);
  const copy = mkdtempSync(join(tmpdir(), 'cxbcore-ingress-'));
  try {
    copyOthers(ingress.config_dir, copy);
    writeAll(copy, ingressFiles(ingress, version, path, copy));
    const faults = await faultsIn(ingress.program, copy);
    if (faults !== undefined) throw new IngressError(`HAProxy would not take the new files:\n${faults}`);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
  mkdirSync(ingress.config_dir, { recursive: true });
  replaceFile(path, text);
  writeAll(ingress.config_dir, ingressFiles(ingress, version, path));
}

/** Files of ours that are not as the description makes them; undefined-proof: a missing one counts. */
export function differing(folder: string, files: Files): readonly string[] {
  return Object.entries(files)
    .filter(([name, text]) => {
      const at = join(folder, name);
      return !existsSync(at) || readFileSync(at, 'utf8') !== text;
    })
    .map(([name]) => name);
}

/** Puts a file in place in one step: a reader sees the old one or the new one. It keeps the old one's permissions. */
export function replaceFile(path: string, text: string): void {
  const fresh = `${path}.${process.pid}.new`;
  writeFileSync(fresh, text, { mode: 0o644 });
  if (existsSync(path)) chmodSync(fresh, statSync(path).mode & 0o777);
  renameSync(fresh, path);
}

function writeAll(folder: string, files: Files): void {
  for (const [name, text] of Object.entries(files)) replaceFile(join(folder, name), text);
}

/** The operator's own files count too when HAProxy judges the whole. */
function copyOthers(from: string, to: string): void {
  if (!existsSync(from)) return;
  for (const entry of readdirSync(from, { withFileTypes: true }))
    if (entry.isFile()) copyFileSync(join(from, entry.name), join(to, entry.name));
}

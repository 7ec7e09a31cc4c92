import { lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { PermissionFact, SocketFact, TextFact } from './facts.ts';

/** Larger than any configuration anybody writes. */
const TEXT_MAX_BYTES = 1_048_576;

/** The files named as seats' sockets in a folder, whatever they are. */
export function socketsIn(socketDir: string): SocketFact[] {
  return namesIn(socketDir).flatMap((name) => {
    const [, digits, kind] = /^cxbcore_(\d+)\.(sock|ctl)$/.exec(name) ?? [];
    const stat = lstatSync(join(socketDir, name), { throwIfNoEntry: false });
    if (digits === undefined || !stat) return [];
    const known = kind === 'ctl' ? 'ctl' : 'sock';
    const { uid, mode } = stat;
    return [{ name, seat: Number(digits), kind: known, isSocket: stat.isSocket(), uid, mode: mode & 0o777 }];
  });
}

/** Files as they are, and the `.conf`, `.cfg` and `.service` files of folders, in the order of their names. */
export function textsOf(paths: readonly string[]): TextFact[] {
  return paths.flatMap((path) => {
    const stat = statOf(path);
    if (!stat) return [];
    if (!stat.isDirectory()) return readText(path);
    return namesIn(path)
      .filter((name) => /\.(conf|cfg|service)$/.test(name) || path.endsWith('-enabled'))
      .sort()
      .flatMap((name) => readText(join(path, name)));
  });
}

/** The files that nginx has read, as `nginx -T` prints them one after the other. */
export function loadedTexts(printed: string): TextFact[] {
  const [, ...rest] = printed.split(/^# configuration file (.+):\n/m);
  return Array.from({ length: rest.length / 2 }, (_, i) => ({
    path: rest[2 * i] ?? '',
    text: rest[2 * i + 1] ?? '',
  }));
}

export function permissionsOf(paths: readonly string[]): PermissionFact[] {
  return paths.flatMap((path) => {
    const stat = statOf(path);
    return stat ? [{ path, uid: stat.uid, mode: stat.mode & 0o777 }] : [];
  });
}

function readText(path: string): TextFact[] {
  try {
    const stat = statSync(path);
    return stat.isFile() && stat.size <= TEXT_MAX_BYTES ? [{ path, text: readFileSync(path, 'utf8') }] : [];
  } catch {
    return []; // not ours to read: what is in it is not known
  }
}

function statOf(path: string) {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined; // the folder it is in is not ours to look into
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // absent, or not ours to read
  }
}

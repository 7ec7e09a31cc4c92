import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Owner, Step } from './steps.ts';

type FileStep = Exclude<Step, { do: 'run' }>;

/** What steps mean for the files below `root`. */
export function inRoot(root: string) {
  const at = (path: string) => join(root, path);
  const look = (path: string) => lstatSync(at(path), { throwIfNoEntry: false });
  const ids = (owner: Owner) => idsOf(at('/etc/passwd'), at('/etc/group'), owner);
  const own = (path: string, mode: number, owner: Owner) => {
    const known = ids(owner);
    if (known && process.getuid?.() === 0) chownSync(at(path), known.uid, known.gid);
    chmodSync(at(path), mode);
  };
  const isOwned = (path: string, mode: number, owner: Owner) => {
    const seen = look(path);
    if (!seen || (seen.mode & 0o7777) !== mode) return false;
    const known = process.getuid?.() === 0 ? ids(owner) : undefined;
    return !known || (seen.uid === known.uid && seen.gid === known.gid);
  };
  return {
    isDone(step: FileStep): boolean {
      switch (step.do) {
        case 'folder':
          return look(step.path)?.isDirectory() === true && isOwned(step.path, step.mode, step.owner);
        case 'file': {
          if (!look(step.path)?.isFile() || !isOwned(step.path, step.mode, step.owner)) return false;
          return step.keep === true || readFileSync(at(step.path), 'utf8') === step.text;
        }
        case 'copy':
          return look(step.to) !== undefined;
        case 'link':
          return look(step.path)?.isSymbolicLink() === true && readlinkSync(at(step.path)) === step.to;
        case 'move': {
          const from = look(step.from);
          return from === undefined || from.isSymbolicLink();
        }
        case 'remove':
          return look(step.path) === undefined;
      }
    },
    carryOut(step: FileStep): void {
      switch (step.do) {
        case 'folder':
          mkdirSync(at(step.path), { recursive: true });
          own(step.path, step.mode, step.owner);
          return;
        case 'file':
          if (!(step.keep && look(step.path))) writeWhole(at(step.path), step.text, step.mode);
          own(step.path, step.mode, step.owner);
          return;
        case 'copy':
          copyWhole(at(step.to), step, at);
          return;
        case 'link':
          linkWhole(at(step.path), step.to);
          return;
        case 'move':
          mkdirSync(dirname(at(step.to)), { recursive: true });
          if (look(step.to)) throw new Error(`${step.to} is there already; look at both, and remove one`);
          renameSync(at(step.from), at(step.to));
          return;
        case 'remove':
          rmSync(at(step.path), { recursive: true, force: true });
          return;
      }
    },
    putBack: (path: string) => putBack(at(path)),
  };
}

/** Keeps a file as it is now. @returns what puts it back */
function putBack(path: string): () => void {
  const before = lstatSync(path, { throwIfNoEntry: false })?.isFile() ? readFileSync(path) : undefined;
  return () => {
    if (before === undefined) rmSync(path, { force: true });
    else writeFileSync(path, before);
  };
}

/** Nobody ever reads half of it, and a secret is never readable for others, not even for a moment. */
function writeWhole(path: string, text: string, mode: number): void {
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.new`;
  rmSync(draft, { force: true });
  writeFileSync(draft, text, { mode: mode & 0o700 });
  renameSync(draft, path);
}

function linkWhole(path: string, to: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.new`;
  rmSync(draft, { force: true });
  symlinkSync(to, draft);
  renameSync(draft, path);
}

function copyWhole(
  to: string,
  { trees, links }: Extract<Step, { do: 'copy' }>,
  onHost: (path: string) => string,
): void {
  const draft = join(dirname(to), `.${basename(to)}.new`);
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(dirname(to), { recursive: true });
  for (const { at, ...tree } of trees) {
    const from = tree.onHost ? onHost(tree.from) : tree.from;
    cpSync(from, join(draft, at), {
      recursive: true,
      dereference: true,
      filter: (path) => isPartOf(from, path),
    });
  }
  for (const { name, to: target } of links) symlinkSync(target, join(draft, name));
  renameSync(draft, to);
}

/** Packages below a package are copied to places of their own, and what was made of agents is made again. */
function isPartOf(tree: string, path: string): boolean {
  const inside = path.slice(tree.length);
  return !/\/(node_modules|\.cxbcore)(\/|$)|\.test\.ts$/.test(inside);
}

function idsOf(passwd: string, group: string, owner: Owner): { uid: number; gid: number } | undefined {
  const [user = '', groupName = ''] = owner.split(':');
  const uid = user === 'root' ? 0 : idIn(passwd, user);
  const gid = groupName === 'root' ? 0 : idIn(group, groupName);
  return uid === undefined || gid === undefined ? undefined : { uid, gid };
}

function idIn(file: string, name: string): number | undefined {
  if (!existsSync(file)) return undefined;
  const line = readFileSync(file, 'utf8')
    .split('\n')
    .find((one) => one.startsWith(`${name}:`));
  const id = Number(line?.split(':')[2]);
  return Number.isInteger(id) ? id : undefined;
}

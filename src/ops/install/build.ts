import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parseJson } from '../../kit/json.ts';
import type { Tree } from './steps.ts';

/** What of a checkout or an installed package makes a build. */
const PARTS = ['dist', 'models', 'recordings', 'infra', 'scripts', 'package.json', 'THIRD_PARTY_NOTICES'];

/** Agents that come with the package, below a build; `agents` itself is the link to the operator's own. */
export const EXAMPLES = 'agent-examples';

export interface Build {
  /** Such as `0.1.0-1a2b3c4d5e6f-9f8e7d6c`: version, commit, and what the compiled code really is. */
  readonly id: string;
  readonly trees: readonly Tree[];
}

/** @throws Error when there is nothing built, or something it needs is missing */
export function describeBuild(source: string): Build {
  const root = realpathSync(source);
  if (!existsSync(join(root, 'dist/worker/main.js')))
    throw new Error(`there is no build in ${root}: run "npm run build" there first`);
  const { version, commit } = fieldsOf(join(root, 'dist/build.json'));
  const own = PARTS.filter((name) => existsSync(join(root, name))).map((name) => ({
    from: join(root, name),
    at: name,
  }));
  const examples = ['clinic.ts', 'survey.ts', 'lib']
    .map((name) => ({ from: join(root, 'agents', name), at: join(EXAMPLES, name) }))
    .filter(({ from }) => existsSync(from));
  return {
    id: `${String(version)}-${String(commit)}-${hashOf(root)}`,
    trees: [...own, ...examples, ...packagesOf(root)],
  };
}

/** Two builds of one commit may differ: a checkout is not always clean. */
function hashOf(root: string): string {
  const hash = createHash('sha256');
  for (const path of [...filesBelow(join(root, 'dist')), ...filesBelow(join(root, 'infra'))]) {
    hash.update(`${relative(root, path)}\0`).update(readFileSync(path));
  }
  return hash.digest('hex').slice(0, 8);
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? filesBelow(path) : [path];
    });
}

/**
 * The packages that the compiled code needs, and theirs, wherever an installer has put them; so that a build can be
 * made without a registry.
 */
function packagesOf(root: string): Tree[] {
  const trees = new Map<string, string>();
  const visit = (folder: string, at: string) => {
    const { needed, optional } = dependenciesOf(folder);
    for (const name of [...needed, ...optional]) {
      const found = findPackage(folder, name);
      if (found === undefined) {
        if (needed.includes(name))
          throw new Error(`${folder} needs the package ${name}, which is not installed`);
        continue;
      }
      // Flat where that is free; a second version goes below the one that needs it.
      const flat = join('node_modules', name);
      const place = [flat, join(at, flat)].find((one) => trees.get(one) === found || !trees.has(one));
      if (place === undefined || trees.get(place) === found) continue;
      trees.set(place, found);
      visit(found, place);
    }
  };
  visit(root, '');
  return [...trees].map(([at, from]) => ({ from, at }));
}

function dependenciesOf(folder: string): { needed: string[]; optional: string[] } {
  const fields = fieldsOf(join(folder, 'package.json'));
  const names = (key: string) => Object.keys(objectOf(fields[key]));
  const optional = [...names('optionalDependencies'), ...names('peerDependencies')];
  return { needed: names('dependencies').filter((name) => !optional.includes(name)), optional };
}

/** As Node looks for it: in `node_modules` here, then in each folder above. */
function findPackage(from: string, name: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const path = join(folder, 'node_modules', name);
    if (existsSync(join(path, 'package.json'))) return realpathSync(path);
    if (folder === dirname(folder)) return undefined;
  }
}

function fieldsOf(path: string): Readonly<Record<string, unknown>> {
  return objectOf(parseJson(readFileSync(path, 'utf8')));
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

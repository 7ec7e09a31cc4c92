import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { copyFile, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { outputOf } from './redirect.ts';
import { importsOf } from './source-text.ts';
import type { TransformedAgent } from './transform.ts';

type Exports = Readonly<Record<string, unknown>>;

/** What this process has imported of each helper, by its output: a module is loaded once for each address. */
const imported = new Map<string, string>();

/**
 * Imports an agent as its files are now, also in a process that has imported it before. A changed agent file is another
 * module by its hash; a changed helper needs another address in whatever imports it, and so a copy of the whole tree.
 *
 * @returns the module, and the file it was loaded from
 */
export async function importFresh(source: TransformedAgent): Promise<{ exports: Exports; output: string }> {
  const { sources, hash } = source;
  const helpers = sources.slice(1);
  const stale = helpers.some((helper) => {
    const known = imported.get(outputOf(helper));
    return known !== undefined && known !== hashOf(helper);
  });
  if (!stale) for (const helper of helpers) imported.set(outputOf(helper), hashOf(helper));
  const output = stale ? await copyTree(sources, hash) : source.output;
  return { exports: (await import(`${pathToFileURL(output).href}?${hash}`)) as Exports, output };
}

function hashOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

/** Copies the outputs of a tree beside themselves, each importing the copies; returns the agent's own copy. */
async function copyTree(sources: readonly string[], hash: string): Promise<string> {
  const outputs = sources.map(outputOf);
  const ours = new Set(outputs);
  for (const output of outputs) {
    const code = await readFile(output, 'utf8');
    let out = '';
    let position = 0;
    for (const { specifier, from, to } of importsOf(code)) {
      const target = resolve(dirname(output), specifier);
      if (!specifier.startsWith('.') || !ours.has(target)) continue;
      const path = relative(dirname(output), copyOf(target, hash));
      out += code.slice(position, from) + (path.startsWith('.') ? path : `./${path}`);
      position = to;
    }
    const copy = copyOf(output, hash);
    await copyFile(`${output}.map`, `${copy}.map`);
    // Other workers may do the same now; each reader sees a whole file.
    await writeFile(`${copy}.${process.pid}`, out + code.slice(position));
    await rename(`${copy}.${process.pid}`, copy);
  }
  return copyOf(outputs[0] ?? '', hash);
}

const copyOf = (output: string, hash: string) => output.replace(/\.mjs$/, `.${hash}.mjs`);

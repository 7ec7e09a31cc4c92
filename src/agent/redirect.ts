import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { importsOf } from './source-text.ts';

/** The folder, beside each source, that holds what is loaded instead of it. */
const OUTPUT_FOLDER = '.cxbcore';
/** What an agent file or a helper may be. */
export const SOURCE = /\.(?:[cm]?ts|m?js)$/;
/** A source that cannot be transformed. */
export interface SourceMistake {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

/** Lets the code, one folder further down, import what its source imports. */
export function redirectImports(
  code: string,
  file: string,
  mistakes: SourceMistake[],
): { code: string; helpers: string[]; standIn: boolean } {
  const helpers: string[] = [];
  let standIn = false;
  let out = '';
  let position = 0;
  for (const place of importsOf(code)) {
    const target = redirect(place.specifier, file, helpers, mistakes);
    standIn ||= target.startsWith('file:') && target !== place.specifier;
    out += code.slice(position, place.from) + target;
    position = place.to;
  }
  return { code: out + code.slice(position), helpers, standIn };
}

function redirect(specifier: string, file: string, helpers: string[], mistakes: SourceMistake[]): string {
  if (!/^\.{1,2}\//.test(specifier)) return bare(specifier, file);
  const target = resolve(dirname(file), specifier);
  const real = existing(target);
  if (real === undefined) {
    mistakes.push({ file, line: 1, message: `imports "${specifier}", and there is no such file` });
    return specifier;
  }
  if (SOURCE.test(real)) helpers.push(real);
  const loaded = SOURCE.test(real) ? outputOf(real) : real;
  const path = relative(dirname(outputOf(file)), loaded);
  return path.startsWith('.') ? path : `./${path}`;
}

/** Editors write `./diary.js` for `diary.ts`; both are understood. */
function existing(target: string): string | undefined {
  if (existsSync(target)) return target;
  const typed = target.replace(/\.(m?)js$/, '.$1ts');
  return typed !== target && existsSync(typed) ? typed : undefined;
}

/**
 * `cxbcore` and `zod` mean the running package where the agent's folder has none of its own, so that a folder of
 * agents needs no installation.
 */
function bare(specifier: string, file: string): string {
  const name = specifier.split('/')[0] ?? '';
  if (name !== 'cxbcore' && name !== 'zod') return specifier;
  try {
    createRequire(file).resolve(specifier);
    return specifier;
  } catch {
    if (name === 'zod') return pathToFileURL(createRequire(import.meta.url).resolve(specifier)).href;
    const entry = specifier === 'cxbcore/testing' ? '../testing/index.js' : '../index.js';
    return new URL(entry, import.meta.url).href;
  }
}

/** The JavaScript that is loaded for a source. */
export function outputOf(file: string): string {
  return join(dirname(file), OUTPUT_FOLDER, `${basename(file).replace(SOURCE, '')}.mjs`);
}

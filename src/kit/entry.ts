import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker, type WorkerOptions } from 'node:worker_threads';

/**
 * Threads of our own are started here, by their path below `src/` without extension, always as
 * compiled JavaScript: a TypeScript loader costs each process about 30 MB and 2 s.
 */
const DIST = new URL(import.meta.url.includes('/src/kit/') ? '../../dist/' : '../', import.meta.url);

/** The compiled file of a module, such as `speech/device/thread`. */
export function entryPath(name: string): string {
  const path = fileURLToPath(new URL(`${name}.js`, DIST));
  if (!existsSync(path)) throw new Error(`${path} is missing: run "npm run build" first`);
  return path;
}

/** The folder that holds package.json, models and agents: the checkout, or the installed package. */
export const packageRoot = fileURLToPath(new URL('..', DIST));

export function startThread(name: string, options: WorkerOptions = {}): Worker {
  return new Worker(entryPath(name), options);
}

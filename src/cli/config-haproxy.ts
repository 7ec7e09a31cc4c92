import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExitName } from '../contract/exit-codes.ts';
import { ingressFiles } from '../ops/haproxy/config.ts';
import { type Ingress, IngressError, parseIngress } from '../ops/haproxy/description.ts';
import { installedVersion } from '../ops/haproxy/program.ts';
import { OLDEST } from '../ops/haproxy/version.ts';
import { type CommandInput, UsageError } from './command.ts';

/** Where an ingress is described when `--file` does not say. */
export const INGRESS_FILE = '/etc/cxbcore/ingress.json';

/** @throws UsageError naming what is missing or wrong */
export function readIngress(path: string): { readonly text: string; readonly ingress: Ingress } {
  try {
    const text = readFileSync(path, 'utf8');
    return { text, ingress: parseIngress(text, path) };
  } catch (error) {
    if (error instanceof IngressError) throw new UsageError(error.message);
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new UsageError(
        `${path} is not there. It describes this ingress; the least is {"name": "ingress1", "certificate": "/etc/haproxy/certs/voice.pem"}`,
      );
    throw new UsageError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** `cxbcore config haproxy`: the files of an ingress, to look at or into a folder. */
export async function configHaproxy({ options, io }: CommandInput): Promise<ExitName> {
  const path = String(options['file'] ?? INGRESS_FILE);
  const { ingress } = readIngress(path);
  const version = await installedVersion(ingress.program).catch((error: unknown) => {
    if (!(error instanceof IngressError)) throw error;
    io.err(`${error.message}; these are the files for ${OLDEST.major}.${OLDEST.minor}.\n`);
    return OLDEST;
  });
  const out = typeof options['out'] === 'string' ? options['out'] : undefined;
  const files = ingressFiles(ingress, version, path, out ?? ingress.config_dir);
  if (out === undefined) {
    for (const [name, text] of Object.entries(files)) io.out(`##### ${name}\n${text}\n`);
    return 'ok';
  }
  mkdirSync(out, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(out, name), text);
    io.out(`wrote ${join(out, name)}\n`);
  }
  return 'ok';
}

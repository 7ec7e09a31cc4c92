import { execFile } from 'node:child_process';
import { IngressError } from './description.ts';
import { type HaproxyVersion, haproxyVersion, isAtLeast, OLDEST } from './version.ts';

/** Long enough for HAProxy to look up host names in vain. */
const LIMIT_MS = 20_000;

interface Said {
  readonly code: number;
  readonly text: string;
}

function run(program: string, words: readonly string[]): Promise<Said> {
  return new Promise((resolve, reject) => {
    execFile(program, [...words], { timeout: LIMIT_MS, maxBuffer: 1_000_000 }, (error, out, err) => {
      if (error && typeof error.code !== 'number')
        reject(new IngressError(`${program} could not be run: ${error.message}`));
      else resolve({ code: Number(error?.code ?? 0), text: `${out}${err}`.trim() });
    });
  });
}

/** @throws IngressError when it cannot be run, is not HAProxy, or is too old */
export async function installedVersion(program: string): Promise<HaproxyVersion> {
  const { text } = await run(program, ['-v']);
  const version = haproxyVersion(text);
  if (!version) throw new IngressError(`${program} -v says nothing of a version: ${text.slice(0, 200)}`);
  if (!isAtLeast(version, OLDEST.major, OLDEST.minor))
    throw new IngressError(
      `${program} is ${version.major}.${version.minor}; the ingress needs ${OLDEST.major}.${OLDEST.minor} or newer`,
    );
  return version;
}

/** What HAProxy finds wrong in the files of a folder; undefined when nothing. Warnings count. */
export async function faultsIn(program: string, folder: string): Promise<string | undefined> {
  // "-q" would hide what is wrong too.
  const { code, text } = await run(program, ['-c', '-f', folder]);
  const faults = faultsOf(text);
  if (code !== 0) return faults.join('\n') || `haproxy -c ended with ${code}`;
  return faults.length > 0 ? faults.join('\n') : undefined;
}

/**
 * The alerts and warnings among what HAProxy says, each with its further lines. Of the file with states it complains
 * before there is one, and of every server in it that has gone since; neither is a fault of the files.
 */
export function faultsOf(text: string): readonly string[] {
  return text
    .split(/^(?=\[[A-Z]+\])/m)
    .map((part) => part.trim())
    .filter((part) => /^\[(WARNING|ALERT)\]/.test(part) && !/server state file|server-state/i.test(part));
}

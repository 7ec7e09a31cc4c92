import { spawnSync } from 'node:child_process';
import { describe, it } from 'vitest';

/** Where the program is that would be started from here; `sbin` folders count, as they do for root. */
export function pathOf(program: string): string | undefined {
  const PATH = `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`;
  const { stdout } = spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program], {
    env: { PATH },
    encoding: 'utf8',
  });
  return stdout.trim() || undefined;
}

export function has(program: string): boolean {
  return pathOf(program) !== undefined;
}

/**
 * `describe` for tests that need a program which is not ours. Without it they are reported as skipped, by name; in
 * CI, where everything has been installed, a missing program is a failure.
 */
export function describeWith(program: string): (title: string, tests: () => void) => void {
  if (has(program)) return (title, tests) => void describe(title, tests);
  if (process.env['CI']) return (title) => void describe(title, () => missing(program));
  return (title, tests) =>
    void describe.skipIf(true)(`${title} (skipped: ${program} is not installed)`, tests);
}

function missing(program: string): void {
  it(`needs ${program}, which CI must install`, () => Promise.reject(new Error(`${program} is missing`)));
}

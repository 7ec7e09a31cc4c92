// What the compiler leaves to do: the command's executable bit, and the identity of this build.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';

const root = new URL('..', import.meta.url);
const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));

function commit() {
  try {
    return execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
      .toString()
      .trim();
  } catch {
    return 'unknown'; // a build from a source archive has no history
  }
}

writeFileSync(new URL('dist/build.json', root), `${JSON.stringify({ version, commit: commit() })}\n`);
const main = new URL('dist/cli/main.js', root);
if (existsSync(main)) chmodSync(main, 0o755);

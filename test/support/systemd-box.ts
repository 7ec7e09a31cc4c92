import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, it, onTestFinished } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const BOX = `${ROOT}/test/tools/systemd-box`;
const CANNOT = 77;
/** A box that hangs ends with it; slow machines need a third of it. */
const LIMIT_S = 170;

let tried: { readonly status: number | null; readonly stderr: string } | undefined;

/** `describe` for tests under a real systemd of their own; skipped by name where none can be booted, but not in CI. */
export function describeInBox(title: string, tests: () => void): void {
  tried ??= spawnSync(BOX, ['--', 'true'], { encoding: 'utf8' });
  if (tried.status !== CANNOT) return void describe(title, tests);
  const why = tried.stderr.trim();
  if (process.env['CI'])
    return void describe(title, () => {
      it('needs a private systemd, which CI must allow', () => Promise.reject(new Error(why)));
    });
  describe.skipIf(true)(`${title} (skipped: ${why})`, tests);
}

export interface BoxRun {
  readonly status: number | null;
  readonly output: string;
  /** What the script noted with `note NAME TEXT…`, by name; the last one of a name counts. */
  readonly notes: Readonly<Record<string, string>>;
}

/**
 * The same on a kernel of the box's own. It is skipped by name where such a kernel cannot run, in CI too: no package
 * brings what a machine forbids.
 */
export function describeOnOwnKernel(title: string, tests: () => void): void {
  const { status, stderr } = spawnSync(BOX, ['--own-kernel', '--', 'true'], { encoding: 'utf8' });
  if (status === 0) return void describe(title, tests);
  describe.skipIf(true)(`${title} (skipped: ${stderr.trim()})`, tests);
}

/** A folder that stands for /opt in every box of a file, so that a build is copied once. */
export function boxFolder(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'cxb-opt-'));
  chmodSync(path, 0o755); // workers run as another user
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** What every script can use. */
function prelude(port: number): string {
  return `
set -u
cd /
export PORT=${port} CXBCORE=${ROOT}/dist/cli/main.js
note() { local name=$1; shift; printf '@note %s %s\\n' "$name" "$(printf '%s' "$*" | tr '\\n' ' ')"; }
until_true() { local i; for ((i = 0; i < 400; i++)); do "$@" >/dev/null 2>&1 && return 0; sleep 0.1; done; echo "never true: $*"; return 1; }
pid_of() { systemctl show -p MainPID --value "cxbcore@$1"; }
prop() { systemctl show -p "$2" --value "$1"; }
is() { [ "$(prop "$1" "$2")" = "$3" ]; }
cxb() { node "$CXBCORE" "$@"; }
as_cxb() { runuser -u cxbcore -- node /opt/core/dist/cli/main.js "$@"; }
call() { node ${ROOT}/test/fixtures/caller.mjs "\${TO:-$PORT}" "$1" >"$2" 2>&1; }
busy_seat() { as_cxb status --json 2>/dev/null | node -e 'let t="";process.stdin.on("data",(d)=>t+=d).on("end",()=>{for(const s of JSON.parse(t).seats){const st=s.status??s;if(st.call)console.log(s.seat??st.worker)}})'; }
# The distribution's own site would want port 80.
rm -f /etc/nginx/sites-enabled/default
mkdir -p /etc/cxbcore/agents && cp ${ROOT}/test/fixtures/quiet-agents/quiet.mjs /etc/cxbcore/agents/
umask 022
printf '%s\\n' CXBCORE_MODE=development CXBCORE_WORKERS=3 CXBCORE_DATA_DIR=/var/lib/cxbcore CXBCORE_FLEET=box "CXBCORE_HTTP_PORT=$PORT" LOG_LEVEL=info >/etc/cxbcore/env
`;
}

/** Installs the checkout into the box and starts nginx and the workers. */
export const INSTALLED = `
cxb install >/tmp/install.log 2>&1 || { cat /tmp/install.log; exit 90; }
systemctl start nginx cxbcore.target
until_true is cxbcore@1 ActiveState active; until_true is cxbcore@2 ActiveState active; until_true is cxbcore@3 ActiveState active
`;

/** Runs a script as root next to a systemd of its own. The network's loopback is the machine's, so the port is any free one. */
export async function inBox(
  opt: string,
  script: string,
  { ownKernel = false }: { readonly ownKernel?: boolean } = {},
): Promise<BoxRun> {
  const folder = mkdtempSync(join(tmpdir(), 'cxb-script-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const port = await freePort();
  writeFileSync(join(folder, 'run.sh'), prelude(port) + script);
  const binds = ['--bind', `${opt}:/opt`, '--bind', ROOT, '--bind', `${folder}:/run/box-script`];
  const child = spawn(
    BOX,
    [
      '--timeout',
      String(LIMIT_S),
      ...(ownKernel ? ['--own-kernel'] : []),
      ...binds,
      '--',
      'bash',
      '/run/box-script/run.sh',
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  onTestFinished(() => void child.kill('SIGTERM'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const status = await new Promise<number | null>((resolve) => void child.once('close', resolve));
  const notes: Record<string, string> = {};
  for (const [, name = '', text = ''] of output.matchAll(/^@note (\S+) (.*)$/gm)) notes[name] = text.trim();
  return { status, output, notes };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

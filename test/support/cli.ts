import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { until } from './host.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface RunningCommand {
  /** Everything it has written so far, on both streams. */
  readonly output: () => string;
  readonly exited: Promise<number>;
  /** Resolves when the output has come to contain `text`. */
  readonly says: (text: string) => Promise<void>;
  readonly kill: (signal: NodeJS.Signals) => void;
}

/** `cxbcore` with these words, as a person without a terminal runs it. */
export function cxbcore(
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): RunningCommand {
  const child = spawn(process.execPath, [MAIN, ...words], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return watch(child);
}

/** The same on a terminal of its own: `type` is what is typed, and Ctrl-C is the character 3. */
export function cxbcoreOnTerminal(
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): RunningCommand & { readonly type: (keys: string) => void } {
  const quoted = [process.execPath, MAIN, ...words].map((word) => `'${word}'`).join(' ');
  // Some shells stay in front of their last command and answer Ctrl-C themselves: `exec` leaves none behind.
  const child = spawn('script', ['-qefc', `exec ${quoted}`, '/dev/null'], {
    env: { ...process.env, TERM: 'xterm', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => undefined);
  return { ...watch(child), type: (keys) => void child.stdin.write(keys) };
}

function watch(child: ChildProcess): RunningCommand {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (part: string) => {
      output += part;
    });
  }
  let over = false;
  const exited = new Promise<number>((resolve) => {
    child.once('close', (code) => {
      over = true;
      resolve(code ?? -1);
    });
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  return {
    output: () => output,
    exited,
    kill: (signal) => void child.kill(signal),
    async says(text) {
      await until(() => output.includes(text) || over);
      if (!output.includes(text)) throw new Error(`it ended without saying "${text}":\n${output}`);
    },
  };
}

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { delimiter, dirname } from 'node:path';
import { packageRoot } from '../kit/entry.ts';
import type { WorkerLog } from './worker-log.ts';

/** The program of a worker; tests put a small one of their own in its place. */
export interface WorkerCommand {
  readonly file: string;
  readonly args: readonly string[];
}

export const WORKER_COMMAND: WorkerCommand = { file: `${packageRoot}scripts/run_worker.sh`, args: [] };

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** In words, such as `ended with 75` or `was killed (SIGKILL)`. */
export function exitWords({ code, signal }: Exit): string {
  if (signal !== null) return `was killed (${signal})`;
  return code === null ? 'could not be started' : `ended with ${code}`;
}

export interface StartedWorker {
  readonly pid: number;
  signal(signal: NodeJS.Signals): void;
}

/**
 * Starts a worker in a session of its own, so that the terminal's Ctrl-C reaches it only through us, and with a pipe
 * as its standard input that ends when we do, however we end: then it drains.
 */
export function startWorker(
  command: WorkerCommand,
  env: Readonly<Record<string, string | undefined>>,
  log: WorkerLog,
  onExit: (exit: Exit) => void,
): StartedWorker | undefined {
  const fd = log.open();
  let child: ChildProcess;
  try {
    child = spawn(command.file, command.args, {
      detached: true,
      env: { ...env, PATH: withOwnNode(env['PATH']), CXBCORE_SUPERVISED: '1' },
      stdio: ['pipe', fd, fd],
    });
  } finally {
    closeSync(fd);
  }
  child.stdin?.on('error', () => undefined);
  let over = false;
  const end = (exit: Exit) => {
    if (over) return;
    over = true;
    child.stdin?.destroy();
    onExit(exit);
  };
  child.once('error', () => end({ code: null, signal: null }));
  child.once('exit', (code, signal) => end({ code, signal }));
  const { pid } = child;
  if (pid === undefined) return undefined;
  return { pid, signal: (signal) => void (over || child.kill(signal)) };
}

/** The script takes `node` from the path; a worker runs on the same one as its supervisor. */
function withOwnNode(path: string | undefined): string {
  return [dirname(process.execPath), path ?? '/usr/local/bin:/usr/bin:/bin'].join(delimiter);
}

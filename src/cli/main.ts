#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { isatty } from 'node:tty';
import { EXIT } from '../contract/exit-codes.ts';
import { SettingsError } from '../contract/settings.ts';
import { keepAlive } from '../kit/clock.ts';
import { packageRoot } from '../kit/entry.ts';
import type { CommandIo } from './command.ts';
import { COMMANDS } from './commands.ts';
import { runCommandLine } from './program.ts';

const FIRST_CTRL_C = new AbortController();
const SECOND_CTRL_C = new AbortController();

/** A third Ctrl-C is meant for the process, not for the command: it ends as the shell expects (128 + signal). */
function onSignal(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP'): void {
  if (!FIRST_CTRL_C.signal.aborted) FIRST_CTRL_C.abort(new Error(signal));
  else if (!SECOND_CTRL_C.signal.aborted) SECOND_CTRL_C.abort(new Error(signal));
  else process.exit(signal === 'SIGINT' ? 130 : 143);
}

/** A reader that went away (`| head`), or a terminal that was closed, is no fault of the command's. */
function onOutputError(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(EXIT.ok.code);
  // A closed terminal also sends SIGHUP, and the command still has to end what it began.
  if (error.code !== 'EIO') throw error;
}

async function main(): Promise<number> {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => onSignal(signal));
  for (const stream of [process.stdout, process.stderr]) stream.on('error', onOutputError);
  const io: CommandIo = {
    env: process.env,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    terminal: isatty(1),
    interrupted: FIRST_CTRL_C.signal,
    interruptedAgain: SECOND_CTRL_C.signal,
  };
  const { version } = JSON.parse(readFileSync(`${packageRoot}package.json`, 'utf8')) as { version: string };
  const release = keepAlive();
  try {
    return EXIT[await runCommandLine(process.argv.slice(2), COMMANDS, version, io)].code;
  } catch (error) {
    if (error instanceof SettingsError) {
      io.err(`${error.message}\n`);
      return EXIT.settings.code;
    }
    io.err(`This is a fault of ours, not yours:\n${error instanceof Error ? error.stack : String(error)}\n`);
    return EXIT.bug.code;
  } finally {
    release();
  }
}

process.exitCode = await main();

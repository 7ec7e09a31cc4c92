import { closeSync, fstatSync, mkdirSync, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import type { LogLine } from './events.ts';

/** How much of a log is read at a time; a worker that writes faster than this is shown later, not at length. */
const MAX_READ_BYTES = 65_536;
const LAST_WORDS_LINES = 12;

/**
 * What a worker writes to its standard output and error: a file, not a pipe, so that a worker goes on when its
 * supervisor is gone. The supervisor reads it from where it stopped.
 */
export class WorkerLog {
  readonly path: string;
  #fresh = true;
  #readTo = 0;
  #startedAt = 0;
  #rest = '';

  constructor(path: string) {
    this.path = path;
    mkdirSync(dirname(path), { recursive: true });
  }

  /** Opens the file for a new process, emptied for the first one; the caller closes the descriptor. */
  open(): number {
    const fd = openSync(this.path, this.#fresh ? 'w' : 'a', 0o600);
    this.#fresh = false;
    this.#startedAt = fstatSync(fd).size;
    return fd;
  }

  /** Whole lines written since the last call. */
  read(): LogLine[] {
    const text = this.#rest + this.#slice(this.#readTo, (end) => (this.#readTo = end));
    const lines = text.split('\n');
    this.#rest = lines.pop() ?? '';
    return lines.filter(Boolean).map(parseLogLine);
  }

  /** What the latest process said for a person to read: errors, and whatever is no log line at all. */
  lastWords(): string {
    const lines = this.#slice(this.#startedAt, () => undefined)
      .split('\n')
      .filter(Boolean)
      .map(parseLogLine)
      .filter((line) => line.level >= ERROR_LEVEL)
      .map(sentence);
    return lines.slice(-LAST_WORDS_LINES).join('\n');
  }

  #slice(from: number, readTo: (end: number) => void): string {
    let fd: number;
    try {
      fd = openSync(this.path, 'r');
    } catch {
      return ''; // not written yet, or removed by its owner: there is nothing to show
    }
    try {
      const size = fstatSync(fd).size;
      const start = Math.max(from, size - MAX_READ_BYTES);
      const bytes = Buffer.alloc(Math.max(0, size - start));
      const count = readSync(fd, bytes, 0, bytes.length, start);
      readTo(start + count);
      return bytes.toString('utf8', 0, count);
    } finally {
      closeSync(fd);
    }
  }
}

export const WARN_LEVEL = 40;
const ERROR_LEVEL = 50;

/** A line of our log, or anything else a process prints, which counts as an error: nothing of ours prints plainly. */
export function parseLogLine(text: string): LogLine {
  try {
    const { level, msg, time: _time, ...fields } = JSON.parse(text) as Record<string, unknown>;
    if (typeof level === 'number' && typeof msg === 'string') return { level, message: msg, fields };
  } catch {
    // Not JSON: a stack of Node's, or a message for a person.
  }
  return { level: ERROR_LEVEL, message: text, fields: {} };
}

/** A log line as a sentence: the message, and what its error or reason says. */
export function sentence(line: LogLine): string {
  const { error, why } = line.fields;
  const more =
    typeof error === 'object' && error !== null && 'message' in error ? error.message : (why ?? error);
  return typeof more === 'string' ? `${line.message}: ${more}` : line.message;
}

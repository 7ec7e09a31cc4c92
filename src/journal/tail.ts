import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { JournalLine } from './lines.ts';
import { journalPath } from './paths.ts';
import { parseLine } from './read.ts';

/** A line, and where in the call's journal it ends. */
export interface TailLine {
  readonly incarnation: number;
  /** The byte of its file after the line. */
  readonly end: number;
  readonly line: JournalLine;
}

/** Read at a time; a line may be longer, and then more is read. */
const CHUNK_BYTES = 262_144;
const NEWLINE = 0x0a;

/**
 * Follows a call's journal while it is written, incarnation after incarnation. Reads every byte once, and only whole lines;
 * what is no line of ours is passed over, as a later build may have written it.
 */
export class JournalTail {
  readonly #dataDir: string;
  readonly #callId: string;
  #incarnation = 1;
  #at = 0;
  #rest = Buffer.alloc(0);

  /** @throws RangeError when the id is none */
  constructor(dataDir: string, callId: string) {
    this.#dataDir = dataDir;
    this.#callId = callId;
    journalPath(dataDir, callId, 1);
  }

  /** What was written since the last time, a chunk at most; empty when nothing was. */
  async next(): Promise<readonly TailLine[]> {
    const lines = await this.#read();
    if (lines.length > 0) return lines;
    const following = await this.#open(this.#incarnation + 1);
    if (!following) return [];
    await following.close();
    // Whoever saw the death may have noted it after the last look and before the next incarnation began.
    const last = await this.#read();
    if (last.length > 0) return last;
    this.#incarnation++;
    this.#at = 0;
    this.#rest = Buffer.alloc(0);
    return this.#read();
  }

  async #read(): Promise<readonly TailLine[]> {
    const file = await this.#open(this.#incarnation);
    if (!file) return [];
    const lines: TailLine[] = [];
    try {
      // A chunk may hold nothing but part of a line, or lines that are none.
      while (lines.length === 0) {
        const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
        const { bytesRead } = await file.read(chunk, 0, chunk.length, this.#at);
        if (bytesRead === 0) break;
        this.#at += bytesRead;
        lines.push(...this.#split(chunk.subarray(0, bytesRead)));
      }
    } finally {
      await file.close();
    }
    return lines;
  }

  *#split(chunk: Buffer): Generator<TailLine> {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const first = this.#at - bytes.length;
    let from = 0;
    for (let to = bytes.indexOf(NEWLINE); to >= 0; to = bytes.indexOf(NEWLINE, from)) {
      const parsed = parseLine(bytes.toString('utf8', from, to));
      from = to + 1;
      if (parsed.ok) yield { incarnation: this.#incarnation, end: first + from, line: parsed.line };
    }
    this.#rest = Buffer.from(bytes.subarray(from));
  }

  async #open(incarnation: number): Promise<FileHandle | undefined> {
    const path = journalPath(this.#dataDir, this.#callId, incarnation);
    try {
      return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
  }
}

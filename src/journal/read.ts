import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { JOURNAL_SCHEMA, type JournalLine, journalLine, LINE_KINDS } from './lines.ts';

/** Larger than any journal we write: `CXBCORE_JOURNAL_MAX_BYTES` and the states past it. */
const MAX_FILE_BYTES = 268_435_456;

export interface ReadJournal {
  readonly lines: readonly JournalLine[];
  /** The file ends within a line: its writer died, or is writing it now. */
  readonly torn: boolean;
  /** Lines that are none, apart from a torn last one; a death in mid-line followed by a death line leaves one. */
  readonly bad: number;
  /** Lines of a kind this build does not know. */
  readonly unknown: number;
}

/** The file is no journal of ours, or none this build can read. The message says what is wrong with it. */
export class JournalUnreadableError extends Error {
  constructor(path: string, why: string, cause?: unknown) {
    super(`${path} cannot be read as a journal: ${why}`, cause === undefined ? undefined : { cause });
    this.name = 'JournalUnreadableError';
  }
}

/**
 * Reads a journal, whatever moment its writer died at.
 * @throws JournalUnreadableError
 */
export async function readJournal(path: string): Promise<ReadJournal> {
  return parseJournal(await readWhole(path), path);
}

/**
 * The same from bytes; `name` is for the message.
 * @throws JournalUnreadableError when the first line is whole and does not open a journal of this schema
 */
export function parseJournal(bytes: Uint8Array, name = 'the journal'): ReadJournal {
  const lines: JournalLine[] = [];
  let torn = false;
  let bad = 0;
  let unknown = 0;
  for (const { text, whole, first } of splitLines(bytes)) {
    const line = parseLine(text);
    if (first && whole) checkFirst(line, name);
    if (line.ok) lines.push(line.line);
    else if (!whole) torn = true;
    else if (line.why === 'unknown') unknown++;
    else bad++;
  }
  return { lines, torn, bad, unknown };
}

export type Parsed =
  | { readonly ok: true; readonly line: JournalLine }
  | { readonly ok: false; readonly why: 'unknown' | 'bad' };

export function parseLine(text: string): Parsed {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, why: 'bad' };
  }
  const parsed = journalLine.safeParse(value);
  if (parsed.success) return { ok: true, line: parsed.data };
  const kind = typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined;
  return { ok: false, why: typeof kind === 'string' && !LINE_KINDS.includes(kind) ? 'unknown' : 'bad' };
}

function checkFirst(line: Parsed, name: string): void {
  if (!line.ok || line.line.kind !== 'open')
    throw new JournalUnreadableError(name, 'its first line does not open a journal');
  const { schema } = line.line;
  if (schema !== JOURNAL_SCHEMA)
    throw new JournalUnreadableError(
      name,
      `it has schema ${schema}, and this build reads schema ${JOURNAL_SCHEMA}; use the build that wrote it`,
    );
}

/** Splits at newlines while they are still bytes, so that one line at a time becomes a string. */
function* splitLines(bytes: Uint8Array): Generator<{ text: string; whole: boolean; first: boolean }> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let first = true;
  for (let from = 0; from < buffer.length; ) {
    const newline = buffer.indexOf(0x0a, from);
    const to = newline < 0 ? buffer.length : newline;
    if (to > from) {
      yield { text: buffer.toString('utf8', from, to), whole: newline >= 0, first };
      first = false;
    }
    from = to + 1;
  }
}

/** Opens without following a link and without waiting for a pipe's other end; only a plain file is read. */
async function readWhole(path: string): Promise<Buffer> {
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    throw new JournalUnreadableError(
      path,
      error instanceof Error ? error.message : 'it cannot be opened',
      error,
    );
  }
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new JournalUnreadableError(path, 'it is not a plain file');
    if (stat.size > MAX_FILE_BYTES)
      throw new JournalUnreadableError(
        path,
        `it has ${stat.size} bytes, more than the ${MAX_FILE_BYTES} allowed`,
      );
    return await file.readFile();
  } finally {
    await file.close();
  }
}

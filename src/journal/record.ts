import { constants } from 'node:fs';
import { appendFile, link, mkdir, open, readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../kit/clock.ts';
import { newId } from '../kit/ids.ts';
import { isAlive as isOwnerAlive, type Owner } from '../kit/owner.ts';
import type { CallRecord } from './call-record.ts';
import { foldRecord } from './fold.ts';
import { waitsUntil, wasTakenUp } from './going-on.ts';
import { lineText } from './line-text.ts';
import type { JournalLine } from './lines.ts';
import { journalFolder, journalPath, parseJournalName, recordFolder, recordPath } from './paths.ts';
import { readJournal } from './read.ts';

/** A journal without its first line names no owner; after this long nobody is about to write it any more. */
const OWNERLESS_MS = 10_000;

/**
 * Writes a call's record unless it has one. Whoever comes second, in whatever process, gets `exists` and has changed
 * nothing; no reader ever sees half a record.
 * @throws the file system's error when the record cannot be written
 */
export async function writeRecordOnce(dataDir: string, record: CallRecord): Promise<'written' | 'exists'> {
  const path = recordPath(dataDir, record.call_id);
  const folder = recordFolder(dataDir);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const draft = join(folder, `.${newId('draft')}`);
  try {
    await writeDurably(draft, `${JSON.stringify(record, null, 2)}\n`);
    await link(draft, path);
    await syncFolder(folder);
    return 'written';
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return 'exists';
    throw error;
  } finally {
    await unlink(draft).catch(() => undefined);
  }
}

export interface Settled {
  /** Calls whose record was written by this run. */
  readonly settled: readonly { readonly callId: string; readonly reason: CallRecord['end']['reason'] }[];
  /** Calls that may still go on in another worker, and until when that is waited for. */
  readonly waiting: readonly { readonly callId: string; readonly untilWallMs: number }[];
  /** Journals that no record could be made of, and why. They are left as they are; the next run tries again. */
  readonly failed: readonly { readonly path: string; readonly why: string }[];
}

export interface SettleOptions {
  /** Whether a worker's process still runs; by its pid and start time when not given. */
  readonly isAlive?: (owner: Owner) => boolean;
  /** How a dead worker's process ended, where the asker saw it: written into the journal and the record. */
  readonly causeOf?: (owner: Owner) => string | undefined;
}

/**
 * Gives every call that ended without one its record: calls whose worker is dead (`worker.died`), and calls whose
 * journal has an end and whose record could not be written then. A call that could go on in another worker is left
 * alone for `CXBCORE_RESURRECT_WAIT_S`: whoever runs this then does it again. Run at each start of a worker and after each death;
 * any number of processes may run it at once.
 */
export async function settleDeadCalls(
  dataDir: string,
  clock: Clock,
  options: SettleOptions = {},
): Promise<Settled> {
  const settled: { callId: string; reason: CallRecord['end']['reason'] }[] = [];
  const failed: { path: string; why: string }[] = [];
  const waiting: { callId: string; untilWallMs: number }[] = [];
  for (const [callId, incarnations] of await openCalls(dataDir)) {
    const paths = incarnations.map((incarnation) => journalPath(dataDir, callId, incarnation));
    try {
      const outcome = await settle(dataDir, callId, paths, clock, options);
      if (typeof outcome === 'number') waiting.push({ callId, untilWallMs: outcome });
      else if (outcome) settled.push({ callId, reason: outcome });
    } catch (error) {
      // One damaged journal, or one full disk, must not keep the other calls from their records.
      failed.push({
        path: paths.at(-1) ?? callId,
        why: error instanceof Error ? error.message : String(error),
      });
    }
  }
  return { settled, waiting, failed };
}

/** Calls with journals and without a record, each with its incarnations in order. */
export async function openCalls(dataDir: string): Promise<Map<string, number[]>> {
  const records = new Set(await namesIn(recordFolder(dataDir)));
  const calls = new Map<string, number[]>();
  for (const name of await namesIn(journalFolder(dataDir))) {
    const journal = parseJournalName(name);
    if (!journal || records.has(`${journal.callId}.json`)) continue;
    const incarnations = calls.get(journal.callId) ?? [];
    incarnations.push(journal.incarnation);
    calls.set(
      journal.callId,
      incarnations.sort((a, b) => a - b),
    );
  }
  return calls;
}

/** @returns the reason in the record that was written, or until when the call may still go on */
async function settle(
  dataDir: string,
  callId: string,
  paths: readonly string[],
  clock: Clock,
  { isAlive = isOwnerAlive, causeOf }: SettleOptions,
): Promise<CallRecord['end']['reason'] | number | undefined> {
  const incarnations: (readonly JournalLine[])[] = [];
  for (const path of paths) incarnations.push((await readJournal(path)).lines);
  const lines = incarnations.flat();
  const last = paths.at(-1);
  if (last === undefined) return undefined;
  const ended = lines.some((line) => line.kind === 'end');
  // A journal that does not say yet whose it is may be one that is being begun.
  const owner = incarnations.at(-1)?.find((line) => line.kind === 'open')?.owner;
  if (!ended && (owner ? isAlive(owner) : await isFresh(last, clock))) return undefined;

  const cause = owner && causeOf?.(owner);
  const untilWallMs = ended ? undefined : await waitsUntil(lines, last, cause, clock);
  if (untilWallMs !== undefined && clock.wall() < untilWallMs) return untilWallMs;
  const death = ended ? [] : deathLines(cause, clock.wall());
  // The record decides who settles a call; only its writer touches the journal, so it gets one end and no more.
  const record = { ...foldRecord([...lines, ...death], callId), call_id: callId };
  if ((await writeRecordOnce(dataDir, record)) === 'exists') return undefined;
  if (untilWallMs !== undefined && (await wasTakenUp(dataDir, callId, paths.length + 1))) {
    // Somebody came in the very last moment, and will write the record.
    await unlink(recordPath(dataDir, callId));
    return undefined;
  }
  // A newline first: the dead worker may have left half a line.
  if (!ended) await appendFile(last, `\n${death.map(lineText).join('')}`);
  return record.end.reason;
}

/** A cause is known only to who saw the death, and who saw it knows when it was. */
function deathLines(cause: string | undefined, wall_ms: number): JournalLine[] {
  const end: JournalLine = { kind: 'end', wall_ms, reason: 'worker.died' };
  return cause === undefined ? [end] : [{ kind: 'died', wall_ms, cause }, end];
}

async function isFresh(path: string, clock: Clock): Promise<boolean> {
  return clock.wall() - (await stat(path)).mtimeMs < OWNERLESS_MS;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    await file.writeFile(text);
    await file.datasync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

import { appendFile } from 'node:fs/promises';
import type { Clock } from '../kit/clock.ts';
import { isAlive as isOwnerAlive, type Owner } from '../kit/owner.ts';
import { lineText } from './line-text.ts';
import { journalPath } from './paths.ts';
import { readJournal } from './read.ts';
import { openCalls } from './record.ts';

export interface Death {
  readonly worker: number;
  /** As whoever saw it says it, such as "killed by SIGKILL". */
  readonly cause: string;
}

export interface NotedDeath {
  /** The calls whose journal now has the cause. */
  readonly noted: readonly string[];
  /** Journals that could not be read or written, and why; they are left as they are. */
  readonly failed: readonly { readonly path: string; readonly why: string }[];
}

/**
 * Writes the cause of a worker's death into the journal of the call it was in; the record of that call, and whoever
 * takes it over, find it there. A call that has an end, a record, or its cause already is left alone, and so are the
 * calls of a worker that lives: the seat may have a new one by now.
 */
export async function noteDeath(
  dataDir: string,
  death: Death,
  clock: Clock,
  isAlive: (owner: Owner) => boolean = isOwnerAlive,
): Promise<NotedDeath> {
  const noted: string[] = [];
  const failed: { path: string; why: string }[] = [];
  for (const [callId, incarnations] of await openCalls(dataDir)) {
    const path = journalPath(dataDir, callId, incarnations.at(-1) ?? 1);
    try {
      if (await noteIn(path, death, clock, isAlive)) noted.push(callId);
    } catch (error) {
      failed.push({ path, why: error instanceof Error ? error.message : String(error) });
    }
  }
  return { noted, failed };
}

async function noteIn(
  path: string,
  { worker, cause }: Death,
  clock: Clock,
  isAlive: (owner: Owner) => boolean,
): Promise<boolean> {
  const { lines } = await readJournal(path);
  const open = lines.findLast((line) => line.kind === 'open');
  if (open?.worker !== worker || isAlive(open.owner)) return false;
  if (lines.some(({ kind }) => kind === 'end' || kind === 'died')) return false;
  // A newline first: the dead worker may have left half a line.
  await appendFile(path, `\n${lineText({ kind: 'died', wall_ms: clock.wall(), cause })}`);
  return true;
}

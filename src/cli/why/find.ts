import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Claims, type Found } from '../../claims/claims.ts';
import { isCallId } from '../../contract/call-id.ts';
import { type Claim, carrierKey } from '../../contract/claim.ts';
import { CARRIERS } from '../../contract/states.ts';
import type { CallRecord } from '../../journal/call-record.ts';
import { foldRecord } from '../../journal/fold.ts';
import type { JournalLine } from '../../journal/lines.ts';
import {
  journalFolder,
  journalPath,
  parseJournalName,
  recordFolder,
  recordPath,
} from '../../journal/paths.ts';
import { readJournal } from '../../journal/read.ts';
import type { Clock } from '../../kit/clock.ts';
import { isAlive } from '../../kit/owner.ts';

/** Everything this host has of a call. */
export interface Evidence {
  readonly callId: string;
  /** Where it was found. */
  readonly dataDir: string | undefined;
  readonly lines: readonly JournalLine[];
  /** Journals that could not be read, and why. */
  readonly unreadable: readonly string[];
  /** What is known now; without a record file it is folded from the journal. */
  readonly record: CallRecord | undefined;
  readonly recorded: boolean;
  /** No record yet, and its worker runs. */
  readonly running: boolean;
  readonly claim: Claim | undefined;
  readonly standing: Found['standing'] | undefined;
}

/** How many records are looked through for a carrier's own id, the newest first. */
const LOOK_THROUGH = 5000;

/** Looks for a call by our id or by the carrier's. */
export async function findCall(
  id: string,
  dataDirs: readonly string[],
  socketDir: string,
  clock: Clock,
): Promise<Evidence> {
  const found = claimOf(id, socketDir, clock);
  const ours = found?.claim.call_id ?? id;
  const known = isCallId(ours) ? dataDirs.find((dir) => hasCall(dir, ours)) : undefined;
  const [dataDir, callId] = known === undefined ? byCarrierId(id, dataDirs) : [known, ours];
  const claim = found?.claim;
  const standing = found?.standing;
  if (dataDir === undefined || callId === undefined) return { ...NOTHING, callId: ours, claim, standing };
  const { lines, unreadable } = await journalsOf(dataDir, callId);
  const file = recordPath(dataDir, callId);
  const recorded = existsSync(file);
  const owner = lines.findLast((line) => line.kind === 'open')?.owner;
  return {
    callId,
    dataDir,
    lines,
    unreadable,
    record: recorded ? (JSON.parse(readFileSync(file, 'utf8')) as CallRecord) : foldRecord(lines, callId),
    recorded,
    running: !recorded && owner !== undefined && isAlive(owner),
    claim,
    standing,
  };
}

const NOTHING = {
  dataDir: undefined,
  lines: [],
  unreadable: [],
  record: undefined,
  recorded: false,
  running: false,
};

function hasCall(dataDir: string, callId: string): boolean {
  return existsSync(recordPath(dataDir, callId)) || existsSync(journalPath(dataDir, callId, 1));
}

function claimOf(id: string, socketDir: string, clock: Clock): Found | undefined {
  const claims = new Claims({ socketDir, clock });
  const keys = [id, ...CARRIERS.map((carrier) => carrierKey(carrier, id))];
  try {
    return keys.map((key) => claims.find(key)).find((found) => found !== undefined);
  } catch {
    return undefined; // another user's, or none: what the journal says is what there is
  }
}

function byCarrierId(id: string, dataDirs: readonly string[]): [string, string] | [undefined, undefined] {
  for (const dataDir of dataDirs)
    for (const name of newest(recordFolder(dataDir))) {
      const text = readFileSync(join(recordFolder(dataDir), name), 'utf8');
      if (text.includes(`"carrier_call_id": ${JSON.stringify(id)}`)) return [dataDir, name.slice(0, -5)];
    }
  return [undefined, undefined];
}

function newest(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => /^[^.].*\.json$/.test(name));
  const times = new Map(names.map((name) => [name, statSync(join(folder, name)).mtimeMs]));
  return names.sort((a, b) => (times.get(b) ?? 0) - (times.get(a) ?? 0)).slice(0, LOOK_THROUGH);
}

async function journalsOf(
  dataDir: string,
  callId: string,
): Promise<{ lines: JournalLine[]; unreadable: string[] }> {
  const folder = journalFolder(dataDir);
  const incarnations = (existsSync(folder) ? readdirSync(folder) : [])
    .flatMap((name) => parseJournalName(name) ?? [])
    .filter((journal) => journal.callId === callId)
    .map(({ incarnation }) => incarnation)
    .sort((a, b) => a - b);
  const lines: JournalLine[] = [];
  const unreadable: string[] = [];
  for (const incarnation of incarnations) {
    try {
      lines.push(...(await readJournal(journalPath(dataDir, callId, incarnation))).lines);
    } catch (error) {
      unreadable.push(error instanceof Error ? error.message : String(error));
    }
  }
  return { lines, unreadable };
}

import { access, readdir, readFile } from 'node:fs/promises';
import type { Claims, Found } from '../../claims/claims.ts';
import { isCallId } from '../../contract/call-id.ts';
import { RecordFold } from '../../journal/fold.ts';
import { journalFolder, journalPath, parseJournalName, recordPath } from '../../journal/paths.ts';
import { readJournal } from '../../journal/read.ts';
import type { Clock } from '../../kit/clock.ts';
import { parseJson } from '../../kit/json.ts';
import { askSocket } from '../ask-socket.ts';
import type { HostWatch } from './host-watch.ts';
import { errorReply, jsonReply, type Reply } from './http.ts';
import { socketOf, workerOf } from './seats.ts';

export interface CallsOptions {
  readonly host: HostWatch;
  readonly claims: Claims;
  readonly clock: Clock;
  readonly socketDir: string;
  readonly dataDir: string;
  readonly fleet: string;
}

/** How old the look at the seats may be that says where a call runs. */
const LOOK_AGE_MS = 250;
/** How long a worker may take to accept that its call is to end. */
const HANG_UP_MS = 2000;

/** Where a call stands, and who has it. */
export interface Standing {
  readonly state: string;
  readonly worker: number | null;
}

/** Where a call stands, wherever on this host it runs or ran; undefined when the host knows no such call. */
export async function standingOf(callId: string, options: CallsOptions): Promise<Standing | undefined> {
  if (!isCallId(callId)) return undefined;
  const found = options.claims.find(callId);
  const seen = workerOf((await options.host.look(LOOK_AGE_MS)).seats, callId);
  const hasRecord = await isThere(recordPath(options.dataDir, callId));
  const known = found !== undefined || seen !== undefined || hasRecord;
  if (!known && !(await isThere(journalPath(options.dataDir, callId, 1)))) return undefined;
  return { state: stateOf(hasRecord, seen, found), worker: seen ?? found?.claim.worker ?? null };
}

/** The same with all that is known of it: what was said so far (from its journal), or its record once it has one. */
export async function callReply(callId: string, options: CallsOptions): Promise<Reply> {
  const standing = await standingOf(callId, options);
  if (!standing) return noSuchCall(callId);
  const result = options.claims.find(callId)?.claim.result;
  const record = await recordOf(callId, options.dataDir);
  const soFar = record === undefined ? await journalOf(callId, options.dataDir) : undefined;
  return jsonReply(
    {
      call_id: callId,
      fleet: options.fleet,
      ...standing,
      ...(record !== undefined && { state: 'ended' }),
      ...(result && { result }),
      ...(record !== undefined && { record }),
      ...(soFar !== undefined && { so_far: soFar }),
    },
    200,
    NO_STORE,
  );
}

/** Why a call ended, from its record. */
export async function endOf(callId: string, { dataDir }: CallsOptions): Promise<unknown> {
  const record = await recordOf(callId, dataDir);
  return typeof record === 'object' && record !== null && 'end' in record ? record.end : {};
}

/** Ends a call that runs here. The worker compares the id itself, so that the next call on its seat is safe. */
export async function hangUpReply(callId: string, options: CallsOptions): Promise<Reply> {
  const worker = workerOf((await options.host.look(0)).seats, callId);
  if (worker === undefined) return noSuchCall(callId);
  const told = await askSocket(
    {
      socket: socketOf(options.socketDir, worker, 'ctl'),
      path: `/hangup?call_id=${encodeURIComponent(callId)}`,
      method: 'POST',
      limitMs: HANG_UP_MS,
    },
    options.clock,
  );
  const body = told.kind === 'answer' ? parseJson(told.body) : undefined;
  const ended = typeof body === 'object' && body !== null && 'call_id' in body && body.call_id === callId;
  return ended ? jsonReply({ call_id: callId, hung_up: true }, 202, NO_STORE) : noSuchCall(callId);
}

export const NO_STORE = { 'Cache-Control': 'no-store' };

export function stateOf(hasRecord: boolean, worker: number | undefined, found: Found | undefined): string {
  if (hasRecord) return 'ended';
  if (worker !== undefined) return 'live';
  if (found === undefined || found.standing === 'dead') return 'interrupted';
  return found.claim.state;
}

export function noSuchCall(callId: string): Reply {
  return errorReply(
    'not_found',
    `This host knows no call ${callId.slice(0, 128)} that is under way or has a record.`,
  );
}

async function recordOf(callId: string, dataDir: string): Promise<unknown> {
  try {
    return parseJson(await readFile(recordPath(dataDir, callId), 'utf8'));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** The call as its journal has it at this moment, without an end that it does not have yet. */
async function journalOf(callId: string, dataDir: string): Promise<object | undefined> {
  const names = await readdir(journalFolder(dataDir)).catch(() => []);
  const incarnations = names
    .map(parseJournalName)
    .filter((name) => name?.callId === callId)
    .map((name) => name?.incarnation ?? 1)
    .sort((a, b) => a - b);
  if (incarnations.length === 0) return undefined;
  const fold = new RecordFold(callId);
  for (const incarnation of incarnations) {
    const { lines } = await readJournal(journalPath(dataDir, callId, incarnation));
    for (const line of lines) fold.add(line);
  }
  const { end: _end, ended_at: _endedAt, duration_s: _duration, ...soFar } = fold.record();
  return soFar;
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

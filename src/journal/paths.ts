import { join } from 'node:path';
import { CALL_ID_RULE, isCallId } from '../contract/call-id.ts';

const JOURNAL_NAME = /^(.+)\.(\d{1,6})\.jsonl$/;

export function journalFolder(dataDir: string): string {
  return join(dataDir, 'journal');
}

export function recordFolder(dataDir: string): string {
  return join(dataDir, 'records');
}

/** @throws RangeError when the id could name a file elsewhere */
export function journalPath(dataDir: string, callId: string, incarnation: number): string {
  return join(journalFolder(dataDir), `${checked(callId)}.${incarnation}.jsonl`);
}

/** @throws RangeError when the id could name a file elsewhere */
export function recordPath(dataDir: string, callId: string): string {
  return join(recordFolder(dataDir), `${checked(callId)}.json`);
}

/** The call and incarnation a journal's file name stands for; undefined when it is none of ours. */
export function parseJournalName(name: string): { callId: string; incarnation: number } | undefined {
  const [, callId, incarnation] = JOURNAL_NAME.exec(name) ?? [];
  if (callId === undefined || incarnation === undefined || !isCallId(callId)) return undefined;
  return { callId, incarnation: Number(incarnation) };
}

function checked(callId: string): string {
  if (!isCallId(callId)) throw new RangeError(`${JSON.stringify(callId)} is no call id: ${CALL_ID_RULE}`);
  return callId;
}

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sampleCall } from '../../test/support/journal-lines.ts';
import { thisOwner } from '../kit/owner.ts';
import { VirtualClock } from '../kit/virtual-clock.ts';
import { noteDeath } from './deaths.ts';
import { lineText } from './line-text.ts';
import { journalFolder, journalPath, recordPath } from './paths.ts';
import { parseJournal } from './read.ts';
import { settleDeadCalls } from './record.ts';

let dataDir: string;
const clock = new VirtualClock();
const DEAD = { pid: 1, started: 'another boot:1' };
const CAUSE = 'killed by SIGKILL';

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'cxb-deaths-'));
  mkdirSync(journalFolder(dataDir), { recursive: true });
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

/** A call of worker 1 that has not ended, torn in the middle of a line. */
function leave(callId: string, owner = DEAD, tail = '{"kind":"in","n":'): string {
  const path = journalPath(dataDir, callId, 1);
  const lines = sampleCall({ call: callId, owner }).slice(0, -1);
  writeFileSync(path, lines.map(lineText).join('') + tail);
  return path;
}

const worker = sampleCall()[0]?.kind === 'open' ? (sampleCall()[0] as { worker: number }).worker : -1;

test('the cause of a death is in the journal and in the record of the call', async () => {
  const path = leave('call_a');
  expect(await noteDeath(dataDir, { worker, cause: CAUSE }, clock)).toEqual({
    noted: ['call_a'],
    failed: [],
  });
  expect(parseJournal(readFileSync(path)).lines.at(-1)).toMatchObject({ kind: 'died', cause: CAUSE });
  await settleDeadCalls(dataDir, clock);
  expect(JSON.parse(readFileSync(recordPath(dataDir, 'call_a'), 'utf8'))).toMatchObject({
    end: { reason: 'worker.died' },
    incarnations: [{ ended: 'died', cause: CAUSE }],
  });
});

test('a death is noted once', async () => {
  leave('call_a');
  await noteDeath(dataDir, { worker, cause: CAUSE }, clock);
  expect((await noteDeath(dataDir, { worker, cause: 'another' }, clock)).noted).toEqual([]);
});

test('calls of other workers, of the living, and with a record are left alone', async () => {
  const other = leave('call_other');
  const living = leave('call_living', thisOwner());
  const before = [readFileSync(other, 'utf8'), readFileSync(living, 'utf8')];
  leave('call_settled');
  await settleDeadCalls(dataDir, clock, { isAlive: (owner) => owner.pid !== DEAD.pid });
  rmSync(recordPath(dataDir, 'call_other'));
  writeFileSync(other, before[0] ?? '');
  expect(await noteDeath(dataDir, { worker: worker + 1, cause: CAUSE }, clock)).toEqual({
    noted: [],
    failed: [],
  });
  expect((await noteDeath(dataDir, { worker, cause: CAUSE }, clock)).noted).toEqual(['call_other']);
  expect(readFileSync(living, 'utf8')).toBe(before[1]);
});

test('a journal that cannot be read keeps no other call from its cause', async () => {
  writeFileSync(journalPath(dataDir, 'call_bad', 1), '{"kind":"open","schema":99}\n');
  leave('call_good');
  const { noted, failed } = await noteDeath(dataDir, { worker, cause: CAUSE }, clock);
  expect(noted).toEqual(['call_good']);
  expect(failed).toHaveLength(1);
});

import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openLine, sampleCall } from '../../test/support/journal-lines.ts';
import { isAlive, thisOwner } from '../kit/owner.ts';
import { VirtualClock } from '../kit/virtual-clock.ts';
import { foldRecord } from './fold.ts';
import { lineText } from './line-text.ts';
import type { JournalLine } from './lines.ts';
import { journalFolder, journalPath, recordFolder, recordPath } from './paths.ts';
import { parseJournal } from './read.ts';
import { settleDeadCalls, writeRecordOnce } from './record.ts';

let dataDir: string;
const clock = new VirtualClock();
const DEAD = { pid: 1, started: 'another boot:1' };

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'cxb-record-'));
  mkdirSync(journalFolder(dataDir), { recursive: true });
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

function leave(callId: string, lines: readonly JournalLine[], incarnation = 1, tail = ''): string {
  const path = journalPath(dataDir, callId, incarnation);
  writeFileSync(path, lines.map(lineText).join('') + tail);
  return path;
}

function recordOf(callId: string): unknown {
  return JSON.parse(readFileSync(recordPath(dataDir, callId), 'utf8'));
}

describe('writing a record', () => {
  test('happens once, however many try, and leaves no draft behind', async () => {
    const record = foldRecord(sampleCall());
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => writeRecordOnce(dataDir, record)));
    expect(outcomes.filter((outcome) => outcome === 'written')).toHaveLength(1);
    expect(readdirSync(recordFolder(dataDir))).toEqual(['call_test.json']);
    expect(recordOf('call_test')).toEqual(JSON.parse(JSON.stringify(record)));
  });

  test('never replaces one that is there', async () => {
    const record = foldRecord(sampleCall());
    await writeRecordOnce(dataDir, record);
    expect(await writeRecordOnce(dataDir, { ...record, duration_s: 99 })).toBe('exists');
    expect(recordOf('call_test')).toMatchObject({ duration_s: 8 });
  });

  test('refuses a call id that names a file elsewhere', async () => {
    const record = { ...foldRecord(sampleCall()), call_id: '../outside' };
    await expect(writeRecordOnce(dataDir, record)).rejects.toThrow(RangeError);
  });
});

describe('settling', () => {
  test('gives a dead worker’s call an end and a record, each once, and keeps what was known', async () => {
    const path = leave(
      'call_a',
      sampleCall({ call: 'call_a', owner: DEAD }).slice(0, -1),
      1,
      '{"kind":"in","n":',
    );
    const runs = await Promise.all(Array.from({ length: 8 }, () => settleDeadCalls(dataDir, clock)));
    expect(runs.flatMap((run) => run.settled)).toEqual([{ callId: 'call_a', reason: 'worker.died' }]);
    expect(recordOf('call_a')).toMatchObject({ end: { reason: 'worker.died' }, result: { time: '10:30' } });
    const { lines } = parseJournal(readFileSync(path));
    expect(lines.filter((line) => line.kind === 'end')).toHaveLength(1);
    expect((await settleDeadCalls(dataDir, clock)).settled).toEqual([]);
  });

  test('writes down how the worker died when the asker saw it', async () => {
    const path = leave('call_k', [openLine({ call: 'call_k', owner: DEAD })]);
    await settleDeadCalls(dataDir, clock, {
      causeOf: (owner) => (owner.pid === DEAD.pid ? 'was killed (SIGKILL)' : undefined),
    });
    expect(recordOf('call_k')).toMatchObject({
      incarnations: [{ ended: 'died', cause: 'was killed (SIGKILL)' }],
    });
    const { lines } = parseJournal(readFileSync(path));
    expect(lines.map((line) => line.kind)).toEqual(['open', 'died', 'end']);
  });

  test('leaves a call alone while its owner lives', async () => {
    leave('call_b', [openLine({ call: 'call_b' })]);
    expect(await settleDeadCalls(dataDir, clock)).toEqual({ settled: [], waiting: [], failed: [] });
    expect(readdirSync(journalFolder(dataDir))).toEqual(['call_b.1.jsonl']);
  });

  test('takes a reused pid for what it is: another process', async () => {
    leave('call_c', [openLine({ call: 'call_c', owner: { ...thisOwner(), started: 'another boot:5' } })]);
    expect((await settleDeadCalls(dataDir, clock)).settled).toHaveLength(1);
  });

  test('writes the record of a call that ended and could not write it then', async () => {
    leave('call_d', sampleCall({ call: 'call_d' }));
    expect((await settleDeadCalls(dataDir, clock)).settled).toEqual([
      { callId: 'call_d', reason: 'agent.finished' },
    ]);
    expect(recordOf('call_d')).toMatchObject({ end: { reason: 'agent.finished' } });
  });

  test('asks the owner of the last incarnation, not of an earlier one', async () => {
    leave('call_e', sampleCall({ call: 'call_e', owner: DEAD }).slice(0, -1));
    leave('call_e', [openLine({ call: 'call_e', incarnation: 2 })], 2);
    expect((await settleDeadCalls(dataDir, clock)).settled).toEqual([]);
  });

  test('waits ten seconds before a journal without a first line counts as abandoned', async () => {
    const path = leave('call_f', []);
    const age = (seconds: number) =>
      utimesSync(path, clock.wall() / 1000 - seconds, clock.wall() / 1000 - seconds);
    age(9);
    expect((await settleDeadCalls(dataDir, clock)).settled).toEqual([]);
    age(11);
    expect((await settleDeadCalls(dataDir, clock)).settled).toEqual([
      { callId: 'call_f', reason: 'worker.died' },
    ]);
  });

  test('names a journal it cannot read and goes on with the others', async () => {
    writeFileSync(journalPath(dataDir, 'a_broken', 1), 'not a journal\n');
    writeFileSync(join(journalFolder(dataDir), 'README'), 'not even named like one');
    leave('call_g', [openLine({ call: 'call_g', owner: DEAD })]);
    const run = await settleDeadCalls(dataDir, clock);
    expect(run.settled).toEqual([{ callId: 'call_g', reason: 'worker.died' }]);
    expect(run.failed.map((failure) => failure.why)).toEqual([
      expect.stringContaining('does not open a journal'),
    ]);
  });

  test('goes by the file’s name when a journal names another call', async () => {
    leave('call_h', [openLine({ call: 'call_other', owner: DEAD })]);
    await settleDeadCalls(dataDir, clock);
    expect(readdirSync(recordFolder(dataDir))).toEqual(['call_h.json']);
  });

  test('finds nothing to do where nothing has ever run', async () => {
    expect(await settleDeadCalls(join(dataDir, 'new'), clock)).toEqual({
      settled: [],
      waiting: [],
      failed: [],
    });
  });
});

test('an owner is alive while that very process runs', () => {
  expect(isAlive(thisOwner())).toBe(true);
  expect(isAlive({ ...thisOwner(), started: 'unknown' })).toBe(false);
  expect(isAlive({ pid: 2 ** 22 + 1, started: thisOwner().started })).toBe(false);
});

describe('a call that could go on in another worker', () => {
  const settings = { resurrectMax: 1, resurrectWaitS: 60 };
  const line = { ...openLine().line, outlivesWorker: true };
  const boarded = (outlivesWorker: boolean): JournalLine => ({
    kind: 'line',
    t: 1100,
    line: { ...line, outlivesWorker },
    seed: null,
  });
  const open = (incarnation: number, over: object = {}) =>
    openLine({ call: 'call_r', incarnation, owner: DEAD, settings, line, ...over });

  test('is left alone for a while after its death was noticed, then it gets its record', async () => {
    const path = leave('call_r', [open(1)], 1, '{"kind":"in","n":');
    const untilWallMs = clock.wall() + 60_000;
    const waiting = [{ callId: 'call_r', untilWallMs }];
    expect(await settleDeadCalls(dataDir, clock)).toEqual({ settled: [], waiting, failed: [] });
    await clock.runUntil(clock.now() + 59_000);
    expect(await settleDeadCalls(dataDir, clock)).toEqual({ settled: [], waiting, failed: [] });
    await clock.runUntil(clock.now() + 1000);
    expect((await settleDeadCalls(dataDir, clock)).settled).toEqual([
      { callId: 'call_r', reason: 'worker.died' },
    ]);
    const { lines } = parseJournal(readFileSync(path));
    expect(lines.map(({ kind }) => kind)).toEqual(['open', 'died', 'end']);
  });

  test('is not settled by the death of a worker that another one has followed', async () => {
    leave('call_r', [open(1)]);
    leave('call_r', [open(2, { owner: thisOwner() })], 2);
    await clock.runUntil(clock.now() + 100_000);
    expect(await settleDeadCalls(dataDir, clock)).toEqual({ settled: [], waiting: [], failed: [] });
  });

  test('is one whose line stays, or was to come', async () => {
    for (const [n, lines] of [[], [boarded(true)], [boarded(false)]].entries())
      leave(`call_${n}`, [open(1, { call: `call_${n}` }), ...lines]);
    const { settled, waiting } = await settleDeadCalls(dataDir, clock);
    expect(waiting.map(({ callId }) => callId).sort()).toEqual(['call_0', 'call_1']);
    expect(settled.map(({ callId }) => callId)).toEqual(['call_2']);
  });

  test('gets its record at once when it has gone on as often as it may', async () => {
    leave('call_r', [open(1)]);
    leave('call_r', [open(2)], 2);
    expect((await settleDeadCalls(dataDir, clock)).settled).toHaveLength(1);
    expect(recordOf('call_r')).toMatchObject({ incarnations: [{ n: 1 }, { n: 2 }] });
  });
});

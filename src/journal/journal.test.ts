import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { endLine, openLine, sampleCall, stateLine } from '../../test/support/journal-lines.ts';
import { VirtualClock } from '../kit/virtual-clock.ts';
import { type Disk, realDisk } from './disk.ts';
import { foldRecord } from './fold.ts';
import { JournalExistsError, type JournalOptions, openJournal } from './journal.ts';
import type { JournalLine } from './lines.ts';
import { parseJournal, readJournal } from './read.ts';

let dataDir: string;
const clock = new VirtualClock();

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'cxb-journal-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

function open(over: Partial<JournalOptions> = {}) {
  return openJournal({ dataDir, callId: 'call_test', incarnation: 1, clock, maxBytes: 1_000_000, ...over });
}

/** A disk in memory that takes `room` bytes and then refuses until it gets more. */
function smallDisk(room: number) {
  const written: Buffer[] = [];
  const state = { room, syncs: 0 };
  const disk: Disk = {
    create: () => 1,
    write(_fd, bytes) {
      const taken = Math.min(state.room, bytes.length);
      if (taken === 0) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
      state.room -= taken;
      written.push(Buffer.from(bytes.subarray(0, taken)));
      return taken;
    },
    sync: () => {
      state.syncs++;
      return Promise.resolve();
    },
    syncName: () => Promise.resolve(),
    close: () => undefined,
  };
  return { disk, state, bytes: () => Buffer.concat(written) };
}

/** As a line comes back from the file: times to a hundredth of a millisecond. */
function asWritten(line: JournalLine): JournalLine {
  return 't' in line && line.t !== undefined ? { ...line, t: Math.round(line.t * 100) / 100 } : line;
}

/** A tool that was begun and finished. */
const bookingLines = (): JournalLine[] => [
  {
    kind: 'port',
    port: 'tool',
    what: 'intent',
    t: 300,
    tool: 'r9/book-9',
    name: 'book',
    key: 'call_test:book-9',
    effect: 'once',
    input: {},
  },
  {
    kind: 'port',
    port: 'tool',
    what: 'outcome',
    t: 400,
    tool: 'r9/book-9',
    outcome: { ok: true, value: 'booked' },
  },
];

const input = (n: number, text = 'x'): JournalLine => ({ kind: 'in', n, t: n, event: { text } });

describe('a journal', () => {
  test('gives back every kind of line as it was written, times to a hundredth of a millisecond', async () => {
    const journal = open();
    for (const line of sampleCall()) journal.write(line);
    expect(await readJournal(journal.path)).toEqual({
      lines: sampleCall().map(asWritten),
      torn: false,
      bad: 0,
      unknown: 0,
    });
    await journal.close();
  });

  test('is readable by the user of the server alone', async () => {
    const journal = open();
    expect(statSync(journal.path).mode & 0o777).toBe(0o600);
    await journal.close();
  });

  test('hands each line to the kernel by itself, at once', async () => {
    const writes: string[] = [];
    const disk: Disk = {
      ...realDisk,
      write(fd, bytes) {
        writes.push(Buffer.from(bytes).toString());
        return realDisk.write(fd, bytes);
      },
    };
    const journal = open({ disk });
    journal.write(openLine());
    expect(readFileSync(journal.path, 'utf8')).toBe(writes.join(''));
    journal.write(input(1));
    expect(writes).toHaveLength(2);
    expect(readFileSync(journal.path, 'utf8')).toBe(writes.join(''));
    await journal.close();
  });

  test('of an incarnation exists once: the second opener is told and changes nothing', async () => {
    const journal = open();
    journal.write(openLine());
    const before = readFileSync(journal.path, 'utf8');
    expect(() => open()).toThrow(JournalExistsError);
    expect(readFileSync(journal.path, 'utf8')).toBe(before);
    await journal.close();
  });

  test('refuses a call id that names a file elsewhere', () => {
    for (const callId of ['../x', '', '.x', 'a/b', 'a'.repeat(129)])
      expect(() => open({ callId })).toThrow(RangeError);
  });

  test('folds while it is written into what its file folds to', async () => {
    const journal = open();
    for (const line of sampleCall()) journal.write(line);
    expect(journal.record()).toEqual(foldRecord((await readJournal(journal.path)).lines));
    await journal.close();
  });

  test('ignores lines after it was closed', async () => {
    const journal = open();
    journal.write(openLine());
    await journal.close();
    journal.write(input(1));
    expect((await readJournal(journal.path)).lines).toHaveLength(1);
  });
});

describe('syncing', () => {
  test('happens within 250 ms of a line, and not again without one', async () => {
    const { disk, state } = smallDisk(10_000);
    const journal = open({ disk });
    const start = clock.now();
    journal.write(openLine());
    journal.write(input(1));
    await clock.runUntil(start + 250);
    expect(state.syncs).toBe(1);
    await clock.runUntil(start + 2000);
    expect(state.syncs).toBe(1);
    await journal.close();
  });

  test('asked for while one is under way waits for one that began after the last line', async () => {
    const { disk, state } = smallDisk(10_000);
    let finishFirst = () => {};
    const firstSync = new Promise<void>((resolve) => {
      finishFirst = resolve;
    });
    let syncs = 0;
    const slow: Disk = { ...disk, sync: (fd) => (syncs++ === 0 ? firstSync : disk.sync(fd)) };
    const journal = open({ disk: slow });
    journal.write(openLine());
    const first = journal.sync();
    journal.write(input(1));
    const second = journal.sync();
    finishFirst();
    expect(await first).toBe(true);
    expect(await second).toBe(true);
    expect(state.syncs).toBe(1); // the second one, as only the first was held back
    await journal.close();
  });
});

describe('past its size limit', () => {
  test('a journal takes what must not be lost only, and its end says how many lines are missing', async () => {
    const journal = open({ maxBytes: 2000 });
    journal.write(openLine());
    for (let n = 1; n <= 200; n++) journal.write(input(n));
    for (const line of bookingLines()) journal.write(line);
    journal.write(stateLine({ counters: { turns: 5 } }));
    journal.write(endLine());
    await journal.close();
    const { lines } = await readJournal(journal.path);
    const kept = lines.filter((line) => line.kind === 'in').length;
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThan(200);
    expect(lines.at(-2)?.kind).toBe('state');
    expect(lines.at(-1)).toMatchObject({ kind: 'end', dropped: 200 - kept });
    const record = foldRecord(lines);
    expect(record.journal.dropped).toBe(200 - kept);
    expect(record.tools).toMatchObject([{ name: 'book', outcome: { ok: true, value: 'booked' } }]);
  });
});

describe('on a full disk', () => {
  test('lines wait in memory and are all written in order when there is room again', async () => {
    const { disk, state, bytes } = smallDisk(700);
    const troubles: (string | undefined)[] = [];
    const journal = open({ disk, onTrouble: (error) => troubles.push(error?.message) });
    for (const line of sampleCall()) journal.write(line);
    expect(troubles).toEqual(['ENOSPC: no space left on device']);
    expect(journal.status.held).toBeGreaterThan(0);
    expect(await journal.sync()).toBe(false);
    state.room = 1_000_000;
    await clock.runUntil(clock.now() + 1000);
    expect(troubles).toEqual(['ENOSPC: no space left on device', undefined]);
    expect(await journal.sync()).toBe(true);
    expect(parseJournal(bytes())).toMatchObject({ lines: sampleCall().map(asWritten), torn: false, bad: 0 });
    await journal.close();
  });

  test('at most 1 MiB waits; beyond that the newest state and the end survive, and the rest is counted', async () => {
    const { disk, state, bytes } = smallDisk(700);
    const journal = open({ disk, maxBytes: 100_000_000 });
    journal.write(openLine());
    const text = 'x'.repeat(10_000);
    for (let n = 1; n <= 300; n++) {
      journal.write(input(n, text));
      if (n % 10 === 0) {
        const item = { kind: 'silence', id: `i${n}`, count: n } as const;
        journal.write(stateLine({ t: n, conversation: { from: n / 10 - 1, items: [item] } }));
      }
    }
    for (const line of bookingLines()) journal.write(line);
    journal.write(endLine());
    expect(journal.status.held).toBeLessThanOrEqual(1_048_576 + 262_144);
    expect(journal.status.dropped).toBeGreaterThan(100);
    state.room = 10_000_000;
    await journal.close();
    const read = parseJournal(bytes());
    expect(read).toMatchObject({ torn: false, bad: 0 });
    expect(read.lines.at(-1)?.kind).toBe('end');
    const record = foldRecord(read.lines);
    expect(record.tools).toMatchObject([{ outcome: { ok: true } }]);
    expect(record.conversation).toHaveLength(30);
    expect(record.conversation).toEqual(journal.record().conversation);
    expect(record.journal.dropped).toBe(journal.status.dropped);
  });

  test('that cannot even create the file, a call goes on and its journal is written later', async () => {
    const { disk, bytes } = smallDisk(1_000_000);
    let full = true;
    const late: Disk = {
      ...disk,
      create: () => {
        if (full) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
        return 1;
      },
    };
    const journal = open({ disk: late });
    journal.write(openLine());
    full = false;
    journal.write(endLine());
    await journal.close();
    expect(parseJournal(bytes()).lines.map((line) => line.kind)).toEqual(['open', 'end']);
  });

  test('no run of refusals and small writes ever tears, repeats or reorders lines', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(900), { maxLength: 30 }), fc.nat(400), (rooms, start) => {
        const { disk, state, bytes } = smallDisk(start);
        const journal = open({ disk, clock: new VirtualClock() });
        journal.write(openLine());
        rooms.forEach((room, n) => {
          state.room += room;
          journal.write(input(n));
        });
        state.room = 1_000_000;
        journal.write(endLine());
        const read = parseJournal(bytes());
        expect(read).toMatchObject({ torn: false, bad: 0 });
        expect(read.lines.map((line) => (line.kind === 'in' ? line.n : line.kind))).toEqual([
          'open',
          ...rooms.keys(),
          'end',
        ]);
      }),
    );
  });
});

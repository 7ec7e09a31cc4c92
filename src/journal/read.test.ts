import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endLine, openLine, sampleCall } from '../../test/support/journal-lines.ts';
import { foldRecord } from './fold.ts';
import { lineText } from './line-text.ts';
import { JournalUnreadableError, parseJournal, readJournal } from './read.ts';

const whole = Buffer.from(sampleCall().map(lineText).join(''));

describe('a journal cut at any byte', () => {
  test('reads as all its whole lines, and folds to a record', () => {
    for (let length = 0; length <= whole.length; length++) {
      const cut = whole.subarray(0, length);
      const read = parseJournal(cut);
      const text = cut.toString('latin1');
      const lines = text.split('\n').length - 1;
      // A cut just before a newline leaves a last line that is complete without it.
      expect([lines, lines + 1]).toContain(read.lines.length);
      expect(read.bad).toBe(0);
      expect(read.torn).toBe(read.lines.length === lines && !text.endsWith('\n') && length > 0);
      const record = foldRecord(read.lines, 'call_test');
      expect(record.call_id).toBe('call_test');
      expect(record.end.reason).toBe(read.lines.at(-1)?.kind === 'end' ? 'agent.finished' : 'worker.died');
    }
  });

  test('and followed by a death line reads as its whole lines and the death', () => {
    const death = { kind: 'died', wall_ms: 1, cause: 'signal 9' } as const;
    const firstLine = whole.indexOf(0x0a) + 1;
    for (let length = firstLine; length < whole.length; length += 7) {
      const read = parseJournal(
        Buffer.concat([whole.subarray(0, length), Buffer.from(`\n${lineText(death)}`)]),
      );
      expect(read.lines.at(-1)).toEqual(death);
      expect(read.torn).toBe(false);
      expect(read.bad).toBeLessThanOrEqual(1);
      expect(foldRecord(read.lines).incarnations[0]?.cause).toBe('signal 9');
    }
  });
});

describe('damage', () => {
  test('of any bytes after the first line never throws, and still folds', () => {
    const firstLine = whole.indexOf(0x0a) + 1;
    const damage = fc.array(fc.tuple(fc.nat(whole.length - firstLine - 1), fc.nat(255)), { maxLength: 40 });
    fc.assert(
      fc.property(damage, (changes) => {
        const bytes = Buffer.from(whole);
        for (const [at, value] of changes) bytes[firstLine + at] = value;
        expect(foldRecord(parseJournal(bytes).lines).call_id).toBe('call_test');
      }),
      { numRuns: 500 },
    );
  });

  test('of any kind is either read or named as unreadable', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 300 }),
          fc.json().map((text) => Buffer.from(`${text}\n`)),
        ),
        (bytes) => {
          try {
            foldRecord(parseJournal(bytes).lines);
          } catch (error) {
            expect(error).toBeInstanceOf(JournalUnreadableError);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('by a line nested a hundred thousand deep costs that line only', () => {
    const deep = `{"kind":"in","n":1,"t":1,"event":${'['.repeat(100_000)}${']'.repeat(100_000)}}\n`;
    const read = parseJournal(Buffer.from(lineText(openLine()) + deep + lineText(endLine())));
    expect(read.lines.at(0)?.kind).toBe('open');
    expect(read.lines.at(-1)?.kind).toBe('end');
  });

  test('by a key named __proto__ changes no other object', () => {
    const state =
      '{"kind":"state","t":1,"brain":null,"conversation":{"from":0,"items":[]},"result":{"__proto__":{"bad":1}},"messages":[],"counters":{}}\n';
    const record = foldRecord(parseJournal(Buffer.from(lineText(openLine()) + state)).lines);
    expect(Object.hasOwn(record, 'bad')).toBe(false);
    expect(({} as Record<string, unknown>)['bad']).toBeUndefined();
  });
});

describe('a neighbouring build', () => {
  test('may add kinds of lines and members: the first are counted, the second ignored', () => {
    const text = `${lineText(openLine())}{"kind":"lease","until":5}\n{"kind":"end","wall_ms":1,"reason":"agent.finished","mood":"good"}\n`;
    const read = parseJournal(Buffer.from(text));
    expect(read).toMatchObject({ bad: 0, unknown: 1, torn: false });
    expect(read.lines.at(-1)).toMatchObject({ kind: 'end', reason: 'agent.finished' });
  });

  test('with another schema is named in the error', () => {
    const text = Buffer.from(lineText(openLine({ schema: 2 })));
    expect(() => parseJournal(text)).toThrow(/schema 2, and this build reads schema 1/);
  });
});

describe('a file that is no journal', () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'cxb-read-'));
    writeFileSync(join(dir, 'journal'), whole);
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  test('is refused with the reason: a link, a folder, a pipe, nothing, another file', async () => {
    symlinkSync(join(dir, 'journal'), join(dir, 'link'));
    mkdirSync(join(dir, 'folder'));
    execFileSync('sh', ['-c', 'mkfifo "$1"', 'sh', join(dir, 'pipe')]);
    writeFileSync(join(dir, 'text'), 'Dear diary\n');
    for (const name of ['link', 'folder', 'pipe', 'nothing', 'text'])
      await expect(readJournal(join(dir, name))).rejects.toThrow(JournalUnreadableError);
    await expect(readJournal(join(dir, 'journal'))).resolves.toMatchObject({ torn: false });
  });
});

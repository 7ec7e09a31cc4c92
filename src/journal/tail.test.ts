import { appendFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { journalFolder, journalPath } from './paths.ts';
import { JournalTail } from './tail.ts';

const text = (wallMs: number) => `${JSON.stringify({ kind: 'died', wall_ms: wallMs, cause: 'é' })}\n`;

function journal() {
  const dataDir = mkdtempSync(join(tmpdir(), 'cxb-tail-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true }));
  mkdirSync(journalFolder(dataDir));
  const tail = new JournalTail(dataDir, 'call_1');
  const times = async () =>
    (await tail.next()).map(({ incarnation, line }) => [incarnation, 'wall_ms' in line ? line.wall_ms : 0]);
  const append = (what: string | Buffer, incarnation = 1) =>
    appendFileSync(journalPath(dataDir, 'call_1', incarnation), what);
  return { dataDir, tail, times, append };
}

test('each line comes once, when it is whole, with the byte it ends at', async () => {
  const { tail, times, append } = journal();
  expect(await times()).toEqual([]);
  append(text(1));
  const [first] = await tail.next();
  expect(first).toMatchObject({ incarnation: 1, end: Buffer.byteLength(text(1)) });
  const bytes = Buffer.from(text(2));
  for (const byte of bytes.subarray(0, -1)) {
    append(Buffer.from([byte]));
    expect(await times()).toEqual([]);
  }
  append('\n');
  const [second] = await tail.next();
  expect(second).toMatchObject({ end: 2 * bytes.length, line: { wall_ms: 2, cause: 'é' } });
});

test('a journal goes on with the next incarnation once all of the one before is read', async () => {
  const { times, append } = journal();
  append(text(1));
  append(text(3), 2);
  expect([await times(), await times(), await times()]).toEqual([[[1, 1]], [[2, 3]], []]);
  append(text(4), 2);
  expect(await times()).toEqual([[2, 4]]);
});

test('a line longer than a chunk, and lines that are none of ours, do not stop it', async () => {
  const { times, append } = journal();
  append(`${'x'.repeat(600_000)}\n{"kind":"later"}\n\n${text(7)}`);
  expect(await times()).toEqual([[1, 7]]);
});

test('a link is not followed, and an id that names no call is none', async () => {
  const { dataDir, tail } = journal();
  writeFileSync(join(dataDir, 'elsewhere'), text(1));
  symlinkSync(join(dataDir, 'elsewhere'), journalPath(dataDir, 'call_1', 1));
  await expect(tail.next()).rejects.toThrow('ELOOP');
  expect(() => new JournalTail(dataDir, '../x')).toThrow(RangeError);
});

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { foldRecord } from '../../src/journal/fold.ts';
import { journalPath, recordFolder, recordPath } from '../../src/journal/paths.ts';
import { readJournal } from '../../src/journal/read.ts';
import type { Settled } from '../../src/journal/record.ts';
import { entryPath } from '../../src/kit/entry.ts';

const DIST = dirname(dirname(entryPath('journal/journal')));
const WRITER = fileURLToPath(new URL('../fixtures/journal-writer.mjs', import.meta.url));
const SETTLER = fileURLToPath(new URL('../fixtures/journal-settler.mjs', import.meta.url));

let dataDir: string;
let children: ChildProcess[];

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'cxb-journal-process-'));
  children = [];
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(dataDir, { recursive: true, force: true });
});

function start(program: string) {
  const child = spawn(process.execPath, [program, DIST, dataDir], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(child);
  return child;
}

/** Kills a writer in the middle of its work; the number of the last line it knew to be written. */
async function killWriter(): Promise<number> {
  const writer = start(WRITER);
  let said = '';
  for await (const part of writer.stdout) {
    said += String(part);
    if (said.length > 20_000 && !writer.killed) writer.kill('SIGKILL');
  }
  if (writer.exitCode === null && writer.signalCode === null) await once(writer, 'exit');
  return Number(said.split('\n').at(-2));
}

test('a process that is killed has every line in its journal that it knew to be written', async () => {
  const last = await killWriter();
  const { lines, bad } = await readJournal(journalPath(dataDir, 'call_killed', 1));
  expect(bad).toBe(0);
  const numbers = lines.flatMap((line) => (line.kind === 'in' ? [line.n] : []));
  expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, index) => index + 1));
  expect(numbers.length).toBeGreaterThanOrEqual(last);
});

test('six processes that settle the same dead call at once give it one end and one record', async () => {
  await killWriter();
  const settlers = Array.from({ length: 6 }, () => start(SETTLER));
  await Promise.all(settlers.map((settler) => once(settler.stdout, 'data')));
  for (const settler of settlers) settler.stdin.end('go\n');
  const said = await Promise.all(settlers.map((settler) => text(settler.stdout)));
  const runs = said.map((line) => JSON.parse(line) as Settled);
  expect(runs.flatMap((run) => run.failed)).toEqual([]);
  expect(runs.flatMap((run) => run.settled)).toEqual([{ callId: 'call_killed', reason: 'worker.died' }]);
  const { lines } = await readJournal(journalPath(dataDir, 'call_killed', 1));
  expect(lines.filter((line) => line.kind === 'end')).toHaveLength(1);
  expect(readdirSync(recordFolder(dataDir))).toEqual(['call_killed.json']);
  const record: unknown = JSON.parse(readFileSync(recordPath(dataDir, 'call_killed'), 'utf8'));
  expect(record).toEqual(JSON.parse(JSON.stringify(foldRecord(lines))));
});

test('a call whose worker lives is left alone by every settler', async () => {
  const writer = start(WRITER);
  await once(writer.stdout, 'data');
  writer.kill('SIGSTOP');
  const settler = start(SETTLER);
  await once(settler.stdout, 'data');
  settler.stdin.end('go\n');
  expect(JSON.parse(await text(settler.stdout))).toEqual({ settled: [], waiting: [], failed: [] });
  writer.kill('SIGKILL');
});

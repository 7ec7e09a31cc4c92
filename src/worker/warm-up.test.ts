import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { warmUpFolder } from './warm-up.ts';

test('what a worker killed in its warm-up has left is removed by the next one, and only that', () => {
  const dir = mkdtempSync(join(tmpdir(), 'cxb-warm-up-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  // The largest pid that Linux gives is 2 ^ 22.
  const dead = join(dir, 'warm-up', '4194305-abcdef', 'journal');
  const living = join(dir, 'warm-up', `${process.ppid}-abcdef`);
  for (const folder of [dead, living]) mkdirSync(folder, { recursive: true });
  const own = warmUpFolder(dir);
  expect([dead, living, own].map((folder) => existsSync(folder))).toEqual([false, true, true]);
});

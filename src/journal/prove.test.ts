import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { proveWritable } from './prove.ts';

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'cxb-prove-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  return dir;
}

test('a folder that can be written has the folders of journals and records, and no probe is left', async () => {
  const dir = folder();
  await proveWritable(join(dir, 'data'));
  expect(readdirSync(join(dir, 'data')).sort()).toEqual(['journal', 'records']);
  expect(readdirSync(join(dir, 'data', 'journal'))).toEqual([]);
  expect(readdirSync(join(dir, 'data', 'records'))).toEqual([]);
});

test('a folder that cannot be written is named, with what to do', async () => {
  const path = join(folder(), 'data');
  writeFileSync(path, 'in the way');
  await expect(proveWritable(path)).rejects.toThrow(/no journal or record can be written.*CXBCORE_DATA_DIR/);
});

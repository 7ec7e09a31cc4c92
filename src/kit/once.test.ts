import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ClaimsFolderError, claimOnce, claimsFolder, wasClaimed } from './once.ts';

const NOW = Date.UTC(2026, 0, 5);
let dir: string;
let folder: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cxb-once-'));
  folder = claimsFolder(dir);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('a one-use name', () => {
  test('is claimed by the first and by nobody after', () => {
    expect(wasClaimed(folder, 'a1', NOW + 1000)).toBe(false);
    expect(claimOnce(folder, 'a1', NOW + 1000, NOW)).toBe(true);
    expect(claimOnce(folder, 'a1', NOW + 1000, NOW)).toBe(false);
    expect(wasClaimed(folder, 'a1', NOW + 1000)).toBe(true);
    expect(claimOnce(folder, 'a2', NOW + 1000, NOW)).toBe(true);
  });

  test('is kept well past its expiry, and then swept with the next claim', () => {
    claimOnce(folder, 'old', NOW + 1000, NOW);
    claimOnce(folder, 'b', NOW + 500_000, NOW + 300_000);
    expect(wasClaimed(folder, 'old', NOW + 1000)).toBe(true);
    claimOnce(folder, 'c', NOW + 900_000, NOW + 700_000);
    expect(wasClaimed(folder, 'old', NOW + 1000)).toBe(false);
    expect(readdirSync(folder).filter((name) => name.startsWith('once_'))).toHaveLength(2);
  });

  test('cannot lead out of the folder', () => {
    for (const name of ['../x', 'a/b', '', 'a_b'])
      expect(() => claimOnce(folder, name, NOW, NOW)).toThrow(RangeError);
  });
});

describe('the folder of claims', () => {
  test('is made for our user alone', () => {
    claimOnce(folder, 'a', NOW, NOW);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  test('is not used when others may enter it', () => {
    mkdirSync(folder);
    chmodSync(folder, 0o755);
    expect(() => claimOnce(folder, 'a', NOW, NOW)).toThrow(ClaimsFolderError);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('is not used when it belongs to somebody else', () => {
    let foreign = '/usr';
    if (process.getuid?.() === 0) {
      mkdirSync(folder, { mode: 0o700 });
      chownSync(folder, 12_345, 12_345);
      foreign = folder;
    }
    expect(() => claimOnce(foreign, 'a', NOW, NOW)).toThrow(/belongs to user/);
  });

  test('is not used when it is a link or a file', () => {
    mkdirSync(join(dir, 'elsewhere'), { mode: 0o700 });
    symlinkSync(join(dir, 'elsewhere'), folder);
    expect(() => claimOnce(folder, 'a', NOW, NOW)).toThrow(ClaimsFolderError);
    rmSync(folder);
    writeFileSync(folder, '');
    expect(() => claimOnce(folder, 'a', NOW, NOW)).toThrow(ClaimsFolderError);
  });
});

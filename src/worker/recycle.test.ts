import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readSettings } from '../contract/settings.ts';
import { silentLog } from '../kit/log.ts';
import { Recycle, wornOut } from './recycle.ts';

const MB = 1_048_576;
const memory = (rss: number, pss: number | null) => () => ({
  rss: rss * MB,
  pss: pss === null ? null : pss * MB,
});

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cxb-recycle-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

function recycle(): Recycle {
  const settings = readSettings({ CXBCORE_SOCKET_DIR: dir, CXBCORE_RECYCLE_CALLS: '3' }, 'host');
  return new Recycle({ settings, log: silentLog, calls: () => 3, memory: memory(1, 1) });
}

test.each([
  ['few calls', { recycleMb: 0, recycleCalls: 5 }, 4, memory(900, 900), undefined],
  ['as many calls as allowed', { recycleMb: 0, recycleCalls: 5 }, 5, memory(1, 1), 'it has carried 5 calls'],
  ['its own share below the limit', { recycleMb: 100, recycleCalls: 0 }, 9, memory(300, 90), undefined],
  [
    'its own share above the limit',
    { recycleMb: 100, recycleCalls: 0 },
    9,
    memory(300, 120),
    'it has grown to 120 MiB',
  ],
  [
    'only its size is known',
    { recycleMb: 100, recycleCalls: 0 },
    9,
    memory(130, null),
    'it has grown to 130 MiB',
  ],
  ['no limits', { recycleMb: 0, recycleCalls: 0 }, 1e6, memory(9000, 9000), undefined],
])('a worker is worn out by its limits: %s', (_what, limits, calls, used, expected) => {
  expect(wornOut(limits, calls, used)).toBe(expected);
});

test('one at a time on a host: the second waits until the first is gone', async () => {
  expect(await recycle().due()).toBe(true);
  expect(await recycle().due()).toBe(false);
});

test('nobody goes while another seat is on its way back', async () => {
  const starting = recycle();
  const worn = recycle();
  starting.start();
  await expect.poll(() => worn.due()).toBe(false);
  starting.ready();
  await expect.poll(() => worn.due()).toBe(true);
});

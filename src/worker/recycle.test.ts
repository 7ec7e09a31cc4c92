import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readSettings } from '../contract/settings.ts';
import { silentLog } from '../kit/log.ts';
import { VirtualClock } from '../kit/virtual-clock.ts';
import { Recycle, wornOut } from './recycle.ts';
import { recycleMark } from './recycle-mark.ts';

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

const clock = new VirtualClock();
const markOf = (worker: number) => recycleMark(dir, worker, clock, silentLog);

function recycle(worker = 1): Recycle {
  const settings = readSettings({ CXBCORE_SOCKET_DIR: dir, CXBCORE_RECYCLE_CALLS: '3' }, 'host');
  const mark = markOf(worker);
  return new Recycle({ settings, log: silentLog, mark, calls: () => 3, memory: memory(1, 1) });
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

test('nobody goes from the end of one process until the next one of its seat is ready', async () => {
  markOf(1).set(); // a process that has ended since: its lock went with it
  expect(await recycle(2).due()).toBe(false);
  const successor = recycle(1);
  successor.start();
  expect(await recycle(2).due()).toBe(false);
  successor.ready();
  await expect.poll(() => recycle(2).due()).toBe(true);
});

test('a seat that does not come back is waited for two minutes', async () => {
  markOf(1).set();
  await clock.runUntil(clock.now() + 119_000);
  expect(await recycle(2).due()).toBe(false);
  await clock.runUntil(clock.now() + 1000);
  expect(await recycle(2).due()).toBe(true);
});

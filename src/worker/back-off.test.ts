import { existsSync, mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Clock, realClock } from '../kit/clock.ts';
import { backOff, forgetDeaths } from './back-off.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cxb-starts-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const env = (over: Readonly<Record<string, string>> = {}) => ({
  CXBCORE_SOCKET: '/tmp/cxbcore_3.sock',
  CXBCORE_DATA_DIR: dir,
  ...over,
});

/** How long one start waits, in seconds, and what it says. */
async function start(over: Readonly<Record<string, string>> = {}): Promise<[number, string]> {
  let said = '';
  let waited = 0;
  const clock: Clock = {
    now: () => 0,
    // The count's file has the machine's time.
    wall: () => realClock.wall(),
    after(delayMs, run) {
      waited += delayMs;
      queueMicrotask(run);
      return () => undefined;
    },
    hold: () => () => undefined,
  };
  await backOff(env(over), clock, (text) => {
    said += text;
  });
  return [waited / 1000, said];
}

test('the first start does not wait, and each that follows a quick death waits longer, up to a minute', async () => {
  const waits: number[] = [];
  for (let i = 0; i < 9; i++) waits.push((await start())[0]);
  expect(waits).toEqual([0, 1, 2, 4, 8, 16, 32, 60, 60]);
  expect((await start())[1]).toBe('cxbcore worker: the last 9 ended soon after its start; waiting 60 s\n');
});

test('a start that came to something is forgotten, and so is a trouble of long ago', async () => {
  await start();
  await start();
  forgetDeaths(env());
  expect(existsSync(join(dir, 'starts/cxbcore_3'))).toBe(false);
  expect((await start())[1]).toBe('');
  const old = new Date(realClock.wall() - 600_000);
  utimesSync(join(dir, 'starts/cxbcore_3'), old, old);
  expect((await start())[1]).toBe('');
});

test('a worker with a supervisor does not wait, and one whose folder cannot be written neither', async () => {
  await start();
  expect((await start({ CXBCORE_SUPERVISED: '1' }))[1]).toBe('');
  expect((await start({ CXBCORE_DATA_DIR: '/dev/null' }))[1]).toBe('');
});

import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { realClock } from './clock.ts';
import { lockHolder, lockName, tryLock, waitForLock } from './host-lock.ts';

const name = (purpose: string) => `${lockName(purpose, tmpdir())}-${process.pid}`;

test('a lock is held by one at a time, and its holder can be asked for', async () => {
  const lock = await tryLock(name('one'));
  expect(lock).toBeDefined();
  expect(await tryLock(name('one'))).toBeUndefined();
  expect(await lockHolder(name('one'))).toBe(process.pid);
  await lock?.release();
  expect(await lockHolder(name('one'))).toBeUndefined();
  const again = await tryLock(name('one'));
  expect(again).toBeDefined();
  await again?.release();
});

test('whoever waits for a lock gets it when it is released', async () => {
  const first = await tryLock(name('two'));
  const second = waitForLock(name('two'), realClock, undefined, 1);
  await first?.release();
  await (await second).release();
});

test('waiting for a lock ends when it is called off', async () => {
  const first = await tryLock(name('three'));
  const off = new AbortController();
  const second = waitForLock(name('three'), realClock, off.signal, 1);
  off.abort(new Error('stopping'));
  await expect(second).rejects.toThrow('stopping');
  await first?.release();
});

test('locks of different folders and purposes do not meet', () => {
  expect(lockName('up', '/')).not.toBe(lockName('up', tmpdir()));
  expect(lockName('up', '/')).not.toBe(lockName('warm-up', '/'));
});

import { expect, test } from 'vitest';
import { readSettings } from '../contract/settings.ts';
import type { LogLine } from '../fleet/events.ts';
import { VirtualClock } from '../kit/virtual-clock.ts';
import { UpView } from './up-view.ts';

function view(terminal = false) {
  let shown = '';
  const never = new AbortController().signal;
  const write = (text: string) => {
    shown += text;
  };
  const clock = new VirtualClock();
  const io = { env: {}, out: write, err: write, terminal, interrupted: never, interruptedAgain: never };
  const up = new UpView(
    io,
    clock,
    readSettings({ CXBCORE_MODE: 'development', CXBCORE_WORKERS: '2' }, 'here'),
  );
  return { up, clock, shown: () => shown };
}

const line = (level: number, message: string, fields = {}): LogLine => ({ level, message, fields });

test('development mode is said first', () => {
  expect(view().shown()).toBe('Development mode: starts from this machine need no credentials.\n');
});

test('without a terminal the warming is told every two seconds, and not once it is over', async () => {
  const { up, clock, shown } = view();
  await clock.runUntil(2500);
  up.event({ type: 'ready', worker: 1, ready: 1, of: 2 });
  await clock.runUntil(4500);
  up.draining(0);
  await clock.runUntil(9000);
  expect(shown().split('\n').slice(1)).toEqual(['warming 0/2 …', 'warming 1/2 …', 'Stopping …', '']);
});

test('on a terminal the warming is one line in place, which other lines go above', () => {
  const { up, shown } = view(true);
  up.event({ type: 'died', worker: 2, how: 'ended with 75', againInMs: 1000, words: 'seat taken' });
  const inPlace = '\r\u001B[K';
  expect(shown().endsWith(`  \u001B[2mseat taken\u001B[22m\n${inPlace}warming 0/2 …`)).toBe(true);
});

test('of a worker only warnings and its calls are shown', () => {
  const { up, shown } = view();
  const before = shown().length;
  for (const each of [
    line(30, 'warmed up'),
    line(30, 'worker state', { state: 'free' }),
    line(30, 'worker state', { state: 'live' }),
    line(30, 'call ended', { call_id: 'call_1', reason: 'caller.hung_up', seconds: 12.4 }),
    line(40, 'slow', { why: 'disk' }),
  ]) {
    up.event({ type: 'line', worker: 1, line: each });
  }
  expect(shown().slice(before).trim().split('\n')).toEqual([
    'worker 1  has a call',
    'worker 1  call_1 ended after 12 s: caller.hung_up',
    'worker 1  slow: disk',
  ]);
});

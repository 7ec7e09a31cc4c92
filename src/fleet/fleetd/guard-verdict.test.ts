import { expect, test } from 'vitest';
import { judge, type Watched } from './guard-verdict.ts';
import type { SeatView } from './seats.ts';

const limits = { guardAwayMs: 1000, guardFreeMs: 2000, guardCallMs: 10_000 };
const answers = (worker: number, state: 'free' | 'live' | 'warming'): SeatView => ({
  worker,
  at: 'answers',
  pulse: { state, draining: false, pid: 100 + worker, callId: null },
});
const silent = (worker: number): SeatView => ({ worker, at: 'silent' });

/** What is done to worker 1, by the time it was done at. */
function deedsOf(first: SeatView, untilMs: number, late: (atMs: number) => boolean = () => false): string[] {
  let watched: ReadonlyMap<number, Watched> = judge(new Map(), [first], 0, false, limits).watched;
  const done: string[] = [];
  for (let atMs = 250; atMs <= untilMs; atMs += 250) {
    const verdict = judge(watched, [silent(1)], atMs, late(atMs), limits);
    watched = verdict.watched;
    for (const { act, pid } of verdict.deeds) done.push(`${act} ${pid} at ${atMs}`);
  }
  return done;
}

test('a free worker that is silent leaves rotation once, and is then killed once', () => {
  expect(deedsOf(answers(1, 'free'), 20_000)).toEqual(['away 101 at 1000', 'kill 101 at 2000']);
});

test('a worker with a call is given longer, and its path is left alone', () => {
  expect(deedsOf(answers(1, 'live'), 20_000)).toEqual(['kill 101 at 10000']);
});

test('one that loads may be silent, and one that never answered is nobody to be judged', () => {
  expect(deedsOf(answers(1, 'warming'), 60_000)).toEqual([]);
  expect(deedsOf(silent(1), 60_000)).toEqual([]);
});

test('silence while the guard itself was held up counts for nothing', () => {
  expect(deedsOf(answers(1, 'free'), 10_000, () => true)).toEqual([]);
  expect(deedsOf(answers(1, 'free'), 2500, (atMs) => atMs === 750)).toEqual(['away 101 at 1750']);
});

test('an answer ends the silence', () => {
  const first = judge(new Map(), [answers(1, 'free')], 0, false, limits);
  const away = judge(first.watched, [silent(1)], 1500, false, limits);
  expect(away.deeds).toHaveLength(1);
  const back = judge(away.watched, [answers(1, 'free')], 1900, false, limits);
  expect(judge(back.watched, [silent(1)], 2500, false, limits).deeds).toEqual([]);
});

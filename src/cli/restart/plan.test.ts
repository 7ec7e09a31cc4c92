import { expect, test } from 'vitest';
import type { SeatReport } from '../host/seats.ts';
import { floorOf, patienceOf, type SeatState, stateOf, toTell } from './plan.ts';

function answers(pid: number, state: string, degraded: string | null = null): SeatReport {
  return { seat: 1, at: 'answers', status: { pid, state, degraded } } as unknown as SeatReport;
}

const gone: SeatReport = { seat: 1, at: 'gone' };
const silent: SeatReport = { seat: 1, at: 'silent' };

test.each<[string, Parameters<typeof stateOf>[0], SeatReport, SeatState]>([
  ['free and not told', { seat: 1, oldPid: 7 }, answers(7, 'free'), 'idle'],
  ['with a call and not told', { seat: 1, oldPid: 7 }, answers(7, 'live'), 'busy'],
  ['told, and its call goes on', { seat: 1, oldPid: 7, toldMs: 0 }, answers(7, 'live'), 'leaving'],
  ['told, and too busy to answer', { seat: 1, oldPid: 7, toldMs: 0 }, silent, 'leaving'],
  ['gone a moment ago', { seat: 1, oldPid: 7, toldMs: 0, goneMs: 900 }, gone, 'coming'],
  ['gone for too long', { seat: 1, oldPid: 7, toldMs: 0, goneMs: 0 }, gone, 'failed'],
  ['new and loading', { seat: 1, oldPid: 7, toldMs: 0, goneMs: 900 }, answers(8, 'warming'), 'coming'],
  [
    'new and unable to warm up',
    { seat: 1, oldPid: 7, toldMs: 0, goneMs: 900 },
    answers(8, 'warming', 'no'),
    'failed',
  ],
  ['new and ready', { seat: 1, oldPid: 7, toldMs: 0, goneMs: 0 }, answers(8, 'live'), 'ready'],
])('a seat that is %s', (_what, seat, report, expected) => {
  expect(stateOf(seat, report, 1000, 500)).toBe(expected);
});

const seat = (number: number, state: SeatState, told = false) => ({ seat: number, state, told });

/** Calls are long, and two seats are free. */
const load = { free: 2, floor: 1, patience: 60 };

test('idle seats are told first, one at a time', () => {
  const seats = [seat(1, 'busy'), seat(2, 'idle'), seat(3, 'idle'), seat(4, 'busy')];
  expect(toTell(seats, load)).toEqual([2]);
  expect(toTell([seat(1, 'busy'), seat(2, 'coming', true), seat(3, 'idle')], load)).toEqual([]);
  expect(toTell([seat(2, 'ready', true), seat(3, 'idle')], load)).toEqual([3]);
  const leaving = seat(1, 'leaving', true);
  expect(toTell([leaving, seat(2, 'idle'), seat(3, 'idle'), seat(4, 'idle')], load)).toEqual([2]);
  expect(toTell([leaving, seat(2, 'idle'), seat(3, 'idle'), seat(4, 'idle')], { ...load, floor: 2 })).toEqual(
    [],
  );
});

test('of those with long calls, half of the host is told at once', () => {
  const busy = [seat(1, 'busy'), seat(2, 'busy'), seat(3, 'leaving', true), seat(4, 'busy')];
  expect(toTell(busy, { ...load, free: 0 })).toEqual([1]);
  const done = [seat(1, 'busy'), seat(2, 'ready', true), seat(3, 'ready', true), seat(4, 'busy')];
  expect(toTell(done, load)).toEqual([1, 4]);
});

test('of those with short calls, no more are told than the load leaves over', () => {
  const short = { free: 3, floor: 1, patience: 0.4 };
  const busy = [1, 2, 3, 4, 5].map((number) => seat(number, 'busy'));
  const ready = [6, 7, 8].map((number) => seat(number, 'ready', true));
  expect(toTell([...busy, ...ready], short)).toEqual([1, 2]);
  const told = [seat(1, 'leaving', true), seat(2, 'coming', true), ...busy.slice(2), ...ready];
  expect(toTell(told, short)).toEqual([]);
});

test('a seat with a call is told where an idle one is needed', () => {
  expect(toTell([seat(1, 'busy'), seat(2, 'idle')], { ...load, free: 1 })).toEqual([1]);
});

test('patience is the length of calls so far over the time of a warm-up', () => {
  const said = (seconds: number | null, ms: number): SeatReport =>
    ({
      seat: 1,
      at: 'answers',
      status: { call: seconds === null ? null : { seconds }, warm_up_ms: { engines: ms, call: ms } },
    }) as unknown as SeatReport;
  expect(patienceOf([said(30, 1000), said(90, 2000), said(null, 0), silent])).toBe(20);
  expect(patienceOf([said(30, 0)])).toBe(3);
  expect(patienceOf([gone])).toBe(0);
});

test('nobody is told after a failure', () => {
  expect(toTell([seat(1, 'failed', true), seat(2, 'idle'), seat(3, 'busy')], { ...load, free: 5 })).toEqual(
    [],
  );
});

test('half of the free seats stay, and a single seat may go', () => {
  expect([floorOf(1, 1), floorOf(2, 2), floorOf(16, 9), floorOf(16, 0)]).toEqual([0, 1, 4, 1]);
});

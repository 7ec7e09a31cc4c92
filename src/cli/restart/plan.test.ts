import { expect, test } from 'vitest';
import type { SeatReport } from '../host/seats.ts';
import { floorOf, type SeatState, stateOf, toTell } from './plan.ts';

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

test('half of the seats are told while they have calls, idle ones one at a time', () => {
  const seats = [seat(1, 'busy'), seat(2, 'idle'), seat(3, 'idle'), seat(4, 'busy')];
  expect(toTell(seats, 2, 1)).toEqual([1, 4]);
  const told = [seat(1, 'leaving', true), seat(2, 'idle'), seat(3, 'idle'), seat(4, 'leaving', true)];
  expect(toTell(told, 2, 1)).toEqual([2]);
  const full = [seat(1, 'busy'), seat(2, 'busy'), seat(3, 'leaving', true), seat(4, 'busy')];
  expect(toTell(full, 0, 1)).toEqual([1]);
  expect(toTell([seat(1, 'leaving', true), seat(2, 'coming', true), seat(3, 'idle')], 1, 0)).toEqual([]);
  expect(toTell([seat(2, 'ready', true), seat(3, 'idle')], 2, 1)).toEqual([3]);
});

test('an idle seat waits while it is needed', () => {
  expect(toTell([seat(1, 'busy'), seat(2, 'idle')], 1, 1)).toEqual([1]);
});

test('nobody is told after a failure', () => {
  expect(toTell([seat(1, 'failed', true), seat(2, 'idle'), seat(3, 'busy')], 5, 1)).toEqual([]);
});

test('half of the free seats stay, and a single seat may go', () => {
  expect([floorOf(1, 1), floorOf(2, 2), floorOf(16, 9), floorOf(16, 0)]).toEqual([0, 1, 4, 1]);
});

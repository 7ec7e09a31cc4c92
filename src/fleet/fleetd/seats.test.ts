import { expect, test } from 'vitest';
import type { WorkerState } from '../../contract/states.ts';
import { mergedPages } from './metrics-page.ts';
import { agentLine, capacityOf, refusalOf, type SeatView, seatView } from './seats.ts';
import { socketsOfSystemd } from './sockets.ts';

const seat = (state: WorkerState, draining = false): SeatView => ({
  worker: 1,
  at: 'answers',
  pulse: { state, draining, pid: 1, callId: null },
});
const silent: SeatView = { worker: 1, at: 'silent' };
const gone: SeatView = { worker: 1, at: 'gone' };

test('a refusal names the cause that fits all seats together', () => {
  expect(refusalOf([seat('live'), seat('warming'), gone])).toBe('at_capacity');
  expect(refusalOf([seat('free'), seat('live')]), 'one has just become free').toBe('at_capacity');
  expect(refusalOf([seat('live', true), seat('free', true)])).toBe('draining');
  expect(refusalOf([seat('live', true), seat('warming')])).toBe('warming');
  expect(refusalOf([silent, gone]), 'one that is silent may have a call').toBe('at_capacity');
  expect(refusalOf([gone, gone])).toBe('no_workers');
});

test('what is not known is counted apart, and never as free or as nothing', () => {
  const seats = [seat('free'), seat('live'), seat('free', true), seat('warming'), silent, gone];
  expect(capacityOf(seats)).toEqual({
    capacity: 2,
    busy: 1,
    free: 1,
    warming: 1,
    unknown: 1,
    draining: false,
  });
  expect(seatView(1, { kind: 'answer', status: 200, body: 'nonsense' })).toEqual(silent);
});

test('the ingress is told the number of seats, weight nothing while draining, and never a limit of nothing', () => {
  expect(agentLine(capacityOf([seat('live'), seat('free'), silent]))).toBe('up 100% maxconn:3\n');
  expect(agentLine(capacityOf([seat('live', true), seat('free', true)]))).toBe('up 0%\n');
  expect(agentLine(capacityOf([gone]))).toBe('up 0%\n');
});

test('the pages of the workers become one, each series with its worker, and a silent worker has none', () => {
  const page = '# HELP a_total A.\n# TYPE a_total counter\na_total 3\na_total{x="1"} 4\n';
  const merged = mergedPages([
    { worker: 1, page },
    { worker: 2, page: undefined },
    { worker: 3, page },
  ]);
  expect(merged).toBe(
    '# HELP a_total A.\n# TYPE a_total counter\n' +
      'a_total{worker="1"} 3\na_total{worker="1",x="1"} 4\na_total{worker="3"} 3\na_total{worker="3",x="1"} 4\n',
  );
});

test('sockets of systemd are taken by the process they were meant for alone', () => {
  const env = { LISTEN_PID: '7', LISTEN_FDS: '2', LISTEN_FDNAMES: 'http:other' };
  expect([...socketsOfSystemd(env, 7)]).toEqual([
    ['http', 3],
    ['other', 4],
  ]);
  expect([...socketsOfSystemd(env, 8)]).toEqual([]);
});

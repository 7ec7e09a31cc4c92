import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  dueOf,
  firstHandle,
  type Handle,
  type HandleEvent,
  handleLimits,
  isHopeless,
  nextHandle,
} from './worker-handle.ts';

const limits = handleLimits({ drainS: 3660, endMs: 5000, resetMs: 5000 });

const exited = (code: number | null = null): HandleEvent => ({ type: 'exited', code });

function run(events: readonly (readonly [HandleEvent, number])[]): Handle {
  return events.reduce((handle, [event, at]) => nextHandle(handle, event, at, limits), firstHandle(0));
}

test('a worker is due to be started at once', () => {
  expect(dueOf(firstHandle(5), limits)).toEqual({ atMs: 5, act: 'start' });
});

test('a worker that dies after a good life is started again at once', () => {
  const handle = run([
    [{ type: 'started', pid: 7 }, 0],
    [{ type: 'ready' }, 900],
    [exited(), 20_000],
  ]);
  expect(handle).toEqual({ at: 'waiting', dueMs: 20_000, quickDeaths: 0 });
});

test('quick deaths wait 1, 2, 4 … at most 60 seconds', () => {
  let handle = firstHandle(0);
  const waits: number[] = [];
  for (let i = 0; i < 9; i++) {
    const now = dueOf(handle, limits)?.atMs ?? Number.NaN;
    handle = nextHandle(handle, { type: 'started', pid: 10 + i }, now, limits);
    handle = nextHandle(handle, exited(75), now + 50, limits);
    waits.push((dueOf(handle, limits)?.atMs ?? Number.NaN) - now - 50);
  }
  expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
});

test('four quick deaths in a row are hopeless, unless the worker says that time may help', () => {
  const after = (deaths: number, code: number) =>
    run(
      Array.from({ length: deaths }, (_, i) => [
        [{ type: 'started', pid: i + 1 }, i * 100] as const,
        [exited(code), i * 100 + 50] as const,
      ]).flat(),
    );
  expect([3, 4, 9].map((deaths) => isHopeless(after(deaths, 70), limits))).toEqual([false, true, true]);
  expect(isHopeless(after(9, 75), limits)).toBe(false);
  expect(isHopeless(after(1, 78), limits)).toBe(true);
});

test('a death before it was ready is quick, however long the start took', () => {
  const handle = run([
    [{ type: 'started', pid: 7 }, 0],
    [exited(), 50_000],
  ]);
  expect(handle).toMatchObject({ at: 'waiting', quickDeaths: 1 });
});

test('wrong settings are not started again', () => {
  const handle = run([
    [{ type: 'started', pid: 7 }, 0],
    [exited(78), 300],
  ]);
  expect(handle).toEqual({ at: 'refused', code: 78 });
  expect(dueOf(handle, limits)).toBeUndefined();
});

test('a start that stays silent is killed, one that has been heard is given its time', () => {
  const silent = run([[{ type: 'started', pid: 7 }, 0]]);
  expect(dueOf(silent, limits)).toEqual({ atMs: limits.silentStartMs, act: 'kill' });
  expect(dueOf(nextHandle(silent, { type: 'heard' }, 10, limits), limits)).toBeUndefined();
});

test('a second, harder stop shortens the first; a softer one changes nothing', () => {
  const draining = run([
    [{ type: 'started', pid: 7 }, 0],
    [{ type: 'ready' }, 1],
    [{ type: 'stop', how: 'drain' }, 100],
  ]);
  expect(dueOf(draining, limits)).toEqual({ atMs: 100 + limits.drainMs, act: 'kill' });
  const ending = nextHandle(draining, { type: 'stop', how: 'now' }, 200, limits);
  expect(dueOf(ending, limits)).toEqual({ atMs: 200 + limits.endMs, act: 'kill' });
  expect(nextHandle(ending, { type: 'stop', how: 'drain' }, 300, limits)).toEqual(ending);
});

test('whatever happens, a stopped worker never starts again', () => {
  const event: fc.Arbitrary<HandleEvent> = fc.oneof(
    fc.record({ type: fc.constant('started' as const), pid: fc.integer({ min: 2, max: 99 }) }),
    fc.record({ type: fc.constantFrom('heard' as const, 'ready' as const) }),
    fc.constantFrom(exited(), exited(0), exited(75), exited(78)),
    fc.record({ type: fc.constant('stop' as const), how: fc.constantFrom('drain' as const, 'now' as const) }),
  );
  fc.assert(
    fc.property(fc.array(event), fc.array(event), (before, after) => {
      let handle = before.reduce((h, e) => nextHandle(h, e, 1, limits), firstHandle(0));
      handle = nextHandle(handle, { type: 'stop', how: 'drain' }, 2, limits);
      for (const e of after) {
        handle = nextHandle(handle, e, 3, limits);
        expect(['stopping', 'gone']).toContain(handle.at);
        expect(dueOf(handle, limits)?.act).not.toBe('start');
      }
    }),
  );
});

test('a worker is killed only after the settings had their time', () => {
  const { drainMs, endMs } = handleLimits({ drainS: 7200, endMs: 20_000, resetMs: 1000 });
  expect(drainMs).toBeGreaterThan(7_200_000);
  expect(endMs).toBeGreaterThan(21_000);
});

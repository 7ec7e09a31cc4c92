import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Timeline } from './timeline.ts';

describe('a timeline by timestamps', () => {
  test('puts a lost frame of 20 ms where it is missing', () => {
    const timeline = new Timeline(8000, 0);
    expect([0, 20, 60].map((timestamp) => timeline.byTimestamp(timestamp, 160, timestamp))).toEqual([
      0, 160, 480,
    ]);
  });

  test('goes on from a gap it had to cut as if the rest had not been', () => {
    const timeline = new Timeline(8000, 0);
    expect(timeline.byTimestamp(3_600_000, 160, 0)).toBe(80_000);
    expect(timeline.byTimestamp(3_600_020, 160, 20)).toBe(80_160);
    expect(timeline.byTimestamp(3_600_540, 160, 2000)).toBe(84_320);
  });

  test('never goes back, overlaps, or runs more than ten seconds ahead of our clock in gaps', () => {
    const chunk = fc.record({
      timestamp: fc.option(fc.double({ min: -1e6, max: 1e12, noNaN: true }), { nil: undefined }),
      count: fc.integer({ min: 1, max: 4000 }),
      wait: fc.nat(3000),
    });
    fc.assert(
      fc.property(fc.array(chunk), (chunks) => {
        const timeline = new Timeline(8000, 0);
        let [now, end] = [0, 0];
        for (const { timestamp, count, wait } of chunks) {
          now += wait;
          const at = timeline.byTimestamp(timestamp, count, now);
          expect(at).toBeGreaterThanOrEqual(end);
          if (at > end) expect(at).toBeLessThanOrEqual((now + 10_000) * 8);
          expect(Number.isInteger(at)).toBe(true);
          end = at + count;
        }
      }),
    );
  });
});

describe('a timeline by arrival', () => {
  test('takes a burst after a stall in order, without overlaps', () => {
    const timeline = new Timeline(16_000, 0);
    const at: number[] = [];
    for (const now of [20, 40, 700, 700, 700, 720]) at.push(timeline.byArrival(320, now));
    expect(at).toEqual([0, 320, 640, 960, 1280, 1600]);
  });

  test('does not add up small losses to a hole', () => {
    const timeline = new Timeline(16_000, 0);
    for (let frame = 0; frame < 200; frame++) expect(timeline.byArrival(320, frame * 40)).toBe(frame * 320);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blocking, callsPerHour, erlangsOf, loadFor, seatsFor } from './erlang.ts';

/**
 * Seats, percent refused, and the load in erlangs. 2 %: the "Erlang-B Capacity Table" of Lucent's course "WirelessU",
 * garywagoner.tripod.com/traffic/ERLANG.HTML, without its lines for 45, 61 and 63, misprints that stand out of its
 * even steps. 1 %: the example "How much traffic?" of the manual of the Erlang B Calculator,
 * erlang.com/calculatormanual/howmuchtrafficcanatrunkgrouphandle.htm.
 */
const PUBLISHED: readonly (readonly [number, number, number])[] = [
  [3, 2, 0.602],
  [5, 2, 1.657],
  [7, 2, 2.935],
  [9, 2, 4.345],
  [11, 2, 5.842],
  [13, 2, 7.402],
  [15, 2, 9.01],
  [17, 2, 10.656],
  [21, 2, 14.036],
  [25, 2, 17.505],
  [31, 2, 22.827],
  [51, 2, 41.189],
  [59, 2, 48.7],
  [65, 2, 54.376],
  [89, 2, 77.342],
  [15, 1, 8.108],
];

const seats = fc.integer({ min: 1, max: 400 });
const load = fc.double({ min: 0.01, max: 500, noNaN: true });
const goal = fc.double({ min: 1e-6, max: 0.5, noNaN: true });

describe("Erlang's loss formula", () => {
  it.each(PUBLISHED)(
    'gives the published load of %i seats and %i %% refused, to its third digit',
    (n, percent, erlangs) => {
      expect(Math.abs(loadFor(n, percent / 100) - erlangs)).toBeLessThan(0.001);
    },
  );

  it('is the formula by factorials where those still fit', () => {
    const exact = (n: number, a: number) => {
      let term = 1;
      let sum = 1;
      for (let k = 1; k <= n; k++) sum += term = (term * a) / k;
      return term / sum;
    };
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40 }), fc.double({ min: 0.01, max: 60, noNaN: true }), (n, a) => {
        expect(blocking(n, a) / exact(n, a)).toBeCloseTo(1, 9);
      }),
    );
  });

  it('is a share for any number of seats, also for thousands', () => {
    expect(blocking(0, 3)).toBe(1);
    expect(blocking(5, 0)).toBe(0);
    expect(blocking(10_000, 10_000)).toBeCloseTo(Math.sqrt(2 / (Math.PI * 10_000)), 3);
    expect(blocking(10_000, 10)).toBeGreaterThanOrEqual(0);
    expect(blocking(10, 1e9)).toBeLessThanOrEqual(1);
  });

  it('refuses less with another seat, and more with more load', () => {
    fc.assert(
      fc.property(seats, load, (n, a) => {
        expect(blocking(n + 1, a)).toBeLessThanOrEqual(blocking(n, a));
        expect(blocking(n, a * 1.1)).toBeGreaterThanOrEqual(blocking(n, a));
      }),
    );
  });

  it('finds the load of a goal, and the seats of a load, each the other way round', () => {
    fc.assert(
      fc.property(seats, goal, (n, share) => {
        const most = loadFor(n, share);
        expect(blocking(n, most)).toBeLessThanOrEqual(share);
        expect(blocking(n, most * 1.0001)).toBeGreaterThan(share * 0.999);
        expect(seatsFor(most, share)).toBe(n);
      }),
    );
  });

  it('finds the fewest seats', () => {
    fc.assert(
      fc.property(load, goal, (a, share) => {
        const n = seatsFor(a, share) ?? 0;
        expect(blocking(n, a)).toBeLessThanOrEqual(share);
        if (n > 0) expect(blocking(n - 1, a)).toBeGreaterThan(share);
      }),
    );
    expect(seatsFor(1e9, 0.01)).toBeUndefined();
  });

  it('counts 20 calls of three minutes an hour as one erlang', () => {
    expect(callsPerHour(1, 180)).toBe(20);
    expect(erlangsOf(20, 180)).toBe(1);
  });
});

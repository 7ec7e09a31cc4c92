import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { carried, kneeOf, type Measured, nextCalls } from './steps.ts';

/** Measures a machine that carries `limit` calls, to the end. */
function measured(limit: number, most: number, flaws: ReadonlySet<number> = new Set()): Measured[] {
  const seen: Measured[] = [];
  for (let at = 0; ; at++) {
    const calls = nextCalls(seen, most);
    if (calls === undefined) return seen;
    seen.push({ calls, well: calls <= limit && !flaws.has(at) });
    if (at > 60) throw new Error('it does not end');
  }
}

describe('how many calls are measured next', () => {
  it('doubles up to the configured number where all is well', () => {
    expect(measured(100, 12).map(({ calls }) => calls)).toEqual([1, 2, 4, 8, 12]);
  });

  it('measures a failure again, and halves the distance to it when it fails again', () => {
    expect(measured(5, 16).map(({ calls }) => calls)).toEqual([1, 2, 4, 8, 8, 6, 6, 5]);
  });

  it('believes the second look at a number that failed once', () => {
    const seen = measured(16, 16, new Set([2]));
    expect(seen.map(({ calls }) => calls)).toEqual([1, 2, 4, 4, 8, 16]);
    expect(kneeOf(seen)).toBeUndefined();
    expect(carried(seen)).toBe(16);
  });

  it('ends at once on a machine that carries no call', () => {
    const seen = measured(0, 16);
    expect(seen.map(({ calls }) => calls)).toEqual([1, 1]);
    expect(carried(seen)).toBe(0);
    expect(kneeOf(seen)).toBe(1);
  });

  it('ends for every machine, never above the configured number, with the knee within an eighth', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 1, max: 256 }), (limit, most) => {
        const seen = measured(limit, most);
        const knee = kneeOf(seen);
        expect(Math.max(...seen.map(({ calls }) => calls))).toBeLessThanOrEqual(most);
        expect(carried(seen)).toBeLessThanOrEqual(limit);
        if (limit >= most) expect([carried(seen), knee]).toEqual([most, undefined]);
        else {
          expect(knee).toBeGreaterThan(limit);
          expect((knee ?? 0) - carried(seen)).toBeLessThanOrEqual(Math.max(1, (knee ?? 0) / 8));
        }
        expect(seen.length).toBeLessThan(30);
      }),
    );
  });
});

import fc from 'fast-check';
import pc from 'picocolors';
import { describe, expect, it } from 'vitest';
import { faultsOf, type Machine, type StepSeen, verdictOf } from './judge.ts';
import { busyS } from './sample.ts';
import { verdictText } from './view.ts';

const MACHINE: Machine = { cores: 4, availableBytes: 8e9, configured: 16 };

/** Each call costs 3 CPU seconds a minute and 100 MB. */
function step(calls: number, over: Partial<StepSeen> = {}): StepSeen {
  const seconds = 20;
  const workersCpuS = (calls * seconds * 3) / 60;
  return {
    calls,
    seconds,
    callSeconds: calls * seconds,
    workersCpuS,
    callersCpuS: 1,
    busyS: workersCpuS + 1,
    underruns: 0,
    loopLateMs: 0.5,
    callersLateMs: 2,
    pssBytes: 100e6,
    ...over,
  };
}
const plain = pc.createColors(false);

describe('what counts against a number of calls', () => {
  it('is nothing where callers heard everything and cores are left', () => {
    expect(faultsOf(step(16), 4)).toEqual([]);
  });

  it.each([
    ['a gap inside speech', { underruns: 1 }, '1 underruns'],
    ['loops later than a frame', { loopLateMs: 21 }, 'loops 21 ms late'],
    ['no core left', { busyS: 76 }, 'cores 95 % busy'],
    ['callers who found no seat', { callSeconds: 100 }, 'callers connected 31 % of the time'],
  ])('is %s', (_, over, words) => {
    expect(faultsOf(step(16, over), 4)).toEqual([words]);
  });

  it('is nothing that could not be seen', () => {
    expect(faultsOf(step(16, { loopLateMs: null, busyS: null }), 4)).toEqual([]);
  });
});

describe('how many seats are safe', () => {
  it('is what was measured while no resource is short, and then no warning is given', () => {
    const verdict = verdictOf([step(1), step(8)], MACHINE);
    expect(verdict).toMatchObject({ safe: 8, by: 'measured', carried: 8, knee: null, warning: null });
    expect(verdict.limits).toEqual({ memory: 64, cpu: 56, sound: null });
    expect(verdict.cpuSPerCallMinute).toBeCloseTo(3);
  });

  it('is set by memory where that is short', () => {
    const verdict = verdictOf([step(8)], { ...MACHINE, availableBytes: 1e9 - 1 });
    expect(verdict).toMatchObject({ safe: 7, by: 'memory' });
    expect(verdict.warning).toBe('CXBCORE_WORKERS is 16, and 7 are safe: the memory is enough for no more');
  });

  it('is set by the cores that are not taken by others', () => {
    const busy = step(8, { busyS: 8 + 1 + 2.5 * 20 });
    expect(verdictOf([busy], MACHINE)).toMatchObject({ safe: 6, by: 'cpu', othersCores: 2.5 });
  });

  it('is set by what callers heard where a number failed twice', () => {
    const bad = step(8, { underruns: 3 });
    const verdict = verdictOf([step(4), bad, bad], MACHINE);
    expect(verdict).toMatchObject({ safe: 4, by: 'sound', knee: 8, limits: { sound: 4 } });
    expect(verdict.warning).toContain('CXBCORE_WORKERS is 16, and 4 are safe');
  });

  it('is none where not even one call was carried, and what it cost is told all the same', () => {
    const bad = step(1, { underruns: 1 });
    expect(verdictOf([bad, bad], MACHINE)).toMatchObject({
      safe: 0,
      by: 'sound',
      memoryBytesPerWorker: 100e6,
    });
  });

  it('says unknown of what could not be seen, and never takes it for nothing', () => {
    const blind = step(4, { workersCpuS: null, busyS: null, pssBytes: null, loopLateMs: null });
    const verdict = verdictOf([blind], MACHINE);
    expect(verdict).toMatchObject({
      safe: 4,
      limits: { memory: null, cpu: null },
      cpuSPerCallMinute: null,
      othersCores: null,
    });
    expect(verdictText(verdict, plain)).toMatch(/by memory +unknown/);
  });

  it('never exceeds any known limit or what was carried', () => {
    const steps = fc.array(
      fc.record({
        calls: fc.integer({ min: 1, max: 64 }),
        underruns: fc.integer({ min: 0, max: 1 }),
        pssBytes: fc.option(fc.integer({ min: 1, max: 1e9 })),
      }),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 64 }), (seen, configured) => {
        const verdict = verdictOf(
          seen.map(({ calls, ...over }) => step(calls, over)),
          { ...MACHINE, configured },
        );
        const limits = [verdict.limits.memory, verdict.limits.cpu, verdict.carried];
        expect(verdict.safe).toBe(Math.min(...limits.filter((one) => one !== null)));
        if (verdict.by !== 'measured') expect(verdict.warning === null).toBe(configured <= verdict.safe);
      }),
    );
  });
});

it('reads the busy time of all cores without the idle one', () => {
  expect(busyS('cpu  100 0 50 9999 8 1 2 3 0 0\ncpu0 1 1 1 1\n')).toBeCloseTo(1.56);
  expect(busyS('')).toBeNull();
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { soundIn, speechBounds } from './segments.ts';

const RATE = 8000;

function at(ms: number): number {
  return (ms * RATE) / 1000;
}

function withSound(lengthMs: number, ...stretches: [number, number][]): Int16Array {
  const samples = new Int16Array(at(lengthMs));
  for (const [from, to] of stretches)
    for (let i = at(from); i < at(to); i++) samples[i] = i % 2 ? 8000 : -8000;
  return samples;
}

describe('sound on a track', () => {
  it('is one stretch across short pauses and several across long ones', () => {
    const samples = withSound(5000, [100, 500], [700, 900], [2000, 2500]);
    expect(soundIn(samples, RATE)).toEqual([
      { fromMs: 100, toMs: 900 },
      { fromMs: 2000, toMs: 2500 },
    ]);
  });

  it('lies inside what was written, whatever was written', () => {
    const stretch = fc.tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 4, max: 60 }));
    fc.assert(
      fc.property(fc.array(stretch, { minLength: 1, maxLength: 6 }), (parts) => {
        const stretches = parts.map(([from, length]): [number, number] => [from * 10, (from + length) * 10]);
        const found = soundIn(withSound(4000, ...stretches), RATE);
        expect(found[0]?.fromMs).toBe(Math.min(...stretches.map(([from]) => from)));
        expect(found.at(-1)?.toMs).toBe(Math.max(...stretches.map(([, to]) => to)));
      }),
    );
  });

  it('has no bounds in silence', () => {
    expect(speechBounds(new Int16Array(8000), RATE)).toBeUndefined();
    expect(speechBounds(withSound(1000, [200, 600]), RATE)).toEqual({ from: at(200), to: at(600) });
  });
});

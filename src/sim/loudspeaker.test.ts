import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../kit/virtual-clock.ts';
import { Loudspeaker } from './loudspeaker.ts';

const RATE = 8000;

function loud(ms: number, value = 5000): Int16Array {
  return new Int16Array((ms * RATE) / 1000).fill(value);
}

function setUp() {
  const clock = new VirtualClock();
  const marks: { name: string; atMs: number }[] = [];
  const loudspeaker = new Loudspeaker({
    clock,
    rate: RATE,
    originMs: 0,
    onMark: (name) => marks.push({ name, atMs: clock.now() }),
  });
  return { clock, marks, loudspeaker };
}

describe('the loudspeaker', () => {
  it('plays at once what comes to an empty buffer, and later audio after it', async () => {
    const { clock, loudspeaker } = setUp();
    await clock.runUntil(100);
    loudspeaker.audio(loud(20, 1000));
    await clock.runUntil(105);
    loudspeaker.audio(loud(20, 2000));
    await clock.runUntil(200);
    const heard = loudspeaker.heard();
    expect(heard[799]).toBe(0);
    expect(heard[800]).toBe(1000);
    expect(heard[959]).toBe(1000);
    expect(heard[960]).toBe(2000);
    expect(heard.length).toBe(1120);
    expect(loudspeaker.playedMs()).toBe(40);
  });

  it('echoes a mark when the audio before it has been played', async () => {
    const { clock, marks, loudspeaker } = setUp();
    loudspeaker.audio(loud(60));
    loudspeaker.mark('a');
    loudspeaker.audio(loud(40));
    loudspeaker.mark('b');
    await clock.runUntil(1000);
    expect(marks).toEqual([
      { name: 'a', atMs: 60 },
      { name: 'b', atMs: 100 },
    ]);
  });

  it('echoes a mark at once when the buffer is empty', () => {
    const { marks, loudspeaker } = setUp();
    loudspeaker.mark('now');
    expect(marks).toEqual([{ name: 'now', atMs: 0 }]);
  });

  it('gives back all marks on a clear, and what was not heard is never heard', async () => {
    const { clock, marks, loudspeaker } = setUp();
    loudspeaker.audio(loud(100));
    loudspeaker.mark('a');
    loudspeaker.audio(loud(100));
    loudspeaker.mark('b');
    await clock.runUntil(40);
    loudspeaker.clear();
    await clock.runUntil(500);
    expect(marks.map((mark) => [mark.name, mark.atMs])).toEqual([
      ['a', 40],
      ['b', 40],
    ]);
    expect(loudspeaker.playedMs()).toBe(40);
    expect(loudspeaker.heard().length).toBe(320);
    expect(loudspeaker.clearings).toEqual([{ atMs: 40, droppedMs: 160 }]);
  });

  it('counts silence inside speech as an underrun, but neither pauses nor what follows a clear', async () => {
    const { clock, loudspeaker } = setUp();
    loudspeaker.audio(loud(100));
    await clock.runUntil(130);
    loudspeaker.audio(loud(100));
    await clock.runUntil(2000);
    loudspeaker.audio(loud(100));
    await clock.runUntil(2050);
    loudspeaker.clear();
    await clock.runUntil(2100);
    loudspeaker.audio(loud(100));
    await clock.runUntil(3000);
    expect(loudspeaker.underruns()).toEqual([{ atMs: 100, ms: 30 }]);
  });

  it('counts no underrun where the agent itself was silent', async () => {
    const { clock, loudspeaker } = setUp();
    loudspeaker.audio(loud(100));
    loudspeaker.audio(loud(60, 0));
    await clock.runUntil(200);
    loudspeaker.audio(loud(100));
    expect(loudspeaker.underruns()).toEqual([]);
  });

  it('echoes no mark after it was closed', async () => {
    const { clock, marks, loudspeaker } = setUp();
    loudspeaker.audio(loud(100));
    loudspeaker.mark('a');
    await clock.runUntil(10);
    loudspeaker.close();
    await clock.runUntil(500);
    expect(marks).toEqual([]);
    expect(loudspeaker.playedMs()).toBe(10);
  });

  it('echoes every mark once and in order, and never hears more than was sent, whatever comes', async () => {
    const act = fc.oneof(
      fc.record({ kind: fc.constant('audio' as const), ms: fc.integer({ min: 1, max: 200 }) }),
      fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 300 }) }),
      fc.record({ kind: fc.constantFrom('mark' as const, 'clear' as const), ms: fc.constant(0) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 40 }), async (acts) => {
        const { clock, marks, loudspeaker } = setUp();
        const set: string[] = [];
        let sentMs = 0;
        let before = new Int16Array(0);
        for (const { kind, ms } of acts) {
          if (kind === 'audio') {
            loudspeaker.audio(loud(ms));
            sentMs += ms;
          } else if (kind === 'wait') await clock.runUntil(clock.now() + ms);
          else if (kind === 'mark') {
            set.push(`m${set.length}`);
            loudspeaker.mark(`m${set.length - 1}`);
          } else {
            loudspeaker.clear();
            expect(marks.length).toBe(set.length);
          }
          const heard = loudspeaker.heard();
          expect(heard.subarray(0, before.length)).toEqual(before);
          before = heard.slice();
          expect(loudspeaker.playedMs()).toBeLessThanOrEqual(sentMs + 1e-6);
        }
        await clock.runUntil(clock.now() + 20_000);
        expect(marks.map((mark) => mark.name)).toEqual(set);
        const droppedMs = loudspeaker.clearings.reduce((sum, clearing) => sum + clearing.droppedMs, 0);
        expect(loudspeaker.playedMs() + droppedMs).toBeCloseTo(sentMs, 6);
      }),
      { numRuns: 60 },
    );
  });
});

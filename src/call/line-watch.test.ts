import { describe, expect, test } from 'vitest';
import { Scope } from '../kit/scope.ts';
import { VirtualClock } from '../kit/virtual-clock.ts';
import type { Line } from '../ports/line.ts';
import { type LineHealth, LineWatch } from './line-watch.ts';

function watch(facts: { omitsSilence: boolean }) {
  const clock = new VirtualClock();
  const scope = new Scope(clock);
  const seen: LineHealth[] = [];
  const line = {
    facts,
    pings: 0,
    backlog: 0,
    ping: () => void line.pings++,
    backlogBytes: () => line.backlog,
  };
  const limits = { aliveS: 40, pingS: 20, stuckS: 10, maxBacklogBytes: 1000 };
  const listener = (health: LineHealth) => void seen.push(health);
  const it = new LineWatch({ clock, scope, line: line as unknown as Line, limits, listener });
  return { clock, scope, line, seen, it };
}

describe('a line', () => {
  test('without media stalls at once and is in trouble after 10 s, if it should always send', async () => {
    const { clock, it, seen } = watch({ omitsSilence: false });
    await clock.runUntil(90);
    expect(seen).toEqual([]);
    await clock.runUntil(9950);
    expect(seen).toEqual([{ kind: 'stalled' }]);
    await clock.runUntil(10_100);
    it.media();
    expect(seen).toEqual([{ kind: 'stalled' }, { kind: 'trouble' }, { kind: 'resumed' }]);
  });

  test('that omits silence is silent after 750 ms, for all the time since the last media', async () => {
    const { clock, seen } = watch({ omitsSilence: true });
    await clock.runUntil(700);
    expect(seen).toEqual([{ kind: 'stalled' }]);
    await clock.runUntil(30_000);
    const silence = seen.reduce((sum, health) => sum + (health.kind === 'silence' ? health.ms : 0), 0);
    expect(silence).toBe(30_000);
    expect(seen).not.toContainEqual({ kind: 'trouble' });
  });

  test('is lost after 40 s without frame or pong, and pinged before', async () => {
    const { clock, it, line, seen } = watch({ omitsSilence: true });
    await clock.runUntil(30_000);
    it.alive();
    await clock.runUntil(69_900);
    expect(line.pings).toBe(3);
    expect(seen.filter(({ kind }) => kind === 'dead')).toEqual([]);
    await clock.runUntil(80_000);
    expect(seen.filter(({ kind }) => kind === 'dead')).toMatchObject([{ reason: 'line.lost' }]);
  });

  test('that takes no audio for 10 s is stuck', async () => {
    const { clock, it, line, seen } = watch({ omitsSilence: true });
    line.backlog = 2000;
    await clock.runUntil(9000);
    it.media();
    expect(seen.filter(({ kind }) => kind === 'dead')).toEqual([]);
    await clock.runUntil(10_100);
    expect(seen.filter(({ kind }) => kind === 'dead')).toMatchObject([{ reason: 'line.stuck' }]);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Life, type LifeEffect, type LifeEvent, newLife, next, refusal } from './state.ts';

const KINDS = [
  { kind: 'booted' },
  { kind: 'warm-up-failed' },
  { kind: 'warmed-up' },
  { kind: 'connected' },
  { kind: 'disconnected' },
  { kind: 'claimed' },
  { kind: 'no-line' },
  { kind: 'call-open', callId: 'call_1' },
  { kind: 'call-over' },
  { kind: 'call-stuck' },
  { kind: 'cleaned' },
  { kind: 'drain', how: 'parked' },
  { kind: 'drain', how: 'leaving' },
  { kind: 'undrain' },
  { kind: 'left' },
  { kind: 'broken' },
  { kind: 'stop' },
] as const satisfies readonly LifeEvent[];

const events = fc.array(fc.constantFrom(...KINDS), { maxLength: 60 });
const modes = fc.boolean();

/** Applies events as the owner does: a claim is made only when `refusal` said nothing. */
function run(
  life: Life,
  list: readonly LifeEvent[],
  see: (life: Life, effects: readonly LifeEffect[], event: LifeEvent, before: Life) => void = () => undefined,
): Life {
  let now = life;
  for (const event of list) {
    if (event.kind === 'claimed' && refusal(now)) continue;
    const before = now;
    const [after, effects] = next(now, event);
    now = after;
    see(after, effects, event, before);
  }
  return now;
}

const awake = (alwaysOpen = false) => run(newLife(alwaysOpen), [{ kind: 'booted' }, { kind: 'warmed-up' }]);

describe('the life of a worker', () => {
  it('has at most one call, whatever happens in whatever order', () => {
    fc.assert(
      fc.property(modes, events, (mode, list) => {
        let holders = 0;
        run(newLife(mode), list, (life, _effects, event, before) => {
          if (event.kind === 'claimed') holders++;
          if (before.phase.name === 'reserved' && life.phase.name === 'free') holders--;
          if (before.phase.name === 'ending' && life.phase.name !== 'ending') holders--;
          if (before.phase.name !== 'ending' && event.kind === 'call-stuck' && life !== before) holders--;
          expect(holders).toBeLessThanOrEqual(1);
          const taken = ['reserved', 'live', 'ending'].includes(life.phase.name);
          expect(holders === 1).toBe(taken);
          if (taken) expect(refusal(life)).toBeDefined();
        });
      }),
    );
  });

  it('asks to listen only while the seat is free, nothing drains and no connection is left', () => {
    fc.assert(
      fc.property(modes, events, (mode, list) => {
        let listening = false;
        run(newLife(mode), list, (life, effects) => {
          for (const effect of effects) {
            if (effect.kind === 'listen') {
              expect(listening).toBe(false);
              listening = true;
            }
            if (effect.kind === 'stop-listening' || effect.kind === 'leave-rotation') listening = false;
          }
          const wanted = life.phase.name === 'free' && life.draining === 'no' && life.connections === 0;
          expect(listening).toBe(wanted);
          expect(life.rotation === 'in').toBe(wanted);
        });
      }),
    );
  });

  it('comes back to free, or stops, from every state once the call and its connections are over', () => {
    fc.assert(
      fc.property(modes, events, (mode, list) => {
        const ending: LifeEvent[] = [
          { kind: 'no-line' },
          { kind: 'call-over' },
          { kind: 'cleaned' },
          ...Array.from({ length: list.length }, (): LifeEvent => ({ kind: 'disconnected' })),
          { kind: 'left' },
        ];
        const end = run(newLife(mode), [...list, ...ending]);
        expect(['starting', 'warming', 'free', 'stopped']).toContain(end.phase.name);
        if (end.draining === 'leaving') expect(end.phase.name).toBe('stopped');
      }),
    );
  });

  it('says to exit exactly once, and nothing after that', () => {
    fc.assert(
      fc.property(modes, events, (mode, list) => {
        let exits = 0;
        run(newLife(mode), list, (life, effects, _event, before) => {
          if (before.phase.name === 'stopped') {
            expect(effects).toEqual([]);
            expect(life).toBe(before);
          }
          exits += effects.filter((effect) => effect.kind === 'exit').length;
        });
        expect(exits).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('asks for a clean-up for every call, and for a warm-up after every failed one', () => {
    fc.assert(
      fc.property(modes, events, (mode, list) => {
        run(newLife(mode), list, (life, effects, event, before) => {
          const kinds = effects.map((effect) => effect.kind);
          const ended = before.phase.name === 'live' && life.phase.name === 'ending';
          expect(kinds.includes('clean')).toBe(ended);
          const warming =
            life.phase.name === 'warming' && (event.kind === 'booted' || event.kind === 'warm-up-failed');
          if (kinds.includes('warm-up')) expect(warming).toBe(true);
        });
      }),
    );
  });
});

describe('refusals', () => {
  it('say warming before the first listen, at_capacity while a call is on, draining during a drain', () => {
    expect(refusal(newLife(false))).toBe('warming');
    expect(refusal(awake())).toBeUndefined();
    const busy = run(awake(), [{ kind: 'claimed' }]);
    expect(refusal(busy)).toBe('at_capacity');
    expect(refusal(run(busy, [{ kind: 'drain', how: 'parked' }]))).toBe('draining');
  });

  it('do not meet a start that was accepted before the drain, except on a port that stays open', () => {
    const drain: LifeEvent[] = [{ kind: 'drain', how: 'leaving' }];
    expect(refusal(run(awake(false), [{ kind: 'connected' }, ...drain]))).toBeUndefined();
    expect(refusal(run(awake(true), [{ kind: 'drain', how: 'parked' }]))).toBe('draining');
  });
});

describe('a worker whose engines have died', () => {
  it('leaves rotation at once while it is free, serves nobody any more, and says that it was a fault', () => {
    const [leaving, effects] = next(awake(), { kind: 'broken' });
    expect(effects).toEqual([{ kind: 'leave-rotation' }]);
    expect(refusal(leaving)).toBe('draining');
    expect(next(leaving, { kind: 'left' })[1]).toContainEqual({ kind: 'exit', exit: 'bug' });
  });

  it('lets the call that is on go to its end first', () => {
    const live = run(awake(), [
      { kind: 'claimed' },
      { kind: 'call-open', callId: 'a' },
      { kind: 'broken' },
      { kind: 'undrain' },
    ]);
    expect(live.phase.name).toBe('live');
    expect(run(live, [{ kind: 'call-over' }, { kind: 'cleaned' }]).phase).toEqual({
      name: 'stopped',
      exit: 'bug',
    });
  });

  it('goes when a claimed seat came to no call', () => {
    const life = run(awake(), [{ kind: 'claimed' }, { kind: 'broken' }, { kind: 'no-line' }]);
    expect(life.phase).toEqual({ name: 'stopped', exit: 'bug' });
  });
});

describe('a call that does not end', () => {
  it('ends the process, so that nothing of it reaches the next caller', () => {
    const claimed = run(awake(), [{ kind: 'claimed' }]);
    const live = run(claimed, [{ kind: 'call-open', callId: 'a' }]);
    for (const life of [claimed, live]) {
      const [end, effects] = next(life, { kind: 'call-stuck' });
      expect(end.phase).toEqual({ name: 'stopped', exit: 'bug' });
      expect(effects).toContainEqual({ kind: 'exit', exit: 'bug' });
    }
  });
});

describe('draining', () => {
  it('by a first signal waits for the live call and then exits', () => {
    const live = run(awake(), [
      { kind: 'claimed' },
      { kind: 'call-open', callId: 'a' },
      { kind: 'drain', how: 'leaving' },
    ]);
    expect(live.phase.name).toBe('live');
    const over = run(live, [{ kind: 'call-over' }]);
    const [end, effects] = next(over, { kind: 'cleaned' });
    expect(end.phase).toEqual({ name: 'stopped', exit: 'ok' });
    expect(effects).toContainEqual({ kind: 'exit', exit: 'ok' });
  });

  it('of a free worker leaves rotation first and exits when that is done', () => {
    const [leaving, effects] = next(awake(), { kind: 'drain', how: 'leaving' });
    expect(effects).toEqual([{ kind: 'leave-rotation' }]);
    expect(leaving.phase.name).toBe('free');
    expect(next(leaving, { kind: 'left' })[0].phase.name).toBe('stopped');
  });

  it('serves a start that was queued while the worker left rotation', () => {
    const leaving = run(awake(), [{ kind: 'drain', how: 'leaving' }, { kind: 'connected' }]);
    expect(refusal(leaving)).toBeUndefined();
    const live = run(leaving, [{ kind: 'claimed' }, { kind: 'left' }, { kind: 'call-open', callId: 'a' }]);
    expect(live.phase.name).toBe('live');
  });

  it('by /drain parks the seat and /undrain brings it back', () => {
    const parked = run(awake(), [{ kind: 'drain', how: 'parked' }, { kind: 'left' }]);
    expect(parked.phase.name).toBe('free');
    const [back, effects] = next(parked, { kind: 'undrain' });
    expect(effects).toEqual([{ kind: 'listen' }]);
    expect(back.draining).toBe('no');
  });

  it('cannot be taken back once the process is leaving', () => {
    const life = run(awake(), [{ kind: 'claimed' }, { kind: 'drain', how: 'leaving' }, { kind: 'undrain' }]);
    expect(life.draining).toBe('leaving');
  });

  it('by a second signal ends the call with operator.stopped', () => {
    const live = run(awake(), [
      { kind: 'claimed' },
      { kind: 'call-open', callId: 'a' },
      { kind: 'drain', how: 'leaving' },
    ]);
    expect(next(live, { kind: 'stop' })[1]).toEqual([{ kind: 'end-call', reason: 'operator.stopped' }]);
  });

  it('while warming exits at once, because there is nobody to wait for', () => {
    const warming = run(newLife(false), [{ kind: 'booted' }]);
    expect(next(warming, { kind: 'drain', how: 'leaving' })[0].phase.name).toBe('stopped');
  });
});

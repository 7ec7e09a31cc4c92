import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Scope } from './scope.ts';
import { VirtualClock } from './virtual-clock.ts';

describe('a scope', () => {
  it('runs its closers in reverse order, each once', async () => {
    const order: number[] = [];
    const scope = new Scope(new VirtualClock());
    for (const n of [1, 2, 3]) scope.defer(() => void order.push(n));
    await Promise.all([scope.close('first'), scope.close('second')]);
    await scope.close('third');
    expect(order).toEqual([3, 2, 1]);
  });

  it('keeps the first reason to end', async () => {
    const scope = new Scope<string>(new VirtualClock());
    await scope.close('hung up');
    await scope.close('timed out');
    expect(scope.reason).toBe('hung up');
    expect(scope.signal.aborted).toBe(true);
  });

  it('runs a closer that comes late at once', async () => {
    const scope = new Scope(new VirtualClock());
    await scope.close('over');
    let ran = false;
    scope.defer(() => {
      ran = true;
    });
    expect(ran).toBe(true);
  });

  it('reports a closer that fails and runs the others', async () => {
    const errors: unknown[] = [];
    const scope = new Scope(new VirtualClock(), (error) => errors.push(error));
    let ran = false;
    scope.defer(() => {
      ran = true;
    });
    scope.defer(() => {
      throw new Error('broken');
    });
    await scope.close('over');
    expect(ran).toBe(true);
    expect(errors).toHaveLength(1);
  });

  it('lets no timer outlive it', async () => {
    const clock = new VirtualClock();
    const scope = new Scope(clock);
    let fired = 0;
    scope.after(10, () => fired++);
    scope.after(30, () => fired++);
    await clock.runUntil(20);
    await scope.close('over');
    scope.after(5, () => fired++);
    await clock.runUntil(100);
    expect(fired).toBe(1);
  });

  it('runs every closer that was not withdrawn, whatever the order of events', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 20 }), async (withdrawn) => {
        const scope = new Scope(new VirtualClock());
        const ran = new Set<number>();
        const undo = withdrawn.map((_, index) => scope.defer(() => void ran.add(index)));
        withdrawn.forEach((gone, index) => gone && undo[index]?.());
        await scope.close('over');
        expect([...ran].sort((a, b) => a - b)).toEqual(
          withdrawn.flatMap((gone, index) => (gone ? [] : [index])),
        );
      }),
    );
  });
});

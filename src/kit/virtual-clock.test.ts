import { describe, expect, it } from 'vitest';
import { sleep } from './clock.ts';
import { VirtualClock } from './virtual-clock.ts';

describe('the virtual clock', () => {
  it('fires timers in order of time, and of registration at the same time', async () => {
    const clock = new VirtualClock();
    const fired: string[] = [];
    clock.after(20, () => fired.push(`b@${clock.now()}`));
    clock.after(10, () => fired.push(`a@${clock.now()}`));
    clock.after(20, () => fired.push(`c@${clock.now()}`));
    await clock.runUntil(50);
    expect(fired).toEqual(['a@10', 'b@20', 'c@20']);
    expect(clock.now()).toBe(50);
  });

  it('lets a chain of awaits come to rest before the next timer', async () => {
    const clock = new VirtualClock();
    const order: string[] = [];
    clock.after(10, () => {
      void (async () => {
        await Promise.resolve();
        await sleep(clock, 0);
        order.push('chain');
      })();
    });
    clock.after(11, () => order.push('next'));
    await clock.runUntil(20);
    expect(order).toEqual(['chain', 'next']);
  });

  it('stands still while it is held', async () => {
    const clock = new VirtualClock();
    const release = clock.hold();
    let fired = false;
    clock.after(5, () => {
      fired = true;
    });
    const run = clock.runUntil(10);
    await new Promise((resolve) => void setTimeout(resolve, 5));
    expect(fired).toBe(false);
    release();
    release();
    await run;
    expect(fired).toBe(true);
  });

  it('says so when nothing is left to happen', async () => {
    const clock = new VirtualClock();
    await expect(clock.runUntilSettled(new Promise(() => undefined), 1000)).rejects.toThrow(
      'nothing is left to happen',
    );
  });

  it('cancels a sleep with its signal', async () => {
    const clock = new VirtualClock();
    const abort = new AbortController();
    const sleeping = sleep(clock, 1000, abort.signal);
    abort.abort(new Error('enough'));
    await expect(sleeping).rejects.toThrow('enough');
  });
});

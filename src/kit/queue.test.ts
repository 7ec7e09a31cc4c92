import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Queue } from './queue.ts';

describe('a bounded queue', () => {
  it('refuses what does not fit and loses nothing it took', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer(), { maxLength: 30 }),
        fc.integer({ min: 1, max: 10 }),
        async (items, limit) => {
          const queue = new Queue<number>(limit);
          const taken = items.filter((item) => queue.push(item));
          queue.end();
          const read: number[] = [];
          for await (const item of queue) read.push(item);
          expect(read).toEqual(taken);
          expect(taken.length).toBe(Math.min(items.length, limit));
        },
      ),
    );
  });

  it('hands an item to a reader that waits', async () => {
    const queue = new Queue<string>(1);
    const reader = queue[Symbol.asyncIterator]();
    const waiting = reader.next();
    expect(queue.push('now')).toBe(true);
    expect(await waiting).toEqual({ done: false, value: 'now' });
  });

  it('ends a reader that waits', async () => {
    const queue = new Queue<string>(1);
    const waiting = queue[Symbol.asyncIterator]().next();
    queue.end();
    expect((await waiting).done).toBe(true);
    expect(queue.push('late')).toBe(false);
  });
});

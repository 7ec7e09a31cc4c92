import type { Clock } from './clock.ts';

/** Something took longer than it may. */
export class TooLate extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TooLate';
  }
}

/**
 * What `work` comes to, or a rejection when it takes too long. The work itself is not stopped: whoever began it ends
 * what it left open.
 *
 * @param what in words, such as `loading the engines`
 * @throws TooLate
 */
export function within<T>(clock: Clock, limitMs: number, what: string, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(limitMs, () => reject(new TooLate(`${what} took longer than ${limitMs} ms`)));
    work.finally(cancel).then(resolve, reject);
  });
}

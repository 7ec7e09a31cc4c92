import { expect, test } from 'vitest';
import { VirtualClock } from './virtual-clock.ts';
import { TooLate, within } from './within.ts';

test('what comes in time is passed on, a failure too', async () => {
  const clock = new VirtualClock();
  await expect(within(clock, 10, 'this', Promise.resolve(5))).resolves.toBe(5);
  await expect(within(clock, 10, 'this', Promise.reject(new Error('no')))).rejects.toThrow('no');
});

test('what does not come in time is too late, and says what it was', async () => {
  const clock = new VirtualClock();
  const never = within(clock, 10, 'waiting for nothing', new Promise(() => undefined));
  const seen = expect(never).rejects.toThrow(new TooLate('waiting for nothing took longer than 10 ms'));
  await clock.runUntil(11);
  await seen;
});

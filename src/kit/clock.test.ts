import { describe, expect, it } from 'vitest';
import { realClock, sleep } from './clock.ts';

describe('the real clock', () => {
  it('takes a moment that has passed for now, without a warning on standard error', async () => {
    const warnings: string[] = [];
    const note = (warning: Error) => void warnings.push(warning.name);
    process.on('warning', note);
    const alive = setInterval(() => undefined, 1000);
    await sleep(realClock, -0.07);
    await sleep(realClock, 1);
    clearInterval(alive);
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });
});

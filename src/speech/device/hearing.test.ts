import { afterEach, expect, test, vi } from 'vitest';
import { loadHearing } from './hearing.ts';

afterEach(() => {
  vi.doUnmock('soundswallower');
});

test('without its optional package the recogniser says which one it needs, and how to do without', async () => {
  vi.doMock('soundswallower', () => {
    throw new Error('Cannot find package');
  });
  await expect(loadHearing()).rejects.toThrow(/soundswallower.*npm install soundswallower.*another stt/);
});

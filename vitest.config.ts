import { defineConfig } from 'vitest/config';

const alias = {
  'cxbcore/testing': new URL('./src/testing/index.ts', import.meta.url).pathname,
  cxbcore: new URL('./src/index.ts', import.meta.url).pathname,
};

// In CI, where the machine is anybody's, a test of real programs may have a second try, and is named as a bug if it took it.
const retry = process.env['CI'] ? 1 : 0;

// Unit tests stand beside the source and run alone. Process and wire tests start real programs from dist/,
// one file at a time: on two cores they would only slow each other down.
export default defineConfig({
  resolve: { alias },
  test: {
    expect: { poll: { timeout: 30_000 } },
    reporters: [process.env['CI'] ? 'default' : 'dot', './test/support/closing-reporter.ts'],
    projects: [
      { extends: true, test: { name: 'unit', include: ['src/**/*.test.ts', 'agents/**/*.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'process',
          include: ['test/process/**/*.test.ts', 'test/wire/**/*.test.ts', 'test/livekit/**/*.test.ts'],
          fileParallelism: false,
          retry,
          testTimeout: 180_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'speech',
          include: ['test/speech/**/*.test.ts'],
          fileParallelism: false,
          retry,
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      },
      { extends: true, test: { name: 'repo', include: ['test/repo/**/*.test.ts'], testTimeout: 60_000 } },
    ],
  },
});

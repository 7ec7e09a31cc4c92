import { expect, it } from 'vitest';
import { openLoopDelay } from './loop-delay.ts';

const turn = () => new Promise((resolve) => void setTimeout(resolve, 1));

function compute(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

const codeMs = (loop: ReturnType<typeof openLoopDelay>) =>
  loop.busy().find(([{ by }]) => by === 'code' || by === 'host')?.[1] ?? 0;

it('what our code takes of the loop is counted while it is watched, and not else', async () => {
  const loop = openLoopDelay();
  const all = () => loop.busy().reduce((sum, [, ms]) => sum + ms, 0);
  compute(30);
  await turn();
  expect(all()).toBe(0);
  loop.watch();
  await turn();
  compute(60);
  await turn();
  expect(all()).toBeGreaterThan(40);
  loop.rest();
  const before = codeMs(loop);
  compute(60);
  await turn();
  expect(codeMs(loop)).toBe(before);
  expect(loop.busy().map(([{ by }]) => by)).toEqual(expect.arrayContaining(['code', 'gc']));
});

import { describe, expect, test } from 'vitest';
import { seededChance } from '../kit/ids.ts';
import { VirtualClock } from '../kit/virtual-clock.ts';
import type { Line } from '../ports/line.ts';
import { AgentAudio } from './agent-audio.ts';
import { EchoGuard, type EchoPath } from './echo.ts';

const RATE = 8000;
const FRAME_MS = 32;

/** An agent that speaks in syllables of changing loudness, for `seconds` from time 0 on. */
async function speaking(seconds: number) {
  const clock = new VirtualClock();
  const line = { facts: { rate: RATE }, send: () => undefined, flush: () => undefined } as unknown as Line;
  const agent = new AgentAudio(clock, line);
  const loud = seededChance(7).bytes(seconds * 10);
  for (const [i, byte] of loud.entries()) {
    await clock.runUntil(i * 100);
    agent.send(new Int16Array(RATE / 10).fill(byte % 4 === 0 ? 0 : byte * 60));
  }
  const paths: EchoPath[] = [];
  return { agent, guard: new EchoGuard(agent, (path) => paths.push(path)), clock, paths };
}

/** Feeds the caller's side: the echo, and whatever is added to it. */
function hear(
  { agent, guard }: { agent: AgentAudio; guard: EchoGuard },
  echo: { delayMs: number; loss: number },
  fromMs: number,
  toMs: number,
  caller = 0,
): boolean[] {
  const judged: boolean[] = [];
  for (let at = fromMs; at < toMs; at += FRAME_MS) {
    const powers = [0, 10, 20].map((ms) => agent.powerAt(at - echo.delayMs + ms));
    const power = (powers.reduce((a, b) => a + b, 0) / 3) * echo.loss;
    judged.push(guard.isEcho(power + 1e-9 + caller, at));
  }
  return judged;
}

describe('the echo of a line', () => {
  test.each([
    { delayMs: 60, loss: 0.01 },
    { delayMs: 250, loss: 0.003 },
  ])('at $delayMs ms and a loss of $loss is found and measured', async (echo) => {
    const bench = await speaking(8);
    hear(bench, echo, 0, 8000);
    // It is told once, not each time it is measured.
    expect(bench.paths).toHaveLength(1);
    expect(Math.abs((bench.guard.path?.delayMs ?? 0) - echo.delayMs)).toBeLessThanOrEqual(20);
    expect(Math.abs(Math.log10((bench.guard.path?.loss ?? 1) / echo.loss))).toBeLessThan(0.2);
  });

  test('once measured, is no interruption, and a caller who is louder is one', async () => {
    const bench = await speaking(10);
    const echo = { delayMs: 120, loss: 0.01 };
    hear(bench, echo, 0, 6000);
    const alone = hear(bench, echo, 6000, 8000);
    const talking = hear(bench, echo, 8000, 9500, 0.02);
    expect(alone.filter(Boolean).length / alone.length).toBeGreaterThan(0.9);
    expect(talking.filter(Boolean)).toHaveLength(0);
  });

  test('is not invented where there is none', async () => {
    const bench = await speaking(8);
    const noise = seededChance(3).bytes(400);
    for (let i = 0; i < 250; i++) bench.guard.isEcho((noise[i] ?? 0) * 1e-6, i * FRAME_MS);
    expect(bench.guard.path).toBeUndefined();
  });

  test('single words of the question are answers, whole phrases of it at the same time are not', async () => {
    const { guard } = await speaking(1);
    expect(guard.isEchoText('cancel', 'would you like to book or to cancel')).toBe(false);
    expect(guard.isEchoText('Like to book,', 'would you like to book or to cancel')).toBe(true);
    expect(guard.isEchoText('like to move', 'would you like to book or to cancel')).toBe(false);
    expect(guard.isEchoText('', 'would you')).toBe(false);
  });
});

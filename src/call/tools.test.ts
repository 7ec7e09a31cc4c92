import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Tool, tool } from '../agent/tool.ts';
import { sleep } from '../kit/clock.ts';
import { silentLog } from '../kit/log.ts';
import { VirtualClock } from '../kit/virtual-clock.ts';
import type { ToolOutcome } from '../ports/brain.ts';
import { smallAgent } from '../testing/small-agent.ts';
import { Tools } from './tools.ts';

/** What happened, in order: lines of the journal, syncs, runs of the tool, outcomes. */
function bench(
  tools: (clock: VirtualClock, happened: string[]) => Readonly<Record<string, Tool>>,
  disk: Promise<boolean> = Promise.resolve(true),
) {
  const clock = new VirtualClock();
  const happened: string[] = [];
  const outcomes: ToolOutcome[] = [];
  const it = new Tools({
    agent: smallAgent(tools(clock, happened)),
    callId: 'call',
    line: {},
    clock,
    log: silentLog,
    journal: {
      write: (line) => void happened.push('what' in line ? line.what : line.kind),
      sync: () => {
        happened.push('sync');
        return disk;
      },
    },
    defaultTimeoutMs: 1000,
    clean: (value) => value,
    now: () => clock.now(),
    isLost: () => false,
    listener: (_run, _asked, outcome) => void outcomes.push(outcome),
  });
  const run = (
    reply: string,
    id: string,
    name = 'book',
    input: { day: string | number } = { day: 'friday' },
  ) => {
    const asked = it.ask(reply, id, name, input);
    it.run(asked.run);
    return asked.run;
  };
  return { it, clock, happened, outcomes, run };
}

const booking = (effect: 'none' | 'once', ms: number) => (clock: VirtualClock, happened: string[]) => ({
  book: tool({
    description: 'books',
    inputSchema: z.object({ day: z.string() }),
    effect,
    async execute({ day }, { key }) {
      happened.push(`runs ${key}`);
      await sleep(clock, ms);
      return { day };
    },
  }),
});

describe('a tool', () => {
  test('with an effect begins only when its intent is on the disk', async () => {
    const { clock, happened, outcomes, run } = bench(booking('once', 100));
    run('r1', 't1');
    await clock.runUntil(200);
    expect(happened).toEqual(['intent', 'sync', 'runs call:t1', 'outcome']);
    expect(outcomes).toEqual([{ ok: true, value: { day: 'friday' } }]);
  });

  test('that must run once is not run again, whichever reply asks for it', async () => {
    const { clock, happened, outcomes, run } = bench(booking('once', 100));
    run('r1', 't1');
    run('r2', 't1');
    await clock.runUntil(200);
    run('r3', 't1');
    await clock.runUntil(400);
    expect(happened.filter((what) => what.startsWith('runs'))).toEqual(['runs call:t1']);
    expect(outcomes).toHaveLength(3);
    expect(outcomes.at(-1)).toEqual({ ok: true, value: { day: 'friday' } });
  });

  test('with wrong input, or that does not exist, is refused in words the brain may use', async () => {
    const { clock, happened, outcomes, run } = bench(booking('once', 100));
    run('r1', 't1', 'book', { day: 5 });
    await clock.runUntil(100);
    run('r1', 't2', 'toString');
    await clock.runUntil(200);
    expect(outcomes).toMatchObject([
      { ok: false, why: 'invalid-input', error: expect.stringContaining('day') as string },
      { ok: false, why: 'invalid-input', error: 'there is no tool "toString"' },
    ]);
    expect(happened.filter((what) => what.startsWith('runs'))).toEqual([]);
  });

  test('whose own check of its input throws has failed, and is not waited for', async () => {
    const broken = tool({
      description: 'breaks',
      inputSchema: z.object({ day: z.union([z.string(), z.number()]) }).refine(() => {
        throw new Error('the check broke');
      }),
      effect: 'none',
      execute: () => 'never',
    });
    const { clock, outcomes, run } = bench(() => ({ book: broken }));
    run('r1', 't1', 'book', { day: 5 });
    await clock.runUntil(100);
    expect(outcomes).toEqual([{ ok: false, why: 'failed', error: 'the check broke' }]);
  });

  test('that takes too long has timed out, and its answer comes too late', async () => {
    const { clock, outcomes, run } = bench(booking('none', 5000));
    run('r1', 't1');
    await clock.runUntil(10_000);
    expect(outcomes).toEqual([{ ok: false, why: 'timeout', error: 'no answer within 1000 ms' }]);
  });

  test('whose intent the disk does not take in time has timed out, and never begins', async () => {
    let written: (done: boolean) => void = () => undefined;
    const disk = new Promise<boolean>((resolve) => {
      written = resolve;
    });
    const { clock, happened, outcomes, run } = bench(booking('once', 100), disk);
    run('r1', 't1');
    await clock.runUntil(2000);
    expect(outcomes).toMatchObject([{ why: 'timeout' }]);
    written(true);
    await clock.runUntil(4000);
    expect(happened).toEqual(['intent', 'sync', 'outcome']);
  });

  test('whose check of its input never ends has timed out, and never begins', async () => {
    const { clock, happened, outcomes, run } = bench((_clock, done) => ({
      book: tool({
        description: 'books',
        inputSchema: z.object({ day: z.string() }).refine(() => new Promise<boolean>(() => undefined)),
        execute: () => void done.push('runs'),
      }),
    }));
    run('r1', 't1');
    await clock.runUntil(2000);
    expect(outcomes).toMatchObject([{ why: 'timeout' }]);
    expect(happened).toEqual(['outcome']);
  });

  test('that is cancelled has its outcome at once, and only one', async () => {
    const { it, clock, outcomes, run } = bench(booking('none', 500));
    const id = run('r1', 't1');
    await clock.runUntil(100);
    it.cancel(id);
    it.cancel(id);
    expect(outcomes).toMatchObject([{ ok: false, why: 'cancelled' }]);
    await clock.runUntil(2000);
    expect(outcomes).toHaveLength(1);
  });

  test('that throws has failed, with its own words', async () => {
    const { clock, outcomes, run } = bench(() => ({
      book: tool({
        description: 'books',
        inputSchema: z.object({ day: z.string() }),
        execute: () => {
          throw new Error('the diary is closed');
        },
      }),
    }));
    run('r1', 't1');
    await clock.runUntil(10);
    expect(outcomes).toEqual([{ ok: false, why: 'failed', error: 'the diary is closed' }]);
  });
});

test('at the end of a call, tools that only look are stopped, and others are waited for, but not for ever', async () => {
  const looking = bench(booking('none', 500));
  looking.run('r1', 't1');
  await looking.clock.runUntil(100);
  await looking.it.end(3000);
  expect(looking.outcomes).toMatchObject([{ why: 'cancelled' }]);

  const slow = bench(booking('once', 800));
  slow.run('r1', 't1');
  await slow.clock.runUntil(100);
  const ended = slow.it.end(500);
  await slow.clock.runUntilSettled(ended, 1000);
  expect(slow.outcomes).toMatchObject([{ why: 'unknown-outcome' }]);
});

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { oneCall } from '../../test/support/one-call.ts';
import { defineAgent } from '../agent/define.ts';
import { hear } from '../agent/hear.ts';
import { script } from '../agent/script.ts';
import { tool } from '../agent/tool.ts';
import type { CallRecord } from '../journal/call-record.ts';
import { journalPath, recordPath } from '../journal/paths.ts';
import { sleep } from '../kit/clock.ts';
import type { VirtualClock } from '../kit/virtual-clock.ts';
import type { ScriptedCaller } from '../testing/scripted-caller.ts';
import { Admission } from './admission.ts';
import { openCall } from './call.ts';
import { continueCall, NotContinued } from './continue.ts';

const at: { clock?: VirtualClock } = {};
const runs: string[] = [];
const book = tool({
  name: 'book',
  description: 'books',
  inputSchema: z.object({ what: z.string(), size: z.string() }),
  effect: 'once',
  timeoutMs: 60_000,
  execute: async (input, { key }) => {
    runs.push(key);
    if (at.clock) await sleep(at.clock, 3000);
    return input;
  },
});

const shop = defineAgent({
  name: 'shop',
  greeting: 'The shop.',
  timeZone: 'UTC',
  brain: script({
    slots: {
      what: hear.choice({ tea: ['tea'], coffee: ['coffee'] }),
      pin: hear.digits(4, { sensitive: true }),
      size: hear.choice({ small: ['small'], large: ['large'] }),
    },
    start: 'what',
    message: false,
    states: {
      what: { say: 'Tea or coffee?', hear: 'what', next: 'pin' },
      pin: { say: 'Your code, please.', hear: 'pin', next: 'size' },
      size: {
        say: 'Small or large?',
        hear: 'size',
        run: book,
        input: ({ what, size }) => ({ what, size }) as never,
        result: ({ what, size }) => ({ what, size }),
        next: (_slots, { ok }) => (ok ? 'bye' : 'sorry'),
      },
      bye: { say: ({ what, size }) => `One ${size} ${what}. Goodbye.`, next: 'end' },
      sorry: { say: 'I do not know whether it was ordered. Goodbye.', next: 'end' },
    },
  }),
});

const facts = { outlivesWorker: true };

/** A call whose worker stands still for ever after the caller's steps. */
async function broken(caller: (caller: ScriptedCaller) => Promise<void>, options = facts) {
  const first = oneCall({ agent: shop, facts: options });
  at.clock = first.clock;
  const call = openCall(first.deps, first.line);
  await first.clock.runUntilSettled(caller(first.caller), 120_000);
  return { ...first, call };
}

/** The next worker; `caller` says what the caller does then. */
async function goneOn(
  dataDir: string,
  caller: (caller: ScriptedCaller) => Promise<void>,
  settings: Record<string, string> = {},
) {
  const next = oneCall({ agent: shop, dataDir, facts, settings });
  at.clock = next.clock;
  const admission = await continueCall(next.deps, 'call_1', 'killed by SIGKILL');
  const call = openCall(next.deps, next.line, admission);
  const steps = caller(next.caller);
  await next.clock.runUntilSettled(steps, 120_000);
  const end = await next.clock.runUntilSettled(call.ended, 120_000);
  const heard = next.line.heard.map(({ text }) => text).join(' ');
  const record = JSON.parse(readFileSync(recordPath(dataDir, 'call_1'), 'utf8')) as CallRecord;
  return { ...next, end, heard, record };
}

const toTea = async (caller: ScriptedCaller) => {
  await caller.listens();
  await caller.says('tea');
  await caller.listens();
};
const toSize = async (caller: ScriptedCaller) => {
  await toTea(caller);
  await caller.says('four seven one one');
  await caller.listens();
};

describe('a call whose worker died', () => {
  test('goes on with a question: what was said before counts, and the record has all of it', async () => {
    const { dataDir, clean } = await broken(toTea);
    const { heard, record, end } = await goneOn(dataDir, async (caller) => {
      await caller.hears('interrupted. Your code, please.');
      await caller.says('four seven one one');
      await caller.hears('Small or large?');
      await caller.says('large');
      await caller.hears('Goodbye.');
    });
    expect(end.reason).toBe('agent.finished');
    expect(heard).toContain('One large tea. Goodbye.');
    expect(record.result).toEqual({ what: 'tea', size: 'large' });
    expect(record.incarnations).toMatchObject([
      { n: 1, ended: 'died', cause: 'killed by SIGKILL' },
      { n: 2, ended: 'end' },
    ]);
    const said = record.conversation.map((item) => ('text' in item ? item.text : item));
    expect(said[0]).toBe('The shop. Tea or coffee?');
    expect(said).toContain('tea');
    expect(said).toContain('I am sorry, we were interrupted. Your code, please.');
    const starts = record.conversation.flatMap((item) => ('from_ms' in item ? [item.from_ms ?? 0] : []));
    expect(starts).toEqual([...starts].sort((a, b) => a - b));
    clean();
  });

  test('just after the caller had spoken answers what they said', async () => {
    const { dataDir, clean } = await broken(async (caller) => {
      await caller.listens();
      await caller.says('coffee');
      await caller.hears('Your');
    });
    const { heard } = await goneOn(dataDir, async (caller) => {
      await caller.listens();
      caller.hangsUp();
    });
    expect(heard).toBe('I am sorry, we were interrupted. Your code, please.');
    clean();
  });

  test('asks again for sensitive digits, because they were never written down', async () => {
    const { dataDir, clean } = await broken(toSize);
    const { heard, record } = await goneOn(dataDir, async (caller) => {
      await caller.listens();
      caller.hangsUp();
    });
    expect(heard).toContain('Small or large?');
    expect(JSON.stringify(record)).toContain('"redacted":"digits","length":4');
    const journals = [1, 2].map((n) => readFileSync(journalPath(dataDir, 'call_1', n), 'utf8')).join('');
    expect(journals).not.toMatch(/4711|four seven/);
    clean();
  });

  test('while a tool was running never runs it again: nobody knows what came of it', async () => {
    runs.length = 0;
    const { dataDir, clean } = await broken(async (caller) => {
      await toSize(caller);
      await caller.says('small');
      await caller.waits(1500);
    });
    expect(runs).toHaveLength(1);
    const { heard, record } = await goneOn(dataDir, (caller) => caller.hears('Goodbye.'));
    expect(heard).toContain('I do not know whether it was ordered.');
    expect(runs).toHaveLength(1);
    expect(record.tools).toMatchObject([{ name: 'book', outcome: { ok: false, why: 'unknown-outcome' } }]);
    clean();
  });

  test('and that is not dead after all says nothing more, and leaves the record to the other', async () => {
    const old = await broken(toTea);
    const { record } = await goneOn(old.dataDir, async (caller) => {
      await caller.listens();
      caller.hangsUp();
    });
    const before = old.line.heard.length;
    void old.caller.says('four seven one one');
    const end = await old.clock.runUntilSettled(old.call.ended, 60_000);
    expect(end).toMatchObject({ lost: true, recordPath: '' });
    expect(old.line.heard).toHaveLength(before);
    expect(old.line.endReason).toBeUndefined();
    expect(JSON.parse(readFileSync(recordPath(old.dataDir, 'call_1'), 'utf8'))).toEqual(record);
    old.clean();
  });

  test('is taken over by one worker, and not more often than allowed', async () => {
    const { dataDir, clean } = await broken(toTea);
    const [one, two] = [oneCall({ agent: shop, dataDir }), oneCall({ agent: shop, dataDir })];
    const both = await Promise.allSettled([one, two].map(({ deps }) => continueCall(deps, 'call_1', 'died')));
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await expect(continueCall(one.deps, 'call_1', 'died')).rejects.toThrow(NotContinued);
    await expect(continueCall(one.deps, 'call_1', 'died')).rejects.toThrow('gone on 1 times already');
    clean();
  });

  test('before a word was said greets as if nothing had happened, also when it had no line yet', async () => {
    const { dataDir, clean } = await broken((caller) => caller.hears('The'));
    const { heard } = await goneOn(dataDir, async (caller) => {
      await caller.listens();
      caller.hangsUp();
    });
    expect(heard).toBe('The shop. Tea or coffee?');
    clean();
    const promised = oneCall({ agent: shop });
    const admitted = new Admission(promised.deps, {
      callId: 'call_1',
      carrier: 'pcm',
      direction: 'inbound',
      outlivesWorker: true,
    });
    expect(admitted.incarnation).toBe(1);
    const later = await goneOn(promised.dataDir, async (caller) => {
      await caller.listens();
      caller.hangsUp();
    });
    expect(later.heard).toBe('The shop. Tea or coffee?');
    promised.clean();
  });

  test('cannot go on when it is over, has its record, or its line ended with the worker', async () => {
    const over = await broken(async (caller) => caller.hangsUp());
    await over.clock.runUntilSettled(over.call.ended, 10_000);
    await expect(continueCall(over.deps, 'call_1', 'died')).rejects.toThrow('it is over');
    over.clean();
    const socket = await broken(toTea, { outlivesWorker: false });
    await expect(continueCall(socket.deps, 'call_1', 'died')).rejects.toThrow('its line ended');
    socket.clean();
    await expect(continueCall(oneCall({ agent: shop }).deps, 'call_1', 'died')).rejects.toThrow('no journal');
  });
});

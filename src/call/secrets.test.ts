import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../agent/define.ts';
import { hear } from '../agent/hear.ts';
import { script } from '../agent/script.ts';
import { tool } from '../agent/tool.ts';
import { type ConversationOptions, runConversation } from '../testing/run-conversation.ts';
import { replayMachine } from './replay.ts';
import { Secrets } from './secrets.ts';

const check = tool({
  description: 'checks a code',
  inputSchema: z.object({ pin: z.string() }),
  effect: 'none',
  execute: ({ pin }) => ({ checked: pin, right: pin === '4711' }),
});

const bank = defineAgent({
  name: 'bank',
  greeting: 'The bank.',
  timeZone: 'UTC',
  brain: script({
    slots: {
      what: hear.choice({ balance: { phrases: ['balance'], key: '1' } }),
      pin: hear.digits(4, { sensitive: true }),
    },
    start: 'what',
    message: false,
    states: {
      what: { say: 'What can I do for you?', hear: 'what', next: 'pin' },
      pin: { say: 'Please key in your code.', hear: 'pin', run: check, next: 'bye' },
      bye: { say: 'Thank you. Goodbye.', next: 'end' },
    },
  }),
});

async function written(caller: ConversationOptions['caller']) {
  const talk = await runConversation({ agent: bank, caller });
  return { talk, text: JSON.stringify([talk.journal, talk.record]) };
}

describe('sensitive digits', () => {
  test('that are keyed reach the tool, and nothing that is written', async () => {
    const { talk, text } = await written(async (caller) => {
      await caller.listens();
      await caller.says('balance');
      await caller.listens();
      await caller.keys('4711');
      await caller.hears('Goodbye.');
    });
    expect(talk.reason).toBe('agent.finished');
    expect(talk.tools).toMatchObject([{ outcome: { ok: true, value: { right: true } } }]);
    expect(text).not.toContain('4711');
    expect(text).toContain('"redacted":"digits","length":4');
    expect(text).toContain('balance');
  });

  test('that are spoken are in no partial, no text, no item', async () => {
    const { talk, text } = await written(async (caller) => {
      await caller.listens();
      await caller.says('balance');
      await caller.listens();
      await caller.says('four seven one one');
      await caller.hears('Goodbye.');
    });
    expect(talk.tools).toMatchObject([{ outcome: { ok: true, value: { right: true } } }]);
    expect(text).not.toMatch(/seven one|4711|four seven/);
    expect(JSON.stringify(talk.line.transcript)).not.toMatch(/seven/);
  });

  test('that are typed ahead of the question are kept out too', async () => {
    const { talk, text } = await written(async (caller) => {
      await caller.listens();
      await caller.keys('14711');
      await caller.hears('Goodbye.');
    });
    expect(talk.tools).toMatchObject([{ outcome: { ok: true, value: { right: true } } }]);
    expect(text).not.toMatch(/4711|"digit":"7"/);
  });

  test('that are said in pairs are written neither by the tool that gets them nor by the record', async () => {
    const { talk, text } = await written(async (caller) => {
      await caller.listens();
      await caller.says('balance');
      await caller.listens();
      await caller.says('eighty six forty two');
      await caller.hears('Goodbye.');
    });
    expect(talk.tools).toMatchObject([{ outcome: { ok: true, value: { right: false } } }]);
    expect(text).not.toContain('8642');
    expect(text).not.toContain('eighty six');
  });

  test('are found in numbers and beside letters, and only they', () => {
    const secrets = new Secrets(bank);
    secrets.learn('eight six four two');
    const value = { n: 8642, other: 86_421, ref: 'ref8642 x_8642', said: 'eight six four two', ok: 12 };
    expect(secrets.clean(value)).toEqual({
      n: '[digits]',
      other: 86_421,
      ref: 'ref[digits] x_[digits]',
      said: '[digits]',
      ok: 12,
    });
  });

  test('are known by themselves when other numbers are said with them', () => {
    const secrets = new Secrets(bank);
    secrets.learn('four seven one one for the two of us');
    expect(secrets.clean({ pin: '4711' })).toEqual({ pin: '[digits]' });
  });

  test('that are said again later, in pairs or with a word between, are not written either', () => {
    const secrets = new Secrets(bank);
    secrets.learn('eight six four two');
    for (const text of ['eighty six forty two', 'eighty-six, um, four two', 'eight 6 forty-two'])
      expect(secrets.clean(`it was ${text} I think`)).toBe('it was [digits] I think');
    expect(secrets.clean('at eighty six forty one')).toBe('at eighty six forty one');
    const partial = {
      kind: 'partial',
      at: 0,
      stretch: 's1',
      text: 'it was eighty six forty',
      echo: false,
    } as const;
    expect(secrets.event(partial)).toMatchObject({ text: 'it was [digits]' });
    const final = {
      kind: 'final',
      text: 'eighty six forty two',
      words: [{ text: 'eighty' }],
      from: 0,
      to: 1,
    };
    expect(secrets.port('recogniser', final)).toEqual({ kind: 'final', text: '[digits]', from: 0, to: 1 });
  });

  test('of which a part was said before the rest are replayed as they went, whatever they were', async () => {
    for (const said of [
      ['four seven', 'one one'],
      ['eighty six forty two'],
      ['um four', 'double one', 'seven'],
      ['a person please'],
    ]) {
      const { talk, text } = await written(async (caller) => {
        await caller.listens();
        await caller.says('balance');
        await caller.listens();
        for (const part of said) {
          await caller.says(part);
          await caller.waits(600);
        }
        await caller.waits(4000);
        if (!caller.isOver) caller.hangsUp();
      });
      expect(replayMachine(talk.journal).difference).toBeUndefined();
      expect(text).not.toMatch(/seven|eighty|double one/);
    }
  });

  test('and other keys that are typed ahead are replayed as they went', async () => {
    for (const keys of ['14711', '1*14711', '1#4711#']) {
      const { talk, text } = await written(async (caller) => {
        await caller.listens();
        await caller.keys(keys);
        await caller.waits(6000);
        if (!caller.isOver) caller.hangsUp();
      });
      expect(replayMachine(talk.journal).difference).toBeUndefined();
      expect(text).not.toMatch(/4711|"digit":"7"/);
    }
  });
});

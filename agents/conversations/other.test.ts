import { defineAgent, hear, script, tool } from 'cxbcore';
import { runConversation } from 'cxbcore/testing';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { survey } from '../survey.ts';

const WALL_MS = Date.UTC(2026, 4, 5, 14, 0, 0);

it('6: a date said with a pause of a second in it is one turn', async () => {
  const birthday = defineAgent({
    name: 'birthday',
    timeZone: 'America/New_York',
    greeting: 'Hello.',
    brain: script({
      slots: { born: hear.date({ lies: 'behind' }) },
      start: 'born',
      states: {
        born: {
          say: 'When were you born?',
          hear: 'born',
          confirm: (_slots, { words }) => `${words.born}?`,
          result: ({ born }) => ({ born }),
          next: 'end',
        },
      },
    }),
  });
  const { said, result } = await runConversation({
    agent: birthday,
    wallMs: WALL_MS,
    caller: async (caller) => {
      await caller.hears('When were you born?');
      await caller.waits(300);
      await caller.says('the fourth of May');
      await caller.waits(1000);
      await caller.says('nineteen eighty');
      await caller.hears('Sunday, May fourth, nineteen eighty?');
      await caller.says('yes');
    },
  });
  const turns = said.filter((item) => item.who === 'caller' && 'text' in item);
  expect(turns.map((item) => 'text' in item && item.text)).toEqual([
    'the fourth of May nineteen eighty',
    'yes',
  ]);
  expect(result).toEqual({ born: '1980-05-04' });
});

it('11: a caller who hangs up during the booking is booked once, and the record says so', async () => {
  const booked: string[] = [];
  let hangUp = () => undefined as void;
  const hungUp = new Promise<void>((resolve) => {
    hangUp = resolve;
  });
  const slow = defineAgent({
    name: 'slow',
    timeZone: 'America/New_York',
    greeting: 'Hello.',
    brain: script({
      slots: { day: hear.date() },
      start: 'when',
      states: {
        when: {
          say: 'Which day?',
          hear: 'day',
          confirm: (_slots, { words }) => `${words.day}?`,
          run: tool({
            name: 'book',
            description: 'Book a day, slowly',
            inputSchema: z.object({ day: z.string() }),
            execute: async ({ day }, { key }) => {
              await hungUp;
              booked.push(`${key} ${day}`);
              return { booked: true };
            },
          }),
          next: 'end',
        },
      },
    }),
  });
  const { reason, record } = await runConversation({
    agent: slow,
    wallMs: WALL_MS,
    caller: async (caller) => {
      await caller.hears('Which day?');
      await caller.says('friday');
      await caller.hears('Friday, May eighth?');
      await caller.says('yes');
      await caller.waits(800);
      caller.hangsUp();
      await caller.waits(200);
      hangUp();
    },
  });
  expect(reason).toBe('caller.hung_up');
  expect(booked).toHaveLength(1);
  expect(record.tools).toMatchObject([
    { name: 'book', effect: 'once', outcome: { ok: true, value: { booked: true } } },
  ]);
});

it('the survey is answered by voice and by key', async () => {
  const { reason, result } = await runConversation({
    agent: survey,
    wallMs: WALL_MS,
    caller: async (caller) => {
      await caller.hears('where five is the best?');
      await caller.says('two');
      await caller.hears('Would you come to us again?');
      await caller.keys('2');
      await caller.hears('May we call you back about it?');
      await caller.says('yes please');
      await caller.hears('At which number?');
      await caller.hears('all the digits.');
      await caller.keys('5550123#');
      await caller.hears('five five five, zero one two three. Is that right?');
      await caller.says('correct');
      await caller.hears('Goodbye.');
    },
  });
  expect(reason).toBe('agent.finished');
  expect(result).toEqual({ rating: 2, returns: false, phone: '5550123' });
});

it('the survey lets a happy caller go after two questions', async () => {
  const { result } = await runConversation({
    agent: survey,
    wallMs: WALL_MS,
    caller: async (caller) => {
      await caller.hears('where five is the best?');
      await caller.says('very good');
      await caller.hears('Would you come to us again?');
      await caller.says('yes');
      await caller.hears('Thank you for your answers. Goodbye.');
    },
  });
  expect(result).toEqual({ rating: 5, returns: true });
});

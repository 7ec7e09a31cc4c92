import { afterAll, beforeAll, expect } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../../../src/agent/define.ts';
import { hear } from '../../../src/agent/hear.ts';
import { script } from '../../../src/agent/script.ts';
import { tool } from '../../../src/agent/tool.ts';
import { type AudioCalls, openAudioCalls } from '../../support/audio-calls.ts';
import { conversation } from './conversation.ts';

/** A pause within a date, and a caller who hangs up during a booking, as sound. */

const WALL_MS = Date.UTC(2026, 4, 5, 14, 0, 0);

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

/** Books when it is allowed to, under the key of the tool call. */
const booked: string[] = [];
let book = () => undefined as void;
const mayBook = new Promise<void>((resolve) => {
  book = resolve;
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
            await mayBook;
            booked.push(`${key} ${day}`);
            return { booked: true };
          },
        }),
        next: 'end',
      },
    },
  }),
});

let calls: AudioCalls;

beforeAll(async () => {
  calls = await openAudioCalls([birthday, slow]);
});
afterAll(() => calls.close());

conversation('6: a date said with a pause of a second in it is one turn (human)', async () => {
  const { said, result, reason } = await calls.call('human', {
    agent: birthday,
    wallMs: WALL_MS,
    caller: async (caller) => {
      await caller.hears('When were you born?');
      await caller.answers('the fourth of may');
      await caller.waits(1000);
      await caller.says('nineteen eighty');
      await caller.hears('Sunday, May fourth, nineteen eighty?');
      await caller.answers('yes');
    },
  });
  const turns = said.flatMap((item) => (item.who === 'caller' && 'text' in item ? [item.text] : []));
  expect(turns).toEqual(['the fourth of may nineteen eighty', 'yes']);
  expect(result).toEqual({ born: '1980-05-04' });
  expect(reason).toBe('agent.finished');
});

conversation(
  '11: a caller who hangs up during the booking is booked once, and the record says so (human)',
  async () => {
    const { reason, record } = await calls.call('human', {
      agent: slow,
      wallMs: WALL_MS,
      caller: async (caller) => {
        await caller.hears('Which day?');
        await caller.answers('friday');
        await caller.hears('Friday, May eighth?');
        await caller.answers('yes');
        await caller.waits(1500);
        caller.hangsUp();
        await caller.waits(200);
        book();
      },
    });
    expect(reason).toBe('caller.hung_up');
    expect(booked).toHaveLength(1);
    expect(record.tools).toMatchObject([
      { name: 'book', effect: 'once', outcome: { ok: true, value: { booked: true } } },
    ]);
  },
);

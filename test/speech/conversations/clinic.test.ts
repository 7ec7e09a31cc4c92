import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
import { clinic, diary } from '../../../agents/clinic.ts';
import type { ConversationOutcome } from '../../../src/testing/run-conversation.ts';
import { type AudioCaller, type AudioCalls, openAudioCalls, type Voice } from '../../support/audio-calls.ts';
import { conversation } from './conversation.ts';

/**
 * The conversations an agent must be able to hold, as sound: the caller speaks through a telephone line, the engines are
 * those of the device. Titles say whether a person or a synthetic voice speaks; what nobody recorded is synthetic.
 */

// Tuesday, 5 May 2026, 10:00 at the clinic.
const TUESDAY_TEN = Date.UTC(2026, 4, 5, 14, 0, 0);

let calls: AudioCalls;
let callers = 0;
const number = () => String(callers).padStart(4, '0');

beforeAll(async () => {
  calls = await openAudioCalls([clinic]);
});
afterAll(() => calls.close());
// The times they took are free again, so that conversations can be about the same days.
afterEach(() => diary.cancel(`+1555030${number()}`));

type Options = Partial<Parameters<AudioCalls['call']>[1]>;

/** A call to the clinic, each from a number of its own, so that no call finds what another has left in the diary. */
function call(voice: Voice, caller: (caller: AudioCaller) => Promise<void> | void, options: Options = {}) {
  callers++;
  return calls.call(voice, {
    agent: clinic,
    wallMs: TUESDAY_TEN,
    ...options,
    facts: { callId: `call_${number()}`, from: `+1555030${number()}`, ...options.facts },
    caller,
  });
}

/** What was understood of the caller, turn by turn. */
const understood = ({ said }: ConversationOutcome) =>
  said.flatMap((item) => (item.who === 'caller' && 'text' in item ? [item.text] : []));
const toolNames = ({ tools }: ConversationOutcome) => tools.map(({ name }) => name);

describe('1: all slots in one sentence move an appointment', () => {
  for (const [voice, wish, bye] of [
    ['human', 'to change from monday to friday at ten thirty', 'goodbye'],
    ['synthetic', 'move my appointment from monday to friday at ten thirty', 'no thank you'],
  ] as const)
    conversation(`all slots in one sentence (${voice})`, async () => {
      const outcome = await call(voice, async (caller) => {
        await caller.hears('opening hours?');
        await caller.answers(wish);
        await caller.hears(
          'I will move your appointment from Monday, May eleventh to Friday, May eighth at ten thirty in the morning. Is that right?',
        );
        await caller.answers('yes');
        await caller.hears('It is moved to Friday, May eighth at ten thirty in the morning.');
        await caller.hears('anything else I can do for you?');
        await caller.answers(bye);
        await caller.hears('Goodbye.');
      });
      expect(understood(outcome)).toEqual([wish, 'yes', bye]);
      expect(toolNames(outcome)).toEqual(['find', 'look', 'book']);
      expect(outcome.result).toEqual({ done: 'moved', day: '2026-05-08', time: '10:30' });
      expect(outcome.reason).toBe('agent.finished');
    });
});

describe('2: a correction of the read-back keeps what was not corrected', () => {
  conversation('human', async () => {
    const outcome = await call('human', async (caller) => {
      await caller.hears('opening hours?');
      await caller.answers('new friday at two p m');
      await caller.hears('Friday, May eighth at two in the afternoon. Is that right?');
      await caller.answers('no thursday');
      await caller.hears('Thursday, May seventh at two in the afternoon. Is that right?');
      await caller.answers('this is correct');
      await caller.hears('booked for Thursday, May seventh at two in the afternoon');
      await caller.listens();
      await caller.answers('no thank you');
      await caller.hears('Goodbye.');
    });
    expect(understood(outcome)).toEqual([
      'new friday at two p m',
      'no thursday',
      'this is correct',
      'no thank you',
    ]);
    expect(toolNames(outcome)).toEqual(['find', 'look', 'look', 'book']);
    expect(outcome.result).toEqual({ done: 'booked', day: '2026-05-07', time: '14:00' });
    expect(outcome.reason).toBe('agent.finished');
  });
});

describe('3: times are meant in the time zone of the clinic', () => {
  conversation('"tomorrow afternoon" and then "half past four" are one time (synthetic)', async () => {
    const outcome = await call('synthetic', async (caller) => {
      await caller.hears('opening hours?');
      await caller.answers('book an appointment');
      await caller.hears('Which day, and what time?');
      await caller.answers('tomorrow afternoon');
      await caller.hears('At what time in the afternoon?');
      await caller.answers('half past four');
      await caller.hears('Wednesday, May sixth at four thirty in the afternoon. Is that right?');
      await caller.answers('yes');
      await caller.hears('It is booked');
      await caller.listens();
      await caller.answers('no thank you');
      await caller.hears('Goodbye.');
    });
    expect(understood(outcome)).toEqual([
      'book an appointment',
      'tomorrow afternoon',
      'half past four',
      'yes',
      'no thank you',
    ]);
    expect(outcome.result).toEqual({ done: 'booked', day: '2026-05-06', time: '16:30' });
    expect(outcome.reason).toBe('agent.finished');
  });

  conversation('what is past or closed is refused, with what is free instead (human)', async () => {
    const outcome = await call('human', async (caller) => {
      await caller.hears('opening hours?');
      await caller.answers('new today at nine');
      await caller.hears('nine in the morning is in the past. On Tuesday, May fifth I have');
      await caller.hears('or noon.');
      await caller.answers('sunday at ten');
      await caller.hears('Nothing is free on that day. Which other day, and what time?');
      await caller.answers('tomorrow at three p m');
      await caller.hears('Wednesday, May sixth at three in the afternoon. Is that right?');
      await caller.answers('yes');
      await caller.hears('It is booked');
      await caller.listens();
      await caller.answers('no');
      await caller.hears('Goodbye.');
    });
    expect(understood(outcome)).toEqual([
      'new today at nine',
      'sunday at ten',
      'tomorrow at three p m',
      'yes',
      'no',
    ]);
    expect(outcome.result).toEqual({ done: 'booked', day: '2026-05-06', time: '15:00' });
  });
});

conversation('4: "the second one", while the third is being said, is the second (human)', async () => {
  const outcome = await call('human', async (caller) => {
    await caller.hears('opening hours?');
    await caller.answers('new thursday at eleven');
    await caller.hears('eleven in the morning is taken.');
    await caller.hears('ten thirty in the morning, or');
    await caller.says('the second one');
    await caller.hears('Thursday, May seventh at ten thirty in the morning. Is that right?');
    await caller.answers('yes');
    await caller.hears('It is booked');
    await caller.listens();
    await caller.answers('no');
    await caller.hears('Goodbye.');
  });
  expect(outcome.heard).not.toContain('or noon');
  expect(understood(outcome)).toEqual(['new thursday at eleven', 'the second one', 'yes', 'no']);
  expect(outcome.result).toMatchObject({ day: '2026-05-07', time: '10:30' });
});

describe('5: listening and waiting', () => {
  conversation('"uh huh" does not stop the agent (synthetic)', async () => {
    const outcome = await call('synthetic', async (caller) => {
      await caller.hears('opening hours?');
      await caller.answers('opening hours');
      await caller.hears('Monday to Friday');
      await caller.says('uh huh');
      await caller.hears('anything else I can do for you?');
      await caller.answers('no');
      await caller.hears('Goodbye.');
    });
    expect(outcome.heard).toContain('and on Saturday from nine to noon. Is there anything else I can do');
    expect(outcome.said.filter((item) => item.who === 'agent' && 'cut' in item && item.cut)).toEqual([]);
    expect(outcome.counters.interruptions ?? 0).toBe(0);
    expect(outcome.reason).toBe('agent.finished');
  });

  for (const [voice, wait, wish, when, bye] of [
    ['human', 'one moment please', 'new', 'friday at three p m', 'no'],
    ['synthetic', 'wait a minute', 'book an appointment', 'friday at three', 'no thank you'],
  ] as const)
    conversation(`asked to wait, it waits, and goes on when the caller does (${voice})`, async () => {
      const outcome = await call(voice, async (caller) => {
        await caller.hears('opening hours?');
        await caller.answers(wish);
        await caller.hears('Which day, and what time?');
        await caller.answers(wait);
        await caller.hears('Just speak when you are ready.');
        await caller.waits(25_000);
        await caller.says(when);
        await caller.hears('Friday, May eighth at three in the afternoon. Is that right?');
        await caller.answers('yes');
        await caller.hears('It is booked');
        await caller.listens();
        await caller.answers(bye);
        await caller.hears('Goodbye.');
      });
      expect(outcome.heard).not.toContain('still');
      expect(understood(outcome)).toEqual([wish, wait, when, 'yes', bye]);
      expect(outcome.result).toMatchObject({ day: '2026-05-08', time: '15:00' });
    });
});

conversation(
  '7: not understood again and again, it rephrases, asks for keys, and gives the call to a person (human)',
  async () => {
    const outcome = await call(
      'human',
      async (caller) => {
        await caller.hears('opening hours?');
        await caller.answers('new');
        await caller.hears('Which day, and what time?');
        await caller.answersWithFile('cmu/librivox-0880.wav');
        await caller.hears(
          'Sorry, I did not get that. Please say the day and the time, such as Friday at ten thirty.',
        );
        await caller.answersWithFile('cmu/librivox-0930.wav');
        await caller.hears('two for the day.');
        await caller.answersWithFile('allison/prompts/conf-userswilljoin.wav');
        await caller.hears('I am connecting you to a person.');
      },
      { transfer: { kind: 'answers', afterMs: 4000 } },
    );
    expect(outcome.reason).toBe('agent.transferred');
    expect(understood(outcome)).toEqual(['new']);
    expect(outcome.heard.match(/Which day, and what time\?/g)).toHaveLength(1);
  },
);

describe('8: "a person", in any state', () => {
  const steps = {
    asking: [],
    'asking for day and time': ['new'],
    'reading back': ['new friday at three p m'],
  } as const;

  for (const [name, before] of Object.entries(steps))
    conversation(`while ${name} (human)`, async () => {
      const outcome = await call(
        'human',
        async (caller) => {
          await caller.hears('opening hours?');
          for (const text of before) {
            await caller.answers(text);
            await caller.listens();
          }
          await caller.answers('speak with a representative');
          await caller.hears('I am connecting you to a person.');
        },
        { transfer: { kind: 'answers', afterMs: 3000 } },
      );
      expect(understood(outcome)).toEqual([...before, 'speak with a representative']);
      expect(outcome.reason).toBe('agent.transferred');
    });

  conversation('nobody answers: a message is taken (human)', async () => {
    const outcome = await call(
      'human',
      async (caller) => {
        await caller.hears('opening hours?');
        await caller.answers('an operator');
        await caller.hears('Please leave a message, and we will call you back.', 60_000);
        await caller.waits(800);
        await caller.answersWithFile('cmu/librivox-0880.wav');
        await caller.hears('Your message is saved. Goodbye.');
      },
      { transfer: { kind: 'rings' } },
    );
    expect(outcome.reason).toBe('agent.message_taken');
    expect(outcome.heard).toContain('nobody can take your call right now');
    expect(JSON.stringify(outcome.record)).toContain('.wav');
  });
});

describe('9: keys', () => {
  conversation('typed ahead, they answer questions that need not be asked any more', async () => {
    const { heard, result, record } = await call(
      'human',
      async (caller) => {
        await caller.hears('Lakeside');
        // Cancel, patient number, yes.
        await caller.keys('372931');
        await caller.hears('It is cancelled.');
        await caller.listens();
        await caller.answers('no');
        await caller.hears('Goodbye.');
      },
      { facts: { from: undefined } as never },
    );
    expect(result).toEqual({ done: 'cancelled' });
    expect(heard).not.toContain('Shall I cancel it?');
    expect(JSON.stringify(record)).not.toContain('7293');
  });

  conversation('the star key repeats the question (human)', async () => {
    const outcome = await call('human', async (caller) => {
      await caller.hears('opening hours?');
      await caller.answers('new');
      await caller.hears('Which day, and what time?');
      await caller.keys('*');
      await caller.hears('Which day, and what time?');
      await caller.answers('goodbye');
      await caller.hears('Goodbye.');
    });
    expect(understood(outcome)).toEqual(['new', 'goodbye']);
    expect(outcome.heard.match(/Which day, and what time\?/g)).toHaveLength(2);
    expect(outcome.reason).toBe('agent.finished');
  });
});

conversation('10: when the time is taken meanwhile, others are offered (human)', async () => {
  const outcome = await call('human', async (caller) => {
    await caller.hears('opening hours?');
    await caller.answers('new monday at two p m');
    await caller.hears('Monday, May eleventh at two in the afternoon. Is that right?');
    diary.take({ day: '2026-05-11', time: '14:00' });
    await caller.answers('yes');
    await caller.hears('two in the afternoon is taken. On Monday, May eleventh I have');
    await caller.listens();
    await caller.answers('the second one');
    await caller.hears('Is that right?');
    await caller.answers('yes');
    await caller.hears('It is booked');
    await caller.listens();
    await caller.answers('no');
    await caller.hears('Goodbye.');
  });
  expect(understood(outcome)).toEqual(['new monday at two p m', 'yes', 'the second one', 'yes', 'no']);
  expect(toolNames(outcome)).toEqual(['find', 'look', 'book', 'look', 'look', 'book']);
  expect(outcome.result).toMatchObject({ done: 'booked', day: '2026-05-11' });
  expect(outcome.result).not.toMatchObject({ time: '14:00' });
});

import { type ConversationOptions, runConversation } from 'cxbcore/testing';
import { describe, expect, it } from 'vitest';
import { clinic, diary } from '../clinic.ts';

// Tuesday, 5 May 2026, 10:00 at the clinic.
const TUESDAY_TEN = Date.UTC(2026, 4, 5, 14, 0, 0);

let callers = 0;

/** A call to the clinic, each from a number of its own, so that no call finds what another has left in the diary. */
function call(caller: ConversationOptions['caller'], options: Partial<ConversationOptions> = {}) {
  const number = String(++callers).padStart(4, '0');
  return runConversation({
    agent: clinic,
    wallMs: TUESDAY_TEN,
    ...options,
    facts: { callId: `call_${number}`, from: `+1555020${number}`, ...options.facts },
    caller,
  });
}

it('1: all slots in one sentence move an appointment', async () => {
  const { reason, tools, result } = await call(async (caller) => {
    await caller.hears('opening hours?');
    await caller.says('move my appointment from monday to friday at ten thirty');
    await caller.hears(
      'I will move your appointment from Monday, May eleventh to Friday, May eighth at ten thirty in the morning. Is that right?',
    );
    await caller.says('yes');
    await caller.hears('It is moved to Friday, May eighth at ten thirty in the morning.');
    await caller.hears('anything else I can do for you?');
    await caller.says('no thank you');
    await caller.hears('Goodbye.');
  });
  expect(reason).toBe('agent.finished');
  expect(tools.map(({ name }) => name)).toEqual(['find', 'look', 'book']);
  expect(result).toEqual({ done: 'moved', day: '2026-05-08', time: '10:30' });
});

it('2: a correction of the read-back keeps what was not corrected', async () => {
  const { tools, result } = await call(async (caller) => {
    await caller.hears('opening hours?');
    await caller.says('book friday at two');
    await caller.hears('Friday, May eighth at two in the afternoon. Is that right?');
    await caller.says('no, thursday');
    await caller.hears('Thursday, May seventh at two in the afternoon. Is that right?');
    await caller.says("yes that's right");
    await caller.hears('booked for Thursday, May seventh at two in the afternoon');
    await caller.listens();
    await caller.says('goodbye');
  });
  expect(tools.map(({ name }) => name)).toEqual(['find', 'look', 'look', 'book']);
  expect(result).toEqual({ done: 'booked', day: '2026-05-07', time: '14:00' });
});

describe('3: times are meant in the time zone of the clinic', () => {
  it('"tomorrow afternoon" and then "half past four" are one time', async () => {
    const { result } = await call(async (caller) => {
      await caller.hears('opening hours?');
      await caller.says('book');
      await caller.hears('Which day, and what time?');
      await caller.says('tomorrow afternoon');
      await caller.hears('At what time in the afternoon?');
      await caller.says('half past four');
      await caller.hears('Wednesday, May sixth at four thirty in the afternoon. Is that right?');
      await caller.says('yes');
      await caller.hears('It is booked');
      await caller.listens();
      await caller.says('goodbye');
    });
    expect(result).toEqual({ done: 'booked', day: '2026-05-06', time: '16:30' });
  });

  it('late in the evening at the clinic, tomorrow is its tomorrow and not that of UTC', async () => {
    const { result } = await call(
      async (caller) => {
        await caller.hears('opening hours?');
        await caller.says('book tomorrow at ten');
        await caller.hears('Wednesday, May sixth at ten in the morning. Is that right?');
        await caller.says('yes');
        await caller.hears('It is booked');
        await caller.listens();
        await caller.says('goodbye');
      },
      // 22:00 on Tuesday at the clinic, 02:00 on Wednesday in UTC.
      { wallMs: Date.UTC(2026, 4, 6, 2, 0, 0) },
    );
    expect(result).toMatchObject({ day: '2026-05-06' });
  });

  it('what is past or closed is refused, with what is free instead', async () => {
    const { result, tools } = await call(async (caller) => {
      await caller.hears('opening hours?');
      await caller.says('book today at nine');
      await caller.hears('nine in the morning is in the past. On Tuesday, May fifth I have');
      await caller.hears('or noon.');
      await caller.says('sunday at ten');
      await caller.hears('Nothing is free on that day. Which other day, and what time?');
      await caller.says('friday at half past six in the evening');
      await caller.hears(
        'six thirty in the evening is outside our opening hours. On Friday, May eighth I have',
      );
      await caller.hears('or four thirty in the afternoon.');
      await caller.says('half past four');
      await caller.hears('Friday, May eighth at four thirty in the afternoon. Is that right?');
      await caller.says('yes');
      await caller.hears('It is booked');
      await caller.listens();
      await caller.says('goodbye');
    });
    expect(result).toEqual({ done: 'booked', day: '2026-05-08', time: '16:30' });
    expect(tools.filter(({ name }) => name === 'book')).toHaveLength(1);
  });
});

describe('4: "the second one" is one the caller has heard', () => {
  it('while the third is being said', async () => {
    const { heard, result } = await call(async (caller) => {
      await caller.hears('opening hours?');
      await caller.says('book thursday at eleven');
      await caller.hears('eleven in the morning is taken.');
      await caller.hears('ten thirty in the morning, or');
      await caller.says('the second one');
      await caller.hears('Thursday, May seventh at ten thirty in the morning. Is that right?');
      await caller.says('yes');
      await caller.hears('It is booked');
      await caller.listens();
      await caller.says('goodbye');
    });
    expect(heard).toContain('I have ten in the morning, ten thirty in the morning, or');
    expect(result).toMatchObject({ time: '10:30' });
  });

  it('and not one that was not said yet', async () => {
    const { said } = await call(async (caller) => {
      await caller.hears('opening hours?');
      await caller.says('book wednesday at eleven');
      await caller.hears('I have ten thirty in the');
      await caller.says('the third one');
      await caller.hears('Sorry, I did not get that. I still have');
      await caller.hears('or noon.');
      await caller.says('the third one');
      await caller.hears('Wednesday, May sixth at noon. Is that right?');
      await caller.says('goodbye');
    });
    expect(said.length).toBeGreaterThan(5);
  });
});

describe('5: listening and waiting', () => {
  it('"uh huh" does not stop the agent', async () => {
    const { heard, said, counters } = await call(async (caller) => {
      await caller.hears('This is an');
      await caller.says('uh huh');
      await caller.hears('opening hours?');
      await caller.says('hours');
      await caller.hears('Saturday from nine');
      await caller.says('uh huh');
      await caller.hears('anything else I can do for you?');
      await caller.says('no');
    });
    expect(heard).toContain('and on Saturday from nine to noon. Is there anything else I can do for you?');
    expect(said.filter((item) => item.who === 'agent' && 'cut' in item && item.cut)).toEqual([]);
    expect(said.filter((item) => item.who === 'caller')).toHaveLength(2);
    expect(counters.interruptions ?? 0).toBe(0);
  });

  it('"hang on" makes it wait, and it goes on when the caller does', async () => {
    const { heard, result } = await call(async (caller) => {
      await caller.hears('opening hours?');
      await caller.says('book');
      await caller.hears('Which day, and what time?');
      await caller.says('hang on');
      await caller.hears('Just speak when you are ready.');
      await caller.waits(25_000);
      await caller.says('friday at three');
      await caller.hears('Friday, May eighth at three in the afternoon. Is that right?');
      await caller.says('yes');
      await caller.hears('It is booked');
      await caller.listens();
      await caller.says('goodbye');
    });
    expect(heard).not.toContain('still there');
    expect(result).toMatchObject({ time: '15:00' });
  });

  it('after thirty seconds it says that it is still there', async () => {
    const { reason } = await call(async (caller) => {
      await caller.hears('opening hours?');
      await caller.says('one moment please');
      await caller.hears('Just speak when you are ready.');
      await caller.waits(29_000);
      await caller.hears('I am still here. Would you like to book', 5000);
      await caller.says('goodbye');
    });
    expect(reason).toBe('agent.finished');
  });
});

it('7: not understood again and again, it rephrases, asks for keys, and gives the call to a person', async () => {
  const { reason, heard } = await call(
    async (caller) => {
      await caller.hears('opening hours?');
      await caller.says('book');
      await caller.hears('Which day, and what time?');
      await caller.coughs(900);
      await caller.hears(
        'Sorry, I did not get that. Please say the day and the time, such as Friday at ten thirty.',
      );
      await caller.coughs(900);
      await caller.hears('two for the day.');
      await caller.says('blue cheese');
      await caller.hears('I am connecting you to a person.');
    },
    { transfer: { kind: 'answers', afterMs: 4000 } },
  );
  expect(reason).toBe('agent.transferred');
  expect(heard.match(/Which day, and what time\?/g)).toHaveLength(1);
});

describe('8: "a person", in any state', () => {
  const steps = {
    asking: [],
    'asking for day and time': ['book'],
    'reading back': ['book friday at three'],
    'offering times': ['book friday at eleven'],
    'anything else': ['hours'],
  } as const;

  it.each(Object.entries(steps))('while %s', async (_name, before) => {
    const { reason } = await call(
      async (caller) => {
        await caller.hears('opening hours?');
        for (const text of before) {
          await caller.says(text);
          await caller.listens();
        }
        await caller.says('i want to speak to a person');
        await caller.hears('I am connecting you to a person.');
      },
      { transfer: { kind: 'answers', afterMs: 3000 } },
    );
    expect(reason).toBe('agent.transferred');
  });

  it.each([
    ['nobody answers', { kind: 'rings' }],
    ['the line is busy', { kind: 'fails', afterMs: 2000, why: 'busy' }],
    ['the line cannot transfer', undefined],
  ] as const)('when %s, a message is taken', async (_why, transfer) => {
    const { reason, record, heard } = await call(
      async (caller) => {
        await caller.hears('opening hours?');
        await caller.says('an operator please');
        await caller.hears('Please leave a message, and we will call you back.', 60_000);
        await caller.waits(800);
        await caller.says('please call me back about my knee');
        await caller.hears('Your message is saved. Goodbye.');
      },
      transfer ? { transfer } : {},
    );
    expect(reason).toBe('agent.message_taken');
    expect(heard).toContain('nobody can take your call right now');
    expect(JSON.stringify(record)).toContain('.wav');
  });
});

describe('9: keys', () => {
  it('typed ahead, they answer questions that need not be asked any more', async () => {
    const { heard, result, record } = await call(
      async (caller) => {
        await caller.hears('Lakeside');
        // Cancel, patient number, yes.
        await caller.keys('372931');
        await caller.hears('It is cancelled.');
        await caller.listens();
        await caller.keys('5');
        await caller.hears('Goodbye.');
      },
      { facts: { from: undefined } as never },
    );
    expect(result).toEqual({ done: 'cancelled' });
    expect(heard).not.toContain('Shall I cancel it?');
    expect(JSON.stringify(record)).not.toContain('7293');
  });

  it('the star key repeats the question', async () => {
    const { heard } = await call(async (caller) => {
      await caller.hears('opening hours?');
      await caller.says('book');
      await caller.hears('Which day, and what time?');
      await caller.keys('*');
      await caller.hears('Which day, and what time?');
      await caller.says('goodbye');
    });
    expect(heard.match(/Which day, and what time\?/g)).toHaveLength(2);
  });
});

it('10: when the time is taken meanwhile, others are offered', async () => {
  const { result, tools } = await call(async (caller) => {
    await caller.hears('opening hours?');
    await caller.says('book monday at two');
    await caller.hears('Monday, May eleventh at two in the afternoon. Is that right?');
    diary.take({ day: '2026-05-11', time: '14:00' });
    await caller.says('yes');
    await caller.hears('two in the afternoon is taken. On Monday, May eleventh I have');
    await caller.listens();
    await caller.says('the last one');
    await caller.hears('Is that right?');
    await caller.says('yes');
    await caller.hears('It is booked');
    await caller.listens();
    await caller.says('goodbye');
  });
  expect(tools.map(({ name }) => name)).toEqual(['find', 'look', 'book', 'look', 'look', 'book']);
  expect(result).toMatchObject({ done: 'booked', day: '2026-05-11', time: '15:00' });
});

describe('12: callers of every kind', () => {
  it('a withheld number is asked for the patient number, which is written nowhere', async () => {
    const { record, journal, result } = await call(
      async (caller) => {
        await caller.hears('opening hours?');
        await caller.says('book friday at nine');
        await caller.hears('Your number is withheld. Please say or key in your four digit patient number.');
        await caller.says('eight six four two');
        await caller.hears('Is that right?');
        await caller.says('yes');
        await caller.hears('It is booked');
        await caller.listens();
        await caller.says('goodbye');
      },
      { facts: { from: undefined } as never },
    );
    expect(result).toMatchObject({ time: '09:00' });
    for (const written of [JSON.stringify(record), JSON.stringify(journal)]) {
      expect(written).not.toContain('8642');
      expect(written).not.toContain('eight six four two');
    }
  });

  it('a silent caller is asked twice and let go', async () => {
    const { reason, heard } = await call(() => undefined);
    expect(reason).toBe('caller.silent');
    expect(heard.match(/Would you like to book/g)).toHaveLength(1);
    expect(heard).toMatch(/Are you still there\? You can say .* Press one for book, .* Goodbye\.$/);
  });

  it.each([
    ['music on hold', 20_000, 0],
    ['a fax tone', 500, 3000],
  ])('%s instead of a caller ends in a reason of its own', async (_what, soundMs, pauseMs) => {
    const { reason, seconds } = await call(async (caller) => {
      for (let n = 0; n < 20; n++) {
        await caller.coughs(soundMs);
        await caller.waits(pauseMs);
      }
    });
    expect(['caller.silent', 'caller.not_understood', 'agent.message_taken']).toContain(reason);
    expect(seconds).toBeLessThan(300);
  });
});

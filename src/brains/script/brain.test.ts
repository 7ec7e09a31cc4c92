import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../../agent/define.ts';
import { hear } from '../../agent/hear.ts';
import { script } from '../../agent/script.ts';
import { tool } from '../../agent/tool.ts';
import type { Json } from '../../kit/json.ts';
import type { Ask, BrainContext, Item, Move, Part, TextBrain } from '../../ports/brain.ts';
import type { Expectation } from '../../ports/expectation.ts';
import { expectationsOf, openBrain } from '../open.ts';

// Tuesday, 5 May 2026, 10:00 in New York.
const WALL_MS = Date.UTC(2026, 4, 5, 14, 0, 0);

const book = tool({
  name: 'book',
  description: 'Book',
  inputSchema: z.object({ day: z.string(), time: z.string() }),
  execute: ({ time }) => ({ booked: time !== '09:00', free: ['09:30', '10:30', '14:00'] }),
});

const desk = defineAgent({
  name: 'desk',
  timeZone: 'America/New_York',
  greeting: 'Hello.',
  brain: script({
    slots: {
      want: hear.choice({ book: ['book'], leave: ['leave'], ask: ['ask'] }),
      day: hear.date(),
      time: hear.time(),
      pin: hear.digits(4, { sensitive: true }),
    },
    start: 'want',
    person: 'tel:+15550100',
    states: {
      want: {
        say: 'Book, leave or ask?',
        hear: 'want',
        also: ['day', 'time'],
        next: ({ want }) => (want === 'book' ? 'when' : want === 'ask' ? 'pin' : 'bye'),
      },
      pin: { say: 'Your code?', hear: 'pin', next: 'bye' },
      when: {
        say: 'When?',
        rephrase: 'Which day and which time?',
        hear: ['day', 'time'],
        confirm: (_slots, { words }) => `${words.day} at ${words.time}?`,
        run: book,
        result: ({ day, time }, booked) => (booked.ok && booked.value.booked ? { day, time } : {}),
        next: (_slots, booked) => (booked.ok && booked.value.booked ? 'bye' : 'instead'),
      },
      instead: {
        forget: ['time'],
        say: 'That is taken. I have',
        hear: 'time',
        offer: (_slots, about) => {
          const booked = about.of(book);
          return booked?.ok ? booked.value.free : [];
        },
        next: 'when',
      },
      bye: { say: 'Goodbye then.', next: 'end' },
    },
  }),
});

/** Drives a brain through its port, as a call does, with words for audio. */
class Talk {
  readonly brain: TextBrain;
  items: Item[] = [];
  result: Record<string, Json> = {};
  move: Move | undefined;
  expectation: Expectation | undefined;
  tools: { name: string; input: Json }[] = [];
  #replies = 0;

  constructor(context: Partial<BrainContext> & { canTransfer?: boolean } = {}) {
    const { canTransfer = true, ...rest } = context;
    const brain = openBrain(desk, {
      callId: 'call_1',
      agentName: 'desk',
      timeZone: desk.timeZone,
      vars: {},
      line: { from: '+15550123', canTransfer },
      ...rest,
    });
    if (brain.kind !== 'text') throw new Error('a script brain speaks text');
    this.brain = brain;
  }

  async parts(why: Ask['why'], speculative = false): Promise<Part[]> {
    const parts: Part[] = [];
    for await (const part of this.brain.reply(
      { reply: this.id(), why, speculative, conversation: this.items, wallMs: WALL_MS },
      new AbortController().signal,
    ))
      parts.push(part);
    return parts;
  }

  id(): string {
    return `r${this.#replies}`;
  }

  /** One reply, heard whole or as far as `cut` says; tools are run. Gives what was heard. */
  async reply(why: Ask['why'], cut?: string): Promise<string> {
    const parts = await this.parts(why);
    const text = parts.flatMap((part) => (part.kind === 'text' ? [part.text] : [])).join('');
    const heard = cut ?? text;
    const reply = this.id();
    this.#replies++;
    this.items.push({
      id: `i${this.items.length}`,
      kind: 'agent',
      reply,
      text: heard,
      cut: cut !== undefined,
    });
    this.brain.settled(reply, cut === undefined ? 'heard' : 'cut', heard);
    this.move = undefined;
    for (const part of parts) {
      if (part.kind === 'move') this.move = part.move;
      if (part.kind === 'expect') this.expectation = part.expectation;
      if (part.kind === 'result') this.result = { ...this.result, ...part.fields };
      if (part.kind !== 'tool') continue;
      this.tools.push({ name: part.name, input: part.input });
      const value = (await desk.tools[part.name]?.execute(part.input, {} as never)) as Json;
      this.items.push({
        id: `i${this.items.length}`,
        kind: 'tool',
        tool: part.id,
        name: part.name,
        input: part.input,
        outcome: { ok: true, value },
      });
      return [heard, await this.reply('tool')].filter(Boolean).join(' ');
    }
    return heard;
  }

  open(cut?: string): Promise<string> {
    return this.reply('open', cut);
  }

  says(text: string, cut?: string): Promise<string> {
    this.items.push({ id: `i${this.items.length}`, kind: 'caller', text, from: 0, to: 1 });
    return this.reply('turn', cut);
  }

  mumbles(): Promise<string> {
    this.items.push({ id: `i${this.items.length}`, kind: 'unclear', from: 0, to: 1 });
    return this.reply('turn');
  }

  keys(digits: string): Promise<string> {
    this.items.push({ id: `i${this.items.length}`, kind: 'keys', digits });
    return this.reply('digits');
  }

  silence(count: number): Promise<string> {
    this.items.push({ id: `i${this.items.length}`, kind: 'silence', count });
    return this.reply('silence');
  }

  moved(move: Move['kind'], ok: boolean): Promise<string> {
    const outcome = ok ? ({ ok } as const) : ({ ok, why: 'nobody answered' } as const);
    this.items.push({ id: `i${this.items.length}`, kind: 'move', move, outcome });
    return this.reply('moved');
  }
}

async function opened(context: ConstructorParameters<typeof Talk>[0] = {}): Promise<Talk> {
  const talk = new Talk(context);
  await talk.open();
  return talk;
}

describe('a script', () => {
  it('greets, asks, reads back, runs the tool and reports', async () => {
    const talk = new Talk();
    expect(await talk.open()).toBe('Hello. Book, leave or ask?');
    expect(talk.expectation?.id).toBe('desk/want');
    expect(await talk.says('book please')).toBe('When?');
    expect(await talk.says('friday')).toBe('At what time?');
    expect(await talk.says('half past four')).toBe('Friday, May eighth at four thirty in the afternoon?');
    expect(talk.expectation?.confirming).toBe(true);
    expect(await talk.says('yes')).toBe('Goodbye then.');
    expect(talk.tools).toEqual([{ name: 'book', input: { want: 'book', day: '2026-05-08', time: '16:30' } }]);
    expect(talk.result).toEqual({ day: '2026-05-08', time: '16:30' });
    expect(talk.move).toEqual({ kind: 'end', reason: 'agent.finished' });
  });

  it('takes all slots from one sentence and asks for none of them', async () => {
    const talk = await opened();
    expect(await talk.says('book friday at ten thirty')).toBe(
      'Friday, May eighth at ten thirty in the morning?',
    );
  });

  it('keeps the other slots when one is corrected', async () => {
    const talk = await opened();
    await talk.says('book friday at ten thirty');
    expect(await talk.says('no, thursday')).toBe('Thursday, May seventh at ten thirty in the morning?');
    expect(await talk.says('at four')).toBe('Thursday, May seventh at four in the afternoon?');
  });

  it('asks what to change after a plain no', async () => {
    const talk = await opened();
    await talk.says('book friday at ten thirty');
    expect(await talk.says('no')).toBe('What should I change?');
    expect(await talk.says('the day is thursday')).toBe(
      'Thursday, May seventh at ten thirty in the morning?',
    );
  });

  it('reads "half past four" in the part of the day said before', async () => {
    const talk = await opened();
    await talk.says('book');
    expect(await talk.says('tomorrow evening')).toBe('At what time in the evening?');
    expect(await talk.says('half past seven')).toBe('Wednesday, May sixth at seven thirty in the evening?');
  });

  it('offers what a tool found, and knows which options were heard', async () => {
    const talk = await opened();
    await talk.says('book friday at nine');
    const offer = await talk.says(
      'yes',
      // The first reply, which only runs the tool, says nothing; the second is the offer.
    );
    expect(offer).toBe(
      'That is taken. I have nine thirty in the morning, ten thirty in the morning, or two in the afternoon.',
    );
    expect(await talk.says('the second one')).toBe('Friday, May eighth at ten thirty in the morning?');
  });

  it('does not take a place the caller has not heard', async () => {
    const talk = new Talk();
    await talk.open('Hello. Book, leave');
    expect(await talk.says('the third one')).toContain('Sorry, I did not get that.');
    expect(await talk.says('the second one')).toBe('Goodbye then.');
  });
});

describe('a caller who is not understood', () => {
  it('is asked in other words, then by keys, then given to a person', async () => {
    const talk = await opened();
    await talk.says('book');
    const words = [await talk.mumbles(), await talk.says('blue cheese'), await talk.mumbles()];
    expect(words).toEqual([
      'Sorry, I did not get that. Which day and which time?',
      'I still did not understand. You can use the keys of your phone. Please key in two digits for the month and two for the day.',
      'I am sorry that I do not understand you. I am connecting you to a person.',
    ]);
    expect(talk.move).toEqual({ kind: 'transfer', to: 'tel:+15550100', mode: 'cold', ringS: 25 });
  });

  it('never hears the same question three times', async () => {
    const kinds = ['mumble', 'silence', 'nonsense'] as const;
    const flows = [[], ['book'], ['book friday at ten'], ['ask'], ['book', 'tomorrow']];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...kinds), { maxLength: 6 }),
        fc.constantFrom(...flows),
        async (turns, flow) => {
          const talk = await opened();
          for (const text of flow) await talk.says(text);
          const counts = new Map<string, number>();
          const count = (text: string) => counts.set(text, (counts.get(text) ?? 0) + 1);
          let silences = 0;
          for (const turn of turns) {
            if (talk.move) break;
            silences = turn === 'silence' ? silences + 1 : 0;
            if (turn === 'mumble') count(await talk.mumbles());
            else if (turn === 'silence') count(await talk.silence(silences));
            else count(await talk.says('blue cheese'));
          }
          for (const times of counts.values()) expect(times).toBeLessThan(3);
          if (turns.length >= 4) expect(talk.move).toBeDefined();
        },
      ),
    );
  });

  it('leaves a message where the line cannot transfer', async () => {
    const talk = await opened({ canTransfer: false });
    await talk.mumbles();
    await talk.mumbles();
    expect(await talk.mumbles()).toBe(
      'I am sorry that I do not understand you. I am sorry, nobody can take your call right now. Please leave a message, and we will call you back.',
    );
    expect(talk.move).toEqual({ kind: 'message', maxS: 120 });
    await talk.moved('message', true);
    expect(talk.move).toEqual({ kind: 'end', reason: 'agent.message_taken' });
  });

  it('is let go after the third silence', async () => {
    const talk = await opened();
    expect(await talk.silence(1)).toBe('Are you still there? You can say: book, leave, or ask.');
    expect(await talk.silence(2)).toBe(
      'I cannot hear you. You can also use the keys of your phone. Press one for book, two for leave, or three for ask.',
    );
    await talk.silence(3);
    expect(talk.move).toEqual({ kind: 'end', reason: 'caller.silent' });
  });
});

describe('words for every state', () => {
  it.each([
    ['a person please', { kind: 'transfer', to: 'tel:+15550100', mode: 'cold', ringS: 25 }],
    ['goodbye', { kind: 'end', reason: 'agent.finished' }],
    ['hang on', { kind: 'hold', maxS: 30 }],
  ] as const)('"%s" works while asking and while reading back', async (text, move) => {
    for (const before of [[], ['book'], ['book friday at ten'], ['ask']]) {
      const talk = await opened();
      for (const one of before) await talk.says(one);
      await talk.says(text);
      expect(talk.move).toEqual(move);
    }
  });

  it('"repeat" and the star key say the question again, word for word', async () => {
    const talk = await opened();
    await talk.says('book');
    expect(await talk.says('repeat that please')).toBe('When?');
    expect(await talk.keys('*')).toBe('When?');
    await talk.says('friday at ten');
    expect(await talk.says('pardon')).toBe('Friday, May eighth at ten in the morning?');
  });

  it('"start over" forgets what was said', async () => {
    const talk = await opened();
    await talk.says('book friday at ten');
    expect(await talk.says('no start over')).toBe('All right, from the beginning. Book, leave or ask?');
    expect(await talk.says('book')).toBe('When?');
  });

  it('a message is taken when nobody answers', async () => {
    const talk = await opened();
    await talk.says('an operator');
    expect(await talk.moved('transfer', false)).toBe(
      'I am sorry, nobody can take your call right now. Please leave a message, and we will call you back.',
    );
  });

  it('after holding, the conversation goes on where it was', async () => {
    const talk = await opened();
    await talk.says('book');
    await talk.says('hang on');
    expect(await talk.says('friday at ten')).toBe('Friday, May eighth at ten in the morning?');
    await talk.says('hold on');
    expect(await talk.moved('hold', false)).toBe(
      'I am still here. Friday, May eighth at ten in the morning?',
    );
  });

  it('a new wish after the goodbye is a new beginning', async () => {
    const talk = await opened();
    await talk.says('leave');
    expect(await talk.says('book friday at ten')).toBe('Friday, May eighth at ten in the morning?');
    await talk.says('goodbye');
    expect(await talk.says('thanks')).toBe('Goodbye.');
  });
});

describe('keys', () => {
  it('answer choices, dates, times, digits and read-backs', async () => {
    const talk = await opened();
    await talk.keys('1');
    await talk.keys('0508');
    expect(await talk.keys('1430#')).toBe('Friday, May eighth at two thirty in the afternoon?');
    expect(await talk.keys('2')).toBe('What should I change?');
    expect(await talk.says('ten')).toBe('Friday, May eighth at ten in the morning?');
    expect(await talk.keys('1')).toBe('Goodbye then.');
  });

  it('zero is a person where it means nothing else', async () => {
    const talk = await opened();
    await talk.keys('0');
    expect(talk.move?.kind).toBe('transfer');
  });

  it('pick an option that was read out', async () => {
    const talk = await opened();
    await talk.says('book friday at nine');
    await talk.says('yes');
    expect(await talk.keys('3')).toBe('Friday, May eighth at two in the afternoon?');
  });
});

describe('the port', () => {
  const says = fc.oneof(
    fc.constantFrom(
      'book',
      'friday at ten',
      'yes',
      'no',
      'no, thursday',
      'the second one',
      'hang on',
      'ask',
      '1 2 3 4',
    ),
    fc.string(),
  );

  it('a reply ends with one done, and nothing changes before it is settled', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(says, { maxLength: 6 }), async (texts) => {
        const talk = await opened();
        for (const text of texts) {
          talk.items.push({ id: `i${talk.items.length}`, kind: 'caller', text, from: 0, to: 1 });
          const before = talk.brain.snapshot();
          const first = await talk.parts('turn', true);
          const again = await talk.parts('turn', true);
          expect(again).toEqual(first);
          expect(first.filter(({ kind }) => kind === 'done')).toHaveLength(1);
          expect(first.at(-1)).toEqual({ kind: 'done' });
          expect(first.length).toBeGreaterThan(1);
          talk.brain.settled(talk.id(), 'dropped', '');
          expect(talk.brain.snapshot()).toEqual(before);
          await talk.reply('turn');
        }
      }),
      { numRuns: 60 },
    );
  });

  it('whatever happens, a reply asks something or moves on, and never throws', async () => {
    const event = fc.oneof(
      says.map((text) => ({ what: 'says', text }) as const),
      fc
        .constantFrom('repeat', 'start over', 'goodbye', 'a person', 'wait')
        .map((text) => ({ what: 'says', text }) as const),
      fc.stringMatching(/^[0-9*#]{1,8}$/).map((digits) => ({ what: 'keys', digits }) as const),
      fc.constant({ what: 'mumbles' } as const),
      fc.integer({ min: 1, max: 3 }).map((count) => ({ what: 'silence', count }) as const),
      fc
        .tuple(fc.constantFrom('transfer', 'hold', 'message'), fc.boolean())
        .map(([move, ok]) => ({ what: 'moved', move, ok }) as const),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 12 }), fc.boolean(), async (events, canTransfer) => {
        const talk = await opened({ canTransfer });
        for (const one of events) {
          talk.expectation = undefined;
          if (one.what === 'says') await talk.says(one.text);
          else if (one.what === 'keys') await talk.keys(one.digits);
          else if (one.what === 'mumbles') await talk.mumbles();
          else if (one.what === 'silence') await talk.silence(one.count);
          else await talk.moved(one.move, one.ok);
          expect(talk.expectation ?? talk.move).toBeDefined();
        }
      }),
      { numRuns: 150 },
    );
  });

  it('a brain opened with a snapshot answers as the one it came from', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(says, { maxLength: 5 }), says, async (texts, text) => {
        const talk = await opened();
        for (const one of texts) await talk.says(one);
        const snapshot = JSON.parse(JSON.stringify(talk.brain.snapshot())) as Json;
        expect(JSON.stringify(snapshot).length).toBeLessThan(64 * 1024);
        const restored = new Talk({ snapshot });
        restored.items = [...talk.items];
        for (const one of [talk, restored])
          one.items.push({ id: `i${one.items.length}`, kind: 'caller', text, from: 0, to: 1 });
        const kinds = (parts: Part[]) =>
          parts.map((part) => (part.kind === 'tool' ? { ...part, id: '' } : part));
        expect(kinds(await restored.parts('turn'))).toEqual(kinds(await talk.parts('turn')));
      }),
      { numRuns: 60 },
    );
  });

  it('a reply prepared before the turn was over does not make its words new again', async () => {
    const talk = await opened();
    const prepared = async (id: string, text: string) => {
      const said = (id: string): Item => ({ id, kind: 'caller', text, from: 0, to: 1 });
      const before = talk.items;
      talk.items = [...before, said('pending')];
      const parts = await talk.parts('turn', true);
      talk.items = [...before, said(id)];
      talk.brain.settled(talk.id(), 'heard', '');
      return parts.flatMap((part) => (part.kind === 'text' ? [part.text] : [])).join('');
    };
    expect(await prepared('i98', 'book')).toBe('When?');
    expect(await prepared('i99', 'friday')).toBe('At what time?');
    expect(await talk.says('ten')).toBe('Friday, May eighth at ten in the morning?');
  });

  it('sensitive digits are in no snapshot', async () => {
    const talk = await opened();
    await talk.says('ask');
    await talk.keys('7391');
    expect(JSON.stringify(talk.brain.snapshot())).not.toContain('7391');
  });

  it('whatever is expected was announced for preparation', async () => {
    const known = new Set(expectationsOf(desk).map(({ id }) => id));
    await fc.assert(
      fc.asyncProperty(fc.array(says, { maxLength: 6 }), async (texts) => {
        const talk = await opened();
        for (const text of texts) {
          await talk.says(text);
          expect(known.has(talk.expectation?.id ?? '')).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('a function of the script that throws is named', async () => {
    const broken = defineAgent({
      name: 'broken',
      greeting: 'Hello.',
      brain: script({
        slots: {},
        start: 'first',
        states: {
          first: {
            say: () => {
              throw new Error('no such customer');
            },
            next: 'end',
          },
        },
      }),
    });
    const brain = openBrain(broken, {
      callId: 'c',
      agentName: 'broken',
      timeZone: 'UTC',
      vars: {},
      line: { canTransfer: false },
    }) as TextBrain;
    const ask = { reply: 'r', why: 'open', speculative: false, conversation: [], wallMs: 0 } as const;
    await expect(
      brain.reply(ask, new AbortController().signal)[Symbol.asyncIterator]().next(),
    ).rejects.toThrow('states.first.say threw: no such customer');
  });
});

it('after a break the conversation goes on, and a tool whose end is unknown is not run again', async () => {
  const talk = await opened();
  await talk.says('book friday at ten');
  const restored = new Talk({ snapshot: talk.brain.snapshot() });
  restored.items = [...talk.items];
  expect(await restored.reply('continued')).toBe(
    'I am sorry, we were interrupted. Friday, May eighth at ten in the morning?',
  );

  talk.items.push({ id: 'yes', kind: 'caller', text: 'yes', from: 0, to: 1 });
  expect((await talk.parts('turn')).map(({ kind }) => kind)).toContain('tool');
  talk.brain.settled(talk.id(), 'heard', '');
  const after = new Talk({ snapshot: talk.brain.snapshot() });
  after.items = [...talk.items];
  const parts = await after.parts('continued');
  expect(parts.map(({ kind }) => kind)).not.toContain('tool');
});

import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { oneCall } from '../../test/support/one-call.ts';
import { tool } from '../agent/tool.ts';
import type { JournalLine } from '../journal/lines.ts';
import { type Clock, realClock, sleep } from '../kit/clock.ts';
import type { Part } from '../ports/brain.ts';
import { type ConversationOptions, runConversation } from '../testing/run-conversation.ts';
import { smallAgent } from '../testing/small-agent.ts';
import { type Answer, SmallBrain } from '../testing/small-brain.ts';
import { openCall } from './call.ts';

const say = (text: string, uninterruptible = false): Part => ({ kind: 'text', text, uninterruptible });
const goodbye: Part = { kind: 'move', move: { kind: 'end', reason: 'agent.finished' } };

/** The clock of the call in progress, for tools that take their time. */
const now: { clock: Clock } = { clock: realClock };

type Talk = Awaited<ReturnType<typeof converse>>;

async function converse(
  answer: Answer,
  caller: ConversationOptions['caller'],
  options: Partial<ConversationOptions> = {},
) {
  const brains: SmallBrain[] = [];
  const outcome = await runConversation({
    agent: smallAgent(),
    caller,
    openBrain: (_agent, _context, clock) => {
      now.clock = clock;
      const opened = new SmallBrain(answer, clock);
      brains.push(opened);
      return opened;
    },
    ...options,
  });
  const [brain] = brains;
  if (!brain) throw new Error('the call opened no brain');
  return { ...outcome, brain };
}

/** Greets, then answers each turn with its words. */
const parrot: Answer = ({ why, conversation }) => {
  const last = conversation.at(-1);
  if (why === 'open') return [say('Welcome to the clinic.')];
  if (why === 'silence') return [say('Are you there?')];
  if (why === 'goodbye') return [say('We are out of time.')];
  if (last?.kind !== 'caller') return [say('I did not get that.')];
  return last.text === 'goodbye' ? [say('Goodbye.'), goodbye] : [say(`You said ${last.text}.`)];
};

const inputs = (talk: Talk, kind: string) =>
  talk.journal.flatMap((line) =>
    line.kind === 'in' && (line.event as { kind: string }).kind === kind
      ? [line.event as Record<string, unknown>]
      : [],
  );
const outputs = (talk: { journal: readonly JournalLine[] }, kind: string) =>
  talk.journal.flatMap((line) =>
    line.kind === 'out' && (line.effect as { kind: string }).kind === kind
      ? [line.effect as Record<string, unknown>]
      : [],
  );

describe('a conversation', () => {
  test('is heard, answered and written down', async () => {
    const talk = await converse(parrot, async (caller) => {
      await caller.listens();
      await caller.says('hello there');
      await caller.hears('You said hello there.');
      await caller.says('goodbye');
    });
    expect(talk.heard).toBe('Welcome to the clinic. You said hello there. Goodbye.');
    expect(talk.reason).toBe('agent.finished');
    expect(
      talk.said.map((item) => ('text' in item ? `${item.who}: ${JSON.stringify(item.text)}` : item)),
    ).toEqual([
      'agent: "Welcome to the clinic."',
      'caller: "hello there"',
      'agent: "You said hello there."',
      'caller: "goodbye"',
      'agent: "Goodbye."',
    ]);
    const spans = talk.said.flatMap((item) =>
      'text' in item ? [[item.from_ms ?? -1, item.to_ms ?? -1]] : [],
    );
    const starts = spans.map(([from = -1]) => from);
    expect(starts).toEqual([...starts].sort((a, b) => a - b));
    expect(spans.every(([from = -1, to = -1]) => from >= 0 && to - from > 200)).toBe(true);
    expect(talk.brain.settlements.every(({ how }) => how === 'heard')).toBe(true);
    expect(talk.record.end.reason).toBe('agent.finished');
  });

  test('answers a turn as soon as the final text has come, when the words were foreseen', async () => {
    const talk = await converse(parrot, async (caller) => {
      await caller.listens();
      await caller.says('hello there');
      await caller.listens();
      await caller.says('goodbye');
    });
    expect(talk.timings.decision).toEqual([0, 0]);
    expect(talk.counters.speculations_used).toBe(2);
  });

  test('a caller who is cut off by nothing is told what they missed when they interrupt', async () => {
    const long: Answer = (ask, n) =>
      n === 0
        ? [say('Our opening hours are from nine to five, on every day of the week but Sunday.')]
        : parrot(ask, n);
    const talk = await converse(long, async (caller) => {
      await caller.hears('nine to five,');
      await caller.says('thank you that is enough');
      await caller.hears('You said thank you that is enough.');
      caller.hangsUp();
    });
    const [first] = talk.brain.settlements;
    expect(first).toMatchObject({ how: 'cut' });
    // What the brain was told is what came out of the loudspeaker, give or take the word being said.
    const heard = talk.heard.slice(0, talk.heard.indexOf(' You said'));
    expect(Math.abs(heard.length - (first?.heardText.length ?? 0))).toBeLessThan(12);
    expect(heard.startsWith(first?.heardText.slice(0, -6) ?? 'x')).toBe(true);
  });

  test('a backchannel does not lose a word of the agent', async () => {
    const talk = await converse(
      ({ why }) =>
        why === 'open' ? [say('We are open from nine to five, on every day but Sunday.')] : [goodbye],
      async (caller) => {
        await caller.hears('from nine');
        await caller.says('uh-huh', { ms: 400 });
        await caller.hears('but Sunday.');
        await caller.waits(2000);
        caller.hangsUp();
      },
    );
    expect(talk.counters.false_interruptions).toBe(1);
    expect(talk.brain.settlements[0]).toMatchObject({ how: 'heard' });
    expect(talk.brain.asks.map(({ why }) => why)).toEqual(['open']);
  });

  test('a key takes the agent back in the same step, whatever else is to be done', async () => {
    const it = oneCall({
      agent: smallAgent(),
      openBrain: () => new SmallBrain(() => [say('We are open from nine to five, every day.')], it.clock),
    });
    const flushes: number[] = [];
    const flush = it.line.flush.bind(it.line);
    it.line.flush = (generation) => {
      flushes.push(generation);
      flush(generation);
    };
    const call = openCall(it.deps, it.line);
    await it.clock.runUntilSettled(it.caller.hears('nine'), 10_000);
    expect(flushes).toEqual([]);
    it.line.key('1');
    expect(flushes).toEqual([1]);
    it.line.hangUp();
    await it.clock.runUntilSettled(call.ended, 10_000);
    it.clean();
  });

  test('lost marks change nothing for the caller', async () => {
    const chat: ConversationOptions['caller'] = async (caller) => {
      await caller.listens();
      await caller.says('hello there');
      await caller.listens();
      await caller.says('goodbye');
    };
    const lost = await converse(parrot, chat, { loseMarks: 1 });
    expect(lost.heard).toBe('Welcome to the clinic. You said hello there. Goodbye.');
    expect(lost.reason).toBe('agent.finished');
  });

  test('a silent caller is asked, and a network that stops is not taken for silence', async () => {
    const silent = await converse(parrot, (caller) => caller.waits(20_000).then(() => caller.hangsUp()));
    expect(silent.brain.asks.filter(({ why }) => why === 'silence').length).toBeGreaterThanOrEqual(2);
    const stalled = await converse(parrot, async (caller) => {
      await caller.listens();
      caller.goesMute(true);
      await caller.waits(20_000);
      caller.hangsUp();
    });
    expect(stalled.brain.asks.filter(({ why }) => why === 'silence')).toEqual([]);
    expect(inputs(stalled, 'line').map(({ what }) => what)).toContain('trouble');
  });

  test('a line that is gone ends the call after 40 s', async () => {
    const talk = await converse(parrot, async (caller) => {
      await caller.listens();
      caller.vanishes();
      await caller.waits(60_000);
    });
    expect(talk.reason).toBe('line.lost');
  });

  test('has a longest time; the agent says goodbye before', async () => {
    const talk = await converse(parrot, (caller) => caller.waits(1), {
      settings: { CXBCORE_MAX_CALL_S: '30', CXBCORE_GOODBYE_S: '10' },
    });
    expect(talk.reason).toBe('limit.duration');
    expect(talk.heard).toContain('We are out of time.');
    expect(talk.seconds).toBeLessThan(30);
  });

  test('an agent that does not exist is apologised for', async () => {
    const talk = await runConversation({
      agent: smallAgent(),
      caller: (caller) => caller.waits(1),
      facts: { agent: 'nobody' },
    });
    expect(talk.reason).toBe('agent.unknown');
    expect(talk.heard).toContain('nobody is available');
  });

  test('a brain that throws is apologised for, and one that never answers too', async () => {
    const broken: Answer = ({ why }) => {
      if (why === 'turn') throw new Error('there is no such state');
      return [say('Welcome.')];
    };
    const caller: ConversationOptions['caller'] = async (it) => {
      await it.listens();
      await it.says('hello there');
      await it.hears('something went wrong');
    };
    expect((await converse(broken, caller)).reason).toBe('agent.failed');
    const mute: Answer = ({ why }) => (why === 'turn' ? [{ kind: 'wait', ms: 60_000 }] : [say('Welcome.')]);
    expect((await converse(mute, caller)).reason).toBe('agent.failed');
  });

  test('a brain that stops in the middle of its answer is apologised for, and one that is only slow is not', async () => {
    const pausing =
      (ms: number, times: number): Answer =>
      ({ why }) =>
        why === 'turn'
          ? [
              ...Array.from({ length: times }, () => [say('One.'), { kind: 'wait' as const, ms }]).flat(),
              say('Done.'),
              goodbye,
            ]
          : [say('Welcome.')];
    const caller: ConversationOptions['caller'] = async (it) => {
      await it.listens();
      await it.says('hello there');
      await it.waits(70_000);
    };
    const stopped = await converse(pausing(600_000, 1), caller);
    expect(stopped.reason).toBe('agent.failed');
    expect(stopped.seconds).toBeLessThan(30);
    const slow = await converse(pausing(10_000, 4), caller);
    expect(slow.reason).toBe('agent.finished');
  });
});

test('a result that does not fit the agent is kept as far as it does, and the record says what did not', async () => {
  const parts: Answer = ({ why }) => [
    { kind: 'result', fields: { day: '2026-05-08', count: 'three', more: 1 } },
    say(why === 'open' ? 'Welcome.' : 'Goodbye.'),
    goodbye,
  ];
  const result = z.object({ day: z.iso.date(), count: z.number(), name: z.string() });
  const talk = await converse(parts, (caller) => caller.waits(1), { agent: { ...smallAgent(), result } });
  expect(talk.result).toEqual({ day: '2026-05-08', more: 1 });
  expect(talk.record.events).toMatchObject([
    { what: 'result.invalid', detail: { problems: [{ field: 'count', value: 'three' }, { field: 'name' }] } },
  ]);
  const partial = { ...smallAgent(), result: z.object({ day: z.string() }).partial() };
  expect((await converse(parts, (caller) => caller.waits(1), { agent: partial })).record.events).toEqual([]);
  const hanging = {
    ...smallAgent(),
    result: z.object({}).refine(() => new Promise<boolean>(() => undefined)),
  };
  const late = await converse(parts, (caller) => caller.waits(1), { agent: hanging });
  expect(late.record.events).toHaveLength(1);
  expect(late.result).toMatchObject({ count: 'three' });
});

describe('tools', () => {
  const booking = (ms: number, effect: 'once' | 'none', log: string[] = []) =>
    tool({
      description: 'books',
      inputSchema: z.object({ day: z.string() }),
      effect,
      filler: 'One moment, I am writing that down.',
      execute: async ({ day }, { key, signal }) => {
        log.push(key);
        await sleep(now.clock, ms, signal);
        return { booked: day };
      },
    });
  const answer: Answer = (ask) => {
    const last = ask.conversation.at(-1);
    if (ask.why === 'open') return [say('Which day?')];
    if (ask.why === 'tool')
      return [
        say(last?.kind === 'tool' && last.outcome.ok ? 'It is booked.' : 'That did not work.'),
        goodbye,
      ];
    return [{ kind: 'tool', id: 'book-1', name: 'book', input: { day: 'friday' } }];
  };
  const run = (
    ms: number,
    effect: 'once' | 'none',
    caller: ConversationOptions['caller'],
    log: string[] = [],
  ) => converse(answer, caller, { agent: smallAgent({ book: booking(ms, effect, log) }) });

  test('that are slow are bridged by their filler', async () => {
    const talk = await run(3000, 'once', async (caller) => {
      await caller.listens();
      await caller.says('on friday please');
      await caller.hears('One moment, I am writing that down.');
      await caller.hears('It is booked.');
    });
    expect(talk.reason).toBe('agent.finished');
    expect(talk.tools).toMatchObject([
      { name: 'book', effect: 'once', outcome: { ok: true, value: { booked: 'friday' } } },
    ]);
  });

  test('with an effect begin only when the turn is certainly over, and once', async () => {
    const log: string[] = [];
    const talk = await run(
      100,
      'once',
      async (caller) => {
        await caller.listens();
        await caller.says('on friday please');
        await caller.waits(250);
        await caller.says('or not');
        await caller.hears('It is booked.');
      },
      log,
    );
    expect(log).toEqual(['conversation:book-1']);
    expect(outputs(talk, 'run-tool')).toHaveLength(1);
  });

  test('that have begun when the caller hangs up finish, and the record says so', async () => {
    const talk = await run(2000, 'once', async (caller) => {
      await caller.listens();
      await caller.says('on friday please');
      await caller.waits(1800);
      caller.hangsUp();
    });
    expect(talk.reason).toBe('caller.hung_up');
    expect(talk.tools).toMatchObject([{ outcome: { ok: true, value: { booked: 'friday' } } }]);
  });

  test('that are slow finish after the end too, as long as their own time lasts', async () => {
    const talk = await run(8000, 'once', async (caller) => {
      await caller.listens();
      await caller.says('on friday please');
      await caller.waits(1800);
      caller.hangsUp();
    });
    expect(talk.tools).toMatchObject([{ outcome: { ok: true, value: { booked: 'friday' } } }]);
  });

  test('that do not finish in time after the end have an unknown outcome', async () => {
    const talk = await converse(
      answer,
      async (caller) => {
        await caller.listens();
        await caller.says('on friday please');
        await caller.waits(1800);
        caller.hangsUp();
      },
      {
        agent: smallAgent({ book: { ...booking(80_000, 'once'), timeoutMs: 100_000 } }),
        settings: { CXBCORE_TOOL_END_MS: '6000' },
      },
    );
    expect(talk.tools).toMatchObject([{ outcome: { ok: false, why: 'unknown-outcome' } }]);
  });
});

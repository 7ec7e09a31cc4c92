import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { hear } from '../agent/hear.ts';
import { tool } from '../agent/tool.ts';
import { END_REASONS } from '../contract/end-reasons.ts';
import type { JournalLine } from '../journal/lines.ts';
import type { Part } from '../ports/brain.ts';
import { type ConversationOutcome, runConversation } from '../testing/run-conversation.ts';
import { smallAgent } from '../testing/small-agent.ts';
import { type Answer, SmallBrain } from '../testing/small-brain.ts';
import { replayMachine } from './replay.ts';

/** What a caller may do next, and how long they wait before it. */
const act = fc.record({
  what: fc.constantFrom('says', 'says', 'mumbles', 'uh-huh', 'keys', 'coughs', 'listens', 'mute', 'waits'),
  waitMs: fc.constantFrom(0, 150, 400, 1200, 3000),
  words: fc.constantFrom(
    'yes',
    'no thank you',
    'the fourth of',
    'book it on friday at ten',
    'one two three four',
  ),
});

/** What a brain may do with each question in turn. */
const answer = fc.array(
  fc.constantFrom(
    'short',
    'long',
    'stern',
    'slow',
    'look',
    'book',
    'hold',
    'message',
    'transfer',
    'digits',
    'end',
    'nothing',
  ),
  { minLength: 1, maxLength: 12 },
);

const text = (said: string, uninterruptible = false): Part => ({ kind: 'text', text: said, uninterruptible });

function parts(what: string, n: number): ReturnType<Answer> {
  switch (what) {
    case 'long':
      return [text('We are open from nine to five, on every day but Sunday. What can I do for you today?')];
    case 'stern':
      return [text('This call is recorded. ', true), text('May I have your name?')];
    case 'slow':
      return [
        { kind: 'wait', ms: 800 },
        text('Let me think. '),
        { kind: 'wait', ms: 400 },
        text('All right.'),
      ];
    case 'look':
    case 'book':
      return [text('One moment.'), { kind: 'tool', id: `t${n}`, name: what, input: {} }];
    case 'hold':
      return [text('I am waiting.'), { kind: 'move', move: { kind: 'hold', maxS: 5 } }];
    case 'message':
      return [text('Leave a message.'), { kind: 'move', move: { kind: 'message', maxS: 10 } }];
    case 'transfer':
      return [
        text('I am connecting you.'),
        { kind: 'move', move: { kind: 'transfer', to: 'tel:1', mode: 'cold', ringS: 5 } },
      ];
    case 'digits':
      return [
        {
          kind: 'expect',
          expectation: { id: 'pin', slots: { pin: hear.digits(4) }, confirming: false, universal: true },
        },
        text('Your code, please.'),
      ];
    case 'end':
      return [text('Goodbye.'), { kind: 'move', move: { kind: 'end', reason: 'agent.finished' } }];
    case 'nothing':
      return [];
    default:
      return [text('I see.')];
  }
}

const TOOLS = {
  look: tool({ description: 'looks', inputSchema: z.object({}), effect: 'none', execute: () => 'seen' }),
  book: tool({
    description: 'books',
    inputSchema: z.object({}),
    effect: 'once',
    filler: 'Writing.',
    execute: () => 'done',
  }),
};

async function live(
  acts: readonly (typeof act extends fc.Arbitrary<infer T> ? T : never)[],
  answers: readonly string[],
) {
  let asked = 0;
  return runConversation({
    agent: smallAgent(TOOLS, { silenceMs: 4000 }),
    openBrain: (_agent, _context, clock) =>
      new SmallBrain(({ why }) => {
        if (why === 'open') return parts('long', 0);
        if (why === 'goodbye') return parts('short', 0);
        return parts(answers[asked % answers.length] ?? 'short', ++asked);
      }, clock),
    transfer: { kind: 'fails', afterMs: 2000, why: 'busy' },
    loseMarks: 3,
    settings: { CXBCORE_MAX_CALL_S: '60', CXBCORE_GOODBYE_S: '10' },
    caller: async (caller) => {
      for (const { what, waitMs, words } of acts) {
        await caller.waits(waitMs);
        if (caller.isOver) return;
        if (what === 'says') await caller.says(words);
        else if (what === 'uh-huh') await caller.says('uh-huh', { ms: 350 });
        else if (what === 'mumbles') await caller.coughs(900);
        else if (what === 'coughs') await caller.coughs(160);
        else if (what === 'keys') await caller.keys('12');
        else if (what === 'listens') await caller.waits(2500);
        else if (what === 'mute') {
          caller.goesMute(true);
          await caller.waits(1500);
          caller.goesMute(false);
        }
      }
      if (!caller.isOver) caller.hangsUp();
    },
  });
}

/** Ids of started work, and of its terminal events, by what the table in `turn/effects.ts` says. */
function work(lines: readonly JournalLine[]) {
  const started: string[] = [];
  const over: string[] = [];
  for (const line of lines) {
    if (line.kind === 'out') {
      const effect = line.effect as Record<string, string>;
      if (effect['kind'] === 'listen') started.push(effect['stretch'] ?? '');
      if (effect['kind'] === 'ask' || effect['kind'] === 'say') started.push(effect['reply'] ?? '');
      if (effect['kind'] === 'run-tool') started.push(effect['tool'] ?? '');
      if (effect['kind'] === 'start-move') started.push(effect['id'] ?? '');
    }
    if (line.kind === 'in') {
      const event = line.event as Record<string, string>;
      if (['final', 'unclear', 'stretch-failed', 'stretch-dropped'].includes(event['kind'] ?? ''))
        over.push(event['stretch'] ?? '');
      if (event['kind'] === 'reply-over') over.push(event['reply'] ?? '');
      if (event['kind'] === 'tool-ended') over.push(event['tool'] ?? '');
      if (event['kind'] === 'move-over') over.push(event['id'] ?? '');
    }
  }
  return { started, over };
}

function check(talk: ConversationOutcome): void {
  expect(Object.keys(END_REASONS)).toContain(talk.reason);
  expect(talk.reason).not.toBe('bug.internal');
  expect(talk.line.afterEnd).toBe(0);
  const { started, over } = work(talk.journal);
  expect([...over].sort()).toEqual([...started].sort());
  expect(replayMachine(talk.journal).difference).toBeUndefined();
  const end = talk.journal.findIndex(
    (line) => line.kind === 'out' && (line.effect as { kind: string }).kind === 'end',
  );
  expect(talk.journal.slice(end + 1).filter((line) => line.kind === 'out')).toEqual([]);
  // Everything the record says the caller heard did come out of the loudspeaker.
  const heard = talk.heard.split(' ');
  for (const item of talk.said) {
    if (item.who !== 'agent' || !('text' in item) || typeof item.text !== 'string') continue;
    for (const word of item.text.split(' ').slice(0, -1)) expect(heard).toContain(word);
  }
}

test('any caller and any agent: nothing left under way, nothing after the end, the same again when replayed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 14 }), answer, async (acts, answers) => {
      check(await live(acts, answers));
    }),
    { numRuns: 25 },
  );
}, 60_000);

import { expect, test } from 'vitest';
import { concatSamples } from '../audio/pcm.ts';
import { replayMachine } from '../call/replay.ts';
import type { JournalLine } from '../journal/lines.ts';
import { replayCall } from './replay-call.ts';
import { runConversation } from './run-conversation.ts';
import { loudnessVoiceActivity } from './slow-hearing.ts';
import { smallAgent } from './small-agent.ts';
import { SmallBrain } from './small-brain.ts';

const said = (lines: readonly JournalLine[]) =>
  lines
    .flatMap((line) => (line.kind === 'state' ? line.conversation.items : []))
    .map((item) => {
      if (item.kind === 'caller') return `caller: ${JSON.stringify(item.text)}`;
      if (item.kind === 'agent') return `agent: ${JSON.stringify(item.text)} ${item.cut}`;
      return item.kind === 'keys' ? `keys: ${JSON.stringify(item.digits)}` : item.kind;
    });
const asked = (lines: readonly JournalLine[]) =>
  lines.flatMap((line) =>
    line.kind === 'out' && (line.effect as { kind: string }).kind === 'ask'
      ? [(line.effect as { why: string }).why]
      : [],
  );

test('a call replayed from its audio and its ports takes the same course', async () => {
  const talk = await runConversation({
    agent: smallAgent(),
    openBrain: (_agent, _context, clock) =>
      new SmallBrain(({ why, conversation }) => {
        const last = conversation.at(-1);
        if (why === 'open')
          return [
            { kind: 'text', text: 'We are open from nine to five, on every day but Sunday. What can I do?' },
          ];
        if (last?.kind === 'caller' && last.text === 'goodbye')
          return [
            { kind: 'text', text: 'Goodbye.' },
            { kind: 'move', move: { kind: 'end', reason: 'agent.finished' } },
          ];
        return [
          { kind: 'wait', ms: 300 },
          { kind: 'text', text: 'I see. Anything else?' },
        ];
      }, clock),
    caller: async (caller) => {
      await caller.hears('to five');
      await caller.says('hang on a moment');
      await caller.listens();
      await caller.keys('12#');
      await caller.listens();
      await caller.says('the fourth of');
      await caller.waits(700);
      await caller.says('May');
      await caller.listens();
      await caller.says('goodbye');
    },
  });
  const replayed = await replayCall(
    talk.journal,
    concatSamples(talk.line.recording),
    loudnessVoiceActivity(),
  );
  expect(said(replayed.journal)).toEqual(said(talk.journal));
  expect(asked(replayed.journal)).toEqual(asked(talk.journal));
  expect(replayed.journal.at(-1)).toMatchObject({ kind: 'end', reason: 'agent.finished' });
  expect(replayMachine(replayed.journal).difference).toBeUndefined();
});

test('a journal whose effects were changed is noticed', async () => {
  const talk = await runConversation({
    agent: smallAgent(),
    openBrain: (_agent, _context, clock) => new SmallBrain(() => [{ kind: 'text', text: 'Hello.' }], clock),
    caller: (caller) => caller.listens().then(() => caller.hangsUp()),
  });
  const changed = talk.journal.map((line) =>
    line.kind === 'out' && (line.effect as { kind: string }).kind === 'ask'
      ? { ...line, effect: { ...(line.effect as object), why: 'silence' } as never }
      : line,
  );
  expect(replayMachine(talk.journal).difference).toBeUndefined();
  expect(replayMachine(changed).difference).toMatchObject({ input: 0 });
});

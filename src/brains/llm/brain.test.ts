import { MockLanguageModelV3, simulateReadableStream } from 'ai/test';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { describeTextBrain } from '../../../test/support/brain-conformance.ts';
import { defineAgent } from '../../agent/define.ts';
import { type LlmSource, llm } from '../../agent/llm.ts';
import { tool } from '../../agent/tool.ts';
import { transfer } from '../../agent/transfer.ts';
import type { Json } from '../../kit/json.ts';
import type { Ask, Item, Part, TextBrain } from '../../ports/brain.ts';
import { runConversation } from '../../testing/run-conversation.ts';
import { openBrain, prepareBrains } from '../open.ts';

type Options = ConstructorParameters<typeof MockLanguageModelV3>[0];
type StreamPart =
  Awaited<ReturnType<MockLanguageModelV3['doStream']>>['stream'] extends ReadableStream<infer P> ? P : never;

const USAGE = {
  inputTokens: { total: 20, noCache: 20, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 5, text: 5, reasoning: undefined },
};

const text = (words: string): StreamPart[] => [
  { type: 'text-start', id: 't' },
  ...words.split(/(?<= )/).map((delta): StreamPart => ({ type: 'text-delta', id: 't', delta })),
  { type: 'text-end', id: 't' },
];
const call = (toolName: string, input: Json): StreamPart => ({
  type: 'tool-call',
  toolCallId: 'call_0',
  toolName,
  input: JSON.stringify(input),
});
const end = (): StreamPart => ({
  type: 'finish',
  usage: USAGE,
  finishReason: { unified: 'stop', raw: 'stop' },
});

/** A model that gives these answers, one after the other, the last one again and again. */
function modelOf(...answers: readonly (readonly StreamPart[])[]): MockLanguageModelV3 {
  let asked = 0;
  const doStream: NonNullable<Options>['doStream'] = async () => ({
    stream: simulateReadableStream({
      chunks: [...(answers[Math.min(asked++, answers.length - 1)] ?? [])],
      initialDelayInMs: null,
      chunkDelayInMs: null,
    }),
  });
  return new MockLanguageModelV3({ doStream });
}

const agentOf = (model: MockLanguageModelV3, more: Partial<LlmSource> = {}) =>
  defineAgent({
    name: 'desk',
    greeting: 'Lakeside Clinic.',
    timeZone: 'UTC',
    brain: llm({ model, instructions: 'Answer in one sentence.', ...more }),
  });

async function brainOf(
  model: MockLanguageModelV3,
  more?: Partial<LlmSource>,
  snapshot?: Json,
): Promise<TextBrain> {
  const agent = agentOf(model, more);
  await prepareBrains([agent], () => ({ openai: [], anthropic: [], google: [], groq: [] }));
  const brain = openBrain(agent, {
    callId: 'c1',
    agentName: 'desk',
    timeZone: 'UTC',
    vars: {},
    line: { canTransfer: true },
    ...(snapshot !== undefined && { snapshot }),
  });
  if (brain.kind !== 'text') throw new Error('a language model thinks in text');
  return brain;
}

const said = (words: string): Item => ({ id: 'i1', kind: 'caller', text: words, from: 0, to: 1 });

async function ask(brain: TextBrain, reply: string, more: Partial<Ask> = {}): Promise<Part[]> {
  const parts: Part[] = [];
  const question: Ask = {
    reply,
    why: 'turn',
    speculative: false,
    conversation: [said('Hi.')],
    wallMs: 0,
    ...more,
  };
  for await (const part of brain.reply(question, new AbortController().signal)) parts.push(part);
  return parts;
}

const yes = agentOf(modelOf([...text('Yes, of course.'), end()]));
await prepareBrains([yes], () => ({ openai: [], anthropic: [], google: [], groq: [] }));
describeTextBrain('language model', (snapshot) => {
  const context = { callId: 'c', agentName: 'desk', timeZone: 'UTC', vars: {}, line: { canTransfer: true } };
  const brain = openBrain(yes, { ...context, ...(snapshot !== undefined && { snapshot }) });
  if (brain.kind !== 'text') throw new Error('a language model thinks in text');
  return brain;
});

describe('a brain that is a language model', () => {
  it('hands on words as they come, and what they cost', async () => {
    const brain = await brainOf(modelOf([...text('We are open.'), end()]));
    expect(await ask(brain, 'r1')).toEqual([
      { kind: 'text', text: 'We ' },
      { kind: 'text', text: 'are ' },
      { kind: 'text', text: 'open.' },
      { kind: 'done', usage: { input_tokens: 20, output_tokens: 5 } },
    ]);
  });

  it('tells the model what the caller heard, and no more', async () => {
    const model = modelOf([...text('Yes.'), end()]);
    await ask(await brainOf(model), 'r1', {
      conversation: [
        { id: 'i1', kind: 'agent', reply: 'r0', text: 'We have Monday', cut: true },
        { id: 'i2', kind: 'agent', reply: 'r1', text: '', cut: true },
        said('No.'),
      ],
    });
    expect(model.doStreamCalls[0]?.prompt).toMatchObject([
      { role: 'system', content: 'Answer in one sentence.' },
      { role: 'user', content: [{ text: '(The call begins.)' }] },
      { role: 'assistant', content: [{ text: 'We have Monday …' }] },
      { role: 'user', content: [{ text: 'No.' }] },
    ]);
  });

  it('asks the call for tools, never runs one, and names each run anew', async () => {
    let ran = 0;
    const look = tool({
      description: 'Look',
      inputSchema: z.object({ day: z.string() }),
      execute: () => ++ran,
    });
    const answer = [call('look', { day: 'Monday' }), call('none', {}), end()];
    const brain = await brainOf(modelOf(answer), { tools: { look } });
    expect((await ask(brain, 'r1')).slice(0, 2)).toEqual([
      { kind: 'tool', id: 'r1.1', name: 'look', input: { day: 'Monday' } },
      { kind: 'tool', id: 'r1.2', name: 'none', input: {} },
    ]);
    expect((await ask(brain, 'r2'))[0]).toMatchObject({ id: 'r2.1' });
    expect(ran).toBe(0);
  });

  it('moves the call where the model hangs up or transfers', async () => {
    const human = transfer({ to: 'tel:+15550100', mode: 'warm' });
    const brain = await brainOf(modelOf([call('human', {}), end()], [call('hang_up', {}), end()]), {
      tools: { human },
    });
    expect((await ask(brain, 'r1'))[0]).toEqual({
      kind: 'move',
      move: { kind: 'transfer', to: 'tel:+15550100', mode: 'warm', ringS: 25 },
    });
    expect((await ask(brain, 'r2'))[0]).toEqual({
      kind: 'move',
      move: { kind: 'end', reason: 'agent.finished' },
    });
  });

  it('says goodbye when the call has used its tokens, also after another worker went on with it', async () => {
    const model = modelOf([...text('Yes.'), end()]);
    const brain = await brainOf(model, { maxTokens: 25 });
    await ask(brain, 'r1');
    brain.settled('r1', 'heard', 'Yes.');
    for (const one of [brain, await brainOf(model, { maxTokens: 25 }, brain.snapshot())])
      expect((await ask(one, 'r2'))[1]).toEqual({
        kind: 'move',
        move: { kind: 'end', reason: 'agent.finished' },
      });
    expect(model.doStreamCalls).toHaveLength(1);
  });

  it.each([
    ['an answer that breaks off', [...text('Well')], 'broke off its answer'],
    ['an empty answer', [end()], 'gave no answer (stop)'],
    ['an error in the stream', [{ type: 'error', error: new Error('key sk-1') } as const], 'failed: Error'],
  ])('fails with %s, and says no secret', async (_name, answer, message) => {
    const brain = await brainOf(modelOf(answer));
    await expect(ask(brain, 'r1')).rejects.toThrow(`the model mock-provider/mock-model-id ${message}`);
  });

  it('needs its key before the first call', async () => {
    const agent = defineAgent({
      name: 'a',
      greeting: 'Hi.',
      brain: llm({ model: 'openai/some', instructions: 'x' }),
    });
    const loading = prepareBrains([agent], () => ({ openai: [], anthropic: [], google: [], groq: [] }));
    await expect(loading).rejects.toThrow('the model openai/some needs a key: set OPENAI_API_KEY');
  });

  it('holds a conversation with a tool, through the whole call', async () => {
    const find = tool({
      description: 'Find a free time',
      inputSchema: z.object({ day: z.string() }),
      effect: 'none',
      execute: ({ day }) => ({ day, time: '10:30' }),
    });
    const model = modelOf(
      [call('find', { day: 'Monday' }), end()],
      [...text('Half past ten is free.'), end()],
      [...text('Goodbye.'), call('hang_up', {}), end()],
    );
    const { heard, reason, tools } = await runConversation({
      agent: agentOf(model, { tools: { find } }),
      caller: async (caller) => {
        await caller.hears('Lakeside Clinic.');
        await caller.says('Is there anything on Monday?');
        await caller.hears('is free.');
        await caller.says('Thank you.');
      },
    });
    expect(heard).toBe('Lakeside Clinic. Half past ten is free. Goodbye.');
    expect(reason).toBe('agent.finished');
    expect(tools).toMatchObject([{ name: 'find', input: { day: 'Monday' } }]);
    expect(model.doStreamCalls[1]?.prompt.at(-1)).toMatchObject({
      role: 'tool',
      content: [{ output: { type: 'text', value: '{"day":"Monday","time":"10:30"}' } }],
    });
  });
});

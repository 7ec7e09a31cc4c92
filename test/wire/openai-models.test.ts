import OpenAI from 'openai';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../../src/agent/define.ts';
import { llm } from '../../src/agent/llm.ts';
import { tool } from '../../src/agent/tool.ts';
import { openBrain, prepareBrains } from '../../src/brains/open.ts';
import type { Part } from '../../src/ports/brain.ts';
import { type Behaviour, openaiServer } from '../support/openai-server.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function serve(behaviour: Behaviour) {
  const server = await openaiServer(behaviour);
  closers.push(() => server.close());
  return server;
}

describe('the loopback server, asked by the vendor’s own client', () => {
  const ask = async (behaviour: Behaviour, apiKey?: string) => {
    const { url, key } = await serve(behaviour);
    const client = new OpenAI({ baseURL: url, apiKey: apiKey ?? key, maxRetries: 0 });
    const stream = await client.chat.completions.create({
      model: 'some',
      messages: [{ role: 'user', content: 'Hi.' }],
      stream: true,
    });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    return chunks;
  };

  it('streams an answer and its usage', async () => {
    const chunks = await ask('good');
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe('We are open.');
    expect(chunks.at(-1)?.usage?.total_tokens).toBe(25);
  });

  it('streams a tool call in pieces', async () => {
    const calls = (await ask('tool')).flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? []);
    expect(calls.map((call) => call.function?.arguments ?? '').join('')).toBe('{"day":"Monday"}');
  });

  it('refuses a wrong key and too many requests as the client knows them', async () => {
    await expect(ask('good', 'sk-wrong')).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
    await expect(ask('rate-limit')).rejects.toBeInstanceOf(OpenAI.RateLimitError);
  });
});

describe('a model at an endpoint', () => {
  const hours = tool({ description: 'Hours', inputSchema: z.object({ day: z.string() }), execute: () => 1 });
  const ask = async (behaviour: Behaviour) => {
    const { url, asked } = await serve(behaviour);
    const brainSpec = llm({ model: { url, model: 'some' }, instructions: 'Be brief.', tools: { hours } });
    const agent = defineAgent({ name: 'desk', greeting: 'Hi.', brain: brainSpec });
    await prepareBrains([agent], () => ({ openai: [], anthropic: [], google: [], groq: [] }));
    const context = {
      callId: 'c',
      agentName: 'desk',
      timeZone: 'UTC',
      vars: {},
      line: { canTransfer: false },
    };
    const brain = openBrain(agent, context);
    if (brain.kind !== 'text') throw new Error('a language model thinks in text');
    const parts: Part[] = [];
    const conversation = [{ id: 'i', kind: 'caller', text: 'When?', from: 0, to: 1 }] as const;
    const question = { reply: 'r1', why: 'turn', speculative: false, conversation, wallMs: 0 } as const;
    for await (const part of brain.reply(question, new AbortController().signal)) parts.push(part);
    return { parts, asked };
  };

  it.each(['good', 'unknown-events'] as const)('answers over a socket (%s)', async (behaviour) => {
    const { parts, asked } = await ask(behaviour);
    expect(parts).toEqual([
      { kind: 'text', text: 'We are ' },
      { kind: 'text', text: 'open.' },
      { kind: 'done', usage: { input_tokens: 20, output_tokens: 5 } },
    ]);
    expect(asked).toMatchObject([{ stream: true, messages: [{ role: 'system' }, { content: 'When?' }] }]);
  });

  it('asks for a tool whose input came in pieces', async () => {
    const { parts } = await ask('tool');
    expect(parts[0]).toEqual({ kind: 'tool', id: 'r1.1', name: 'hours', input: { day: 'Monday' } });
  });

  it('fails once, with the status, when there are too many requests', async () => {
    await expect(ask('rate-limit')).rejects.toThrow('answered 429: too many requests');
  });

  it.each(['closes', 'garbage'] as const)('fails when the stream %s', async (behaviour) => {
    await expect(ask(behaviour)).rejects.toThrow(/the model 127\.0\.0\.1:\d+\/some failed/);
  });
});

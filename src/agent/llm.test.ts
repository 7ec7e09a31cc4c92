import { expect, it } from 'vitest';
import { defineAgent } from './define.ts';
import { llm } from './llm.ts';
import { AgentMistakes } from './mistakes.ts';
import { transfer } from './transfer.ts';

function mistakesOf(source: Record<string, unknown>): string[] {
  const brain = llm({ model: 'openai/some', instructions: 'Be brief.', ...source });
  try {
    defineAgent({ name: 'desk', greeting: 'Hi.', brain });
    return [];
  } catch (error) {
    if (!(error instanceof AgentMistakes)) throw error;
    return error.mistakes.map(({ path, message }) => `${path}: ${message}`);
  }
}

it.each<[string, Record<string, unknown>]>([
  ['a provider and a model', {}],
  ['a model whose name has slashes', { model: 'groq/openai/gpt-oss-20b' }],
  ['an endpoint', { model: { url: 'http://127.0.0.1:11434/v1', model: 'llama3.2' } }],
  ['a model object', { model: { specificationVersion: 'v3', provider: 'p', modelId: 'm' } }],
])('takes %s', (_name, source) => {
  expect(mistakesOf(source)).toEqual([]);
});

it.each<[string, Record<string, unknown>, string]>([
  [
    'a provider we do not know',
    { model: 'acme/one' },
    'model: "acme/one" is no provider/model; the providers are openai, anthropic, google, groq',
  ],
  [
    'a provider without a model',
    { model: 'openai' },
    'model: "openai" is no provider/model; the providers are openai, anthropic, google, groq',
  ],
  [
    'an endpoint that is no address',
    { model: { url: 'ollama', model: 'm' } },
    'model.url: must be an address such as http://127.0.0.1:11434/v1',
  ],
  [
    'a model object of another SDK',
    { model: { specificationVersion: 'v4' } },
    'model: must be provider/model, { url, model }, or a model object of the AI SDK 6',
  ],
  ['empty instructions', { instructions: ' ' }, 'instructions: must be a text, or a function that gives one'],
  ['no tokens', { maxTokens: 0 }, 'maxTokens: must be a whole number of tokens, at least 1'],
  [
    'a tool of the name of ours',
    { tools: { hang_up: {} } },
    'tools.hang_up: "hang_up" is there already; use another name',
  ],
  [
    'a tool that is none',
    { tools: { look: {} } },
    'tools.look: must be what tool({ … }) or transfer({ … }) returns',
  ],
  [
    'a number nobody can call',
    { tools: { human: transfer({ to: '555' }) } },
    'tools.human: "555" is no number to call: use tel:+15550100 or sip:desk@example.com',
  ],
])('refuses %s', (_name, source, mistake) => {
  expect(mistakesOf(source)).toEqual([mistake]);
});

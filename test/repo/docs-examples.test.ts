import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { Agent } from '../../src/agent/agent.ts';
import { localTime } from '../../src/agent/hear/calendar.ts';
import { TextCall } from '../support/text-call.ts';

/** Every example of the manual is compiled, and every conversation in it is held. */

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface Block {
  readonly language: string;
  readonly options: Readonly<Record<string, string>>;
  readonly text: string;
}

function blocksOf(page: string): Block[] {
  const markdown = readFileSync(join(ROOT, page), 'utf8');
  return [...markdown.matchAll(/^```([^\n]*)\n([\s\S]*?)^```$/gm)].map(([, info = '', text = '']) => {
    const [language = '', ...options] = info.split(' ');
    return {
      language,
      options: Object.fromEntries(options.map((one) => one.split('=', 2) as [string, string])),
      text,
    };
  });
}

const blocks = blocksOf('docs/agents.md');
const examples = blocks.filter(({ language }) => language === 'ts');
const conversations = blocks.filter(({ language }) => language === 'conversation');

// Inside the package, so that `zod` and the types are found as a user would find them.
mkdirSync(join(ROOT, 'dist'), { recursive: true });
const dir = mkdtempSync(join(ROOT, 'dist', 'docs-examples-'));
for (const { options, text } of examples) writeFileSync(join(dir, options['file'] ?? ''), text);
afterAll(() => rmSync(dir, { recursive: true }));

it('every example has a file name, and most have a conversation', () => {
  expect(examples.length).toBeGreaterThanOrEqual(4);
  expect(conversations.length).toBeGreaterThanOrEqual(4);
  for (const { options } of examples) expect(options['file']).toMatch(/^[a-z]+\.ts$/);
});

it('every example compiles under the strictest settings', () => {
  const files = examples.map(({ options }) => options['file']);
  writeFileSync(
    join(dir, 'tsconfig.json'),
    JSON.stringify({ extends: '../../tsconfig.json', include: [], files }),
  );
  const compile = () =>
    execFileSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', dir], {
      encoding: 'utf8',
    });
  expect(compile()).toBe('');
});

it('the example of a test passes', async () => {
  await expect(import(pathToFileURL(join(dir, 'trial.ts')).href)).resolves.toBeDefined();
});

describe('every conversation in the manual takes place', () => {
  it.each(conversations.map((block) => [block.options['agent'] ?? '', block] as const))(
    'with the agent %s',
    async (name, { options, text }) => {
      const example = examples.find((one) => one.options['file'] === `${name}.ts`);
      expect(example).toBeDefined();
      const module = (await import(pathToFileURL(join(dir, `${name}.ts`)).href)) as Record<string, Agent>;
      const agent = module[name];
      if (!agent) throw new Error(`${name}.ts exports no "${name}"`);
      const call = new TextCall(agent, momentIn(agent.timeZone, options['now'] ?? '2026-05-05T10:00'));
      let said = await call.open();
      for (const line of text.trim().split('\n')) {
        const [who = '', what = ''] = line.split(/: (.*)/s);
        if (who === 'agent') expect(said).toBe(what);
        else if (who === 'caller') said = await call.caller(what);
        else if (who === 'keys') said = await call.keys(what);
        else if (who === 'ends') expect(call.move).toEqual({ kind: 'end', reason: what });
        else if (who === 'result') expect(call.result).toEqual(JSON.parse(what));
        else throw new Error(`a conversation has no line "${line}"`);
      }
      expect(call.move).toEqual({ kind: 'end', reason: 'agent.finished' });
    },
  );
});

/** The moment at which it is this local time in a zone; to the minute, which is all an agent looks at. */
function momentIn(timeZone: string, local: string): number {
  const wanted = Date.parse(`${local}:00Z`);
  const { date, minutes } = localTime(wanted, timeZone);
  return wanted - (Date.parse(`${date}T00:00:00Z`) + minutes * 60_000 - wanted);
}

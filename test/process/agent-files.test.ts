import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';

const LOAD = new URL('../../dist/agent/load.js', import.meta.url).href;
const AGENTS = fileURLToPath(new URL('../../agents', import.meta.url));

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cxbcore-agents-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

interface Loaded {
  readonly first?: string;
  readonly agents?: readonly { name: string; hash: string; greeting: string }[];
  /** `file:line path: message`, with the folder left out. */
  readonly mistakes?: readonly string[];
  readonly transformerLoaded: boolean;
}

/** Loads a folder as a worker does, in a process of its own. */
function load(folder = dir): Loaded {
  const program = `
    const { loadAgents } = await import(${JSON.stringify(LOAD)});
    let out;
    try {
      const { agents, first } = await loadAgents(${JSON.stringify(folder)});
      out = { first, agents: [...agents.values()].map(({ name, hash, greeting }) => ({ name, hash, greeting })) };
    } catch (error) {
      if (!error.mistakes) throw error;
      out = { mistakes: error.mistakes.map(({ file, line, path, message }) =>
        file.slice(${folder.length + 1}) + ':' + line + ' ' + (path ? path + ': ' : '') + message) };
    }
    const transformerLoaded = process.report.getReport().sharedObjects.some((one) => one.includes('oxc-transform'));
    console.log(JSON.stringify({ ...out, transformerLoaded }));`;
  return JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' }),
  ) as Loaded;
}

function write(name: string, text: string): void {
  mkdirSync(dirname(join(dir, name)), { recursive: true });
  writeFileSync(join(dir, name), text);
}

const agent = (name: string, greeting = "'Hello.'") => `
import { defineAgent, script } from 'cxbcore';
import { z } from 'zod';
export const ${name} = defineAgent({
  name: '${name}',
  greeting: ${greeting},
  result: z.object({ done: z.boolean() }),
  brain: script({ slots: {}, start: 'bye', states: { bye: { say: 'Goodbye.', next: 'end' } } }),
});`;

it('the example agents load', () => {
  const { first, agents } = load(AGENTS);
  expect(first).toBe('clinic');
  expect(agents?.map(({ name }) => name)).toEqual(['clinic', 'survey']);
});

it('a folder without packages of its own uses the running one, from every kind of file', () => {
  write('a.ts', agent('a', "'Hello.' as string"));
  write('b.mjs', agent('b'));
  write('c.js', agent('c'));
  const { first, agents } = load();
  expect(first).toBe('a');
  expect(agents?.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
});

it('helpers, data files and packages resolve as they do in the source', () => {
  write('desk.ts', `import { greeting } from './lib/words.js';\n${agent('desk', 'greeting()')}`);
  write(
    'lib/words.ts',
    `import { readFileSync } from 'node:fs';
     import { polite } from 'manners';
     import type { Nothing } from './types.ts';
     const name: string = readFileSync(new URL('./name.txt', import.meta.url), 'utf8');
     export const greeting = (): Nothing | string => polite('Welcome to ' + name);`,
  );
  write('lib/types.ts', 'export type Nothing = undefined;');
  write('lib/name.txt', 'the desk');
  write('lib/node_modules/manners/package.json', '{"name":"manners","type":"module","main":"index.js"}');
  write('lib/node_modules/manners/index.js', "export const polite = (text) => text + ', please.';");
  expect(load().agents?.[0]?.greeting).toBe('Welcome to the desk, please.');
  expect(existsSync(join(dir, 'lib/.cxbcore/words.mjs'))).toBe(true);
});

it('what is unchanged is not transformed again, and a changed helper changes the hash', () => {
  write('desk.ts', `import { greeting } from './lib/words.ts';\n${agent('desk', 'greeting')}`);
  write('lib/words.ts', "export const greeting: string = 'Hello.';");
  const first = load();
  const second = load();
  expect([first.transformerLoaded, second.transformerLoaded]).toEqual([true, false]);
  expect(second.agents).toEqual(first.agents);
  write('lib/words.ts', "export const greeting: string = 'Good day.';");
  const third = load();
  expect(third.agents?.[0]?.greeting).toBe('Good day.');
  expect(third.agents?.[0]?.hash).not.toBe(first.agents?.[0]?.hash);
});

it('every mistake of every file is reported with its place', () => {
  write(
    'desk.ts',
    `import { defineAgent, hear, script } from 'cxbcore';

export const desk = defineAgent({
  name: 'front desk',
  greeting: 'Hello.',
  brain: script({
    slots: {
      day: hear.date(),
      'pin': hear.digits(0),
    },
    start: 'wen' as never,
    states: {
      // next: 'in a comment'
      when: { say: 'When? next: "never"', hear: 'dya' as never, next: 'bye' },
      bye: {
        say: 'Goodbye.',
        next: 'edn' as never,
      },
    },
  }),
});`,
  );
  write('empty.ts', 'export const nothing = 1;');
  write('syntax.ts', 'export const a = 1;\nexport const b = ;\n');
  write(
    'throws.ts',
    `interface Shape {}\n\nexport const first: Shape = {};\nthrow new Error('no database');`,
  );
  write('lost.ts', "import { x } from './nowhere.ts';\nexport const y = x;");
  write('twice.ts', agent('same'));
  write('twice-again.ts', agent('same'));
  const { mistakes = [] } = load();
  expect(mistakes.toSorted()).toEqual([
    'desk.ts:11 start: there is no state "wen"; did you mean "when"?',
    'desk.ts:14 states.when.hear: there is no slot "dya"; did you mean "day"?',
    'desk.ts:17 states.bye.next: there is no state "edn"; did you mean "end"?',
    'desk.ts:4 name: must be 1 to 64 letters, digits, ".", "_" or "-", and start with a letter or digit',
    'desk.ts:9 slots.pin: digits must be 1 to 40, the smaller number first; this is 0 to 0',
    'empty.ts:1 exports no agent: export what defineAgent({ … }) returns, or move helpers into a folder of their own',
    'lost.ts:1 imports "./nowhere.ts", and there is no such file',
    'syntax.ts:2 Unexpected token',
    'throws.ts:4 Error: no database',
    'twice.ts:5 name: "same" is already the name of the agent in twice-again.ts',
  ]);
});

it('tests, hidden files and folders are no agents', () => {
  write('desk.ts', agent('desk'));
  write('desk.test.ts', 'throw new Error("a test");');
  write('_draft.ts', 'throw new Error("a draft");');
  write('lib/helper.ts', 'throw new Error("not imported");');
  expect(load().agents?.map(({ name }) => name)).toEqual(['desk']);
  expect(readdirSync(join(dir, '.cxbcore')).sort()).toEqual(['desk.mjs', 'desk.mjs.map']);
});

it('a folder that is not there is said to be missing', () => {
  expect(load(join(dir, 'nowhere')).mistakes).toEqual([
    ':1 there is no such folder: set CXBCORE_AGENTS to the folder of your agent files',
  ]);
});

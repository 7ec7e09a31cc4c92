import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { journalFolder } from '../../src/journal/paths.ts';
import { cxbcore } from '../support/cli.ts';
import { pcmCall, quietHost, type TestHost, temporaryFolder, until } from '../support/host.ts';

/** A folder with one agent whose greeting comes from a helper. */
function agentsFolder(greeting: string): string {
  const folder = join(temporaryFolder(), 'agents');
  mkdirSync(join(folder, 'lib'), { recursive: true });
  writeFileSync(
    join(folder, 'desk.mjs'),
    `import { defineAgent, script } from 'cxbcore';
     import { greeting } from './lib/words.mjs';
     export const desk = defineAgent({ name: 'desk', stt: 'none', tts: 'none', greeting,
       brain: script({ slots: {}, start: 'bye', states: { bye: { say: 'Goodbye.', next: 'end' } } }) });`,
  );
  writeGreeting(folder, greeting);
  return folder;
}

function writeGreeting(folder: string, greeting: string): void {
  writeFileSync(join(folder, 'lib/words.mjs'), `export const greeting = ${JSON.stringify(greeting)};`);
}

function reload({ folder }: TestHost, ...more: string[]) {
  const where = ['--socket-dir', folder, '--data-dir', `${folder}/data`, '--workers', '1'];
  return cxbcore(['reload', ...where, '--settings', `${folder}/none`, ...more]);
}

async function hashOf({ host }: TestHost): Promise<unknown> {
  return (await host.status(1))?.agents?.['desk'];
}

/** What the agent says first in a call of its own. */
async function greetingOf({ host, folder }: TestHost): Promise<string> {
  const before = new Set(readdirSync(journalFolder(`${folder}/data`)));
  const call = await until(async () => {
    const next = await pcmCall(host.port);
    return next.status === 101 && next;
  });
  const journal = await until(() => {
    const name = readdirSync(journalFolder(`${folder}/data`)).find((one) => !before.has(one));
    const text = name === undefined ? '' : readFileSync(join(journalFolder(`${folder}/data`), name), 'utf8');
    return text.includes('"kind":"text"') && text;
  });
  call.socket?.destroy();
  return journal;
}

test('a free seat reads a changed helper at once, without another process, and the journal has the new hash', async () => {
  const agents = agentsFolder('Good morning.');
  const host = await quietHost({ workers: 1, env: { CXBCORE_AGENTS: agents } });
  await host.host.ready(1);
  const pid = host.host.workers()[0]?.pid;
  const first = await hashOf(host);
  expect(await greetingOf(host)).toContain('Good morning.');
  await until(async () => (await host.host.status(1))?.state === 'free');

  writeGreeting(agents, 'Good evening.');
  const command = reload(host);
  expect(await command.exited).toBe(0);
  const second = await hashOf(host);
  expect(second).not.toBe(first);
  expect(command.output()).toContain(`seat 1  has read desk ${String(second)}`);
  const journal = await greetingOf(host);
  expect(journal).toContain('Good evening.');
  expect(journal).toContain(`"hash":"${String(second)}"`);
  expect(host.host.workers()[0]?.pid).toBe(pid);
});

test('a wrong file keeps the old agents in force, and the command says where it is wrong', async () => {
  const agents = agentsFolder('Good morning.');
  const host = await quietHost({ workers: 1, env: { CXBCORE_AGENTS: agents } });
  await host.host.ready(1);
  const before = await hashOf(host);
  writeFileSync(join(agents, 'lib/words.mjs'), 'export const greeting = ;');
  const command = reload(host);
  expect(await command.exited).toBe(1);
  expect(command.output()).toContain('seat 1  keeps its old agents: ');
  expect(command.output()).toContain('words.mjs:1: ');
  expect(await hashOf(host)).toBe(before);
  expect(await greetingOf(host)).toContain('Good morning.');
});

test('a seat with a call reads them after it', async () => {
  const agents = agentsFolder('Good morning.');
  const host = await quietHost({ workers: 1, env: { CXBCORE_AGENTS: agents } });
  await host.host.ready(1);
  const before = await hashOf(host);
  const call = await pcmCall(host.host.port);
  writeGreeting(agents, 'Good evening.');
  const command = reload(host);
  expect(await command.exited).toBe(0);
  expect(command.output()).toMatch(/seat 1 {2}reads them after call_/);
  expect(await hashOf(host)).toBe(before);
  call.socket?.destroy();
  await until(async () => (await hashOf(host)) !== before);
  await until(async () => (await host.host.status(1))?.state === 'free');
});

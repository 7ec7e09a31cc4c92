import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CallRecord } from '../../src/journal/call-record.ts';
import { recordPath } from '../../src/journal/paths.ts';
import { entryPath } from '../../src/kit/entry.ts';

const DIST = dirname(dirname(entryPath('journal/journal')));
const SHOP = fileURLToPath(new URL('../fixtures/shop-call.mjs', import.meta.url));

let dataDir: string;
let children: ChildProcess[];

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'cxb-continued-'));
  children = [];
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(dataDir, { recursive: true, force: true });
});

function start(part: 'first' | 'next') {
  const child = spawn(process.execPath, [SHOP, DIST, dataDir, part], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return child;
}

/** A worker in mid-call: the caller has said what they want, and was asked for more. */
async function midCall() {
  const child = start('first');
  const lines = createInterface(child.stdout);
  for await (const line of lines) if (line === 'waiting') break;
  return child;
}

async function goneOn(): Promise<string[]> {
  return (await text(start('next').stdout)).trim().split('\n');
}

const record = () => JSON.parse(readFileSync(recordPath(dataDir, 'call_shop'), 'utf8')) as CallRecord;

test('a call whose worker is killed goes on in another process with what the caller had said', async () => {
  const first = await midCall();
  first.kill('SIGKILL');
  await once(first, 'exit');
  const said = await goneOn();
  expect(said[0]).toBe('I am sorry, we were interrupted. Small or large?');
  expect(said).toContain('I am sorry, we were interrupted. Small or large? One large tea. Goodbye.');
  expect(said).toContain('agent.finished');
  expect(record()).toMatchObject({
    result: { what: 'tea', size: 'large' },
    end: { reason: 'agent.finished' },
    incarnations: [
      { n: 1, worker: 1, ended: 'died', cause: 'killed by SIGKILL' },
      { n: 2, worker: 2, ended: 'end' },
    ],
  });
});

test('a worker that hung, and wakes when another one has its call, notices and goes', async () => {
  const first = await midCall();
  const rest = text(first.stdout);
  first.kill('SIGSTOP');
  const said = await goneOn();
  expect(said).toContain('agent.finished');
  const before = record();
  first.kill('SIGCONT');
  expect(await rest).toContain('lost');
  expect(record()).toEqual(before);
});

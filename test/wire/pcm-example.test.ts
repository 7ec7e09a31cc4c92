import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bytesFromSamples } from '../../src/audio/pcm.ts';
import { pcm } from '../../src/carriers/pcm/media.ts';
import { CarrierServer } from '../support/carrier-server.ts';
import { LineEvents } from '../support/line-events.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/pcm-client.mjs', import.meta.url));

let dir: string;
let server: CarrierServer;
let client: ChildProcess | undefined;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cxb-example-'));
});
afterEach(() => {
  client?.kill('SIGKILL');
  server.close();
  rmSync(dir, { recursive: true, force: true });
});

async function call(env: Readonly<Record<string, string>>) {
  server = new CarrierServer(pcm, { env: { CXBCORE_API_KEYS: 'key-of-16-characters' }, trusted: false });
  const question = Int16Array.from({ length: 800 }, (_, i) => i);
  writeFileSync(join(dir, 'question.raw'), bytesFromSamples(question));
  const url = `ws://127.0.0.1:${await server.listen()}/media/pcm`;
  const words = [EXAMPLE, url, join(dir, 'question.raw'), join(dir, 'heard.raw')];
  const child = spawn(process.execPath, words, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  client = child;
  return { question, said: text(child.stdout), faults: text(child.stderr), exit: once(child, 'exit') };
}

test('the documented client holds a call: it speaks, hears, answers marks, gives way, and ends with the call', async () => {
  const { question, said, exit } = await call({ CXBCORE_API_KEY: 'key-of-16-characters' });
  const line = await server.line();
  const events = new LineEvents(line);
  line.tell({ kind: 'ready', callId: 'call_1' });
  line.tell({ kind: 'transcript', who: 'agent', text: 'Hello.', final: true });
  for (let frame = 0; frame < 3; frame++) await events.next('media');
  const hello = new Int16Array(320).fill(5);
  line.send(hello, 0);
  line.mark('hello', 0);
  expect(await events.next('mark')).toMatchObject({ name: 'hello', how: 'played' });
  line.send(new Int16Array(16_000 * 60), 0);
  line.mark('long', 0);
  line.flush(1);
  expect(await events.next('mark')).toMatchObject({ name: 'long', how: 'cleared' });
  await line.end('agent.finished');
  expect(await exit).toEqual([0, null]);
  expect(await said).toBe('agent: Hello.\nthe call is over: agent.finished\n');
  const spoken = events.all.flatMap((event) => (event.kind === 'media' ? [...event.samples] : []));
  expect(spoken.slice(0, 800)).toEqual([...question]);
  const heard = readFileSync(join(dir, 'heard.raw'));
  expect(heard.subarray(0, 640)).toEqual(Buffer.from(bytesFromSamples(hello)));
});

test('the documented client says why it was not let in', async () => {
  const { faults, exit } = await call({ CXBCORE_API_KEY: 'wrong' });
  expect(await exit).toEqual([1, null]);
  expect(await faults).toContain('401');
});

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { until } from '../support/host.ts';
import { freePort, freeWorker, type WorkerProcess } from '../support/worker.ts';

const PAGE = fileURLToPath(new URL('../../docs/start-calls.md', import.meta.url));
const AGENTS = fileURLToPath(new URL('../fixtures/call-starts-agents', import.meta.url));
const KEY = 'key-of-the-manual-0123';
const NOT_SET_UP = ['join', 'dialout', 'widget', 'dispatch'];

function blocks(kind: string): Map<string, string> {
  const found = new Map<string, string>();
  const page = readFileSync(PAGE, 'utf8');
  for (const [, option = '', name = '', text = ''] of page.matchAll(/^```\w+ (\w+)=(\w+)\n([\s\S]*?)^```$/gm))
    if (option === kind) found.set(name, text);
  return found;
}

interface Answer {
  readonly error?: string;
  readonly message?: string;
  readonly call_id?: string;
}

async function run(script: string, env: Record<string, string>): Promise<Answer> {
  const { stdout } = await promisify(execFile)('bash', ['-euc', script], { env: { ...process.env, ...env } });
  return JSON.parse(stdout) as Answer;
}

async function worker(env: Record<string, string>): Promise<[WorkerProcess, Record<string, string>]> {
  const port = await freePort();
  const started = await freeWorker({
    env: {
      CXBCORE_SOCKET: '',
      CXBCORE_PORT: String(port),
      CXBCORE_MODE: 'production',
      CXBCORE_API_KEYS: KEY,
      CXBCORE_AGENTS: AGENTS,
      CXBCORE_FLEET: 'here',
      ...env,
    },
  });
  return [started, { CXB: `http://127.0.0.1:${port}`, KEY }];
}

it('every example of the page does what it says', async () => {
  const examples = blocks('run');
  const answers = blocks('answer');
  expect([...examples.keys()].sort()).toEqual(['again', 'dial', 'expect', ...NOT_SET_UP].sort());
  const [started, shell] = await worker({
    CXBCORE_TOKEN_KEYS: 'token-key-0123456789',
    CXBCORE_PUBLIC_URL: 'https://voice.example.com',
    CXBCORE_DIAL_ALLOW: 'media.example.com',
    CXBCORE_DIAL_MS: '200',
  });
  const example = (name: string) => run(examples.get(name) ?? '', shell);
  const shown = (name: string) => JSON.parse(answers.get(name) ?? '') as Record<string, unknown>;

  // A host without LiveKit says so of every route that needs it, after it has found the body valid.
  for (const name of NOT_SET_UP) {
    const { error, message } = await example(name);
    expect([name, error, message]).toEqual([name, 'unusable', expect.stringContaining('LIVEKIT_URL')]);
  }
  const expected = await example('expect');
  const { worker: _worker, ...always } = shown('expect');
  expect(expected).toEqual({
    ...always,
    worker: 0,
    media_url: expect.stringMatching(/^wss:\/\/voice\.example\.com\/media\/pcm\/r\/here\/0\/cxb1\./),
    expires_at: expect.any(String),
  });
  expect(await example('again')).toMatchObject(shown('again'));
  await started.post('/hangup');
  await started.until(({ state }) => state === 'free');
  const dialled = await example('dial');
  expect(dialled.error).toBeUndefined();
  await until(async () => (await started.status()).state === 'free');
});

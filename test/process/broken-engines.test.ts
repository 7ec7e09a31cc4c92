import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { WORKER_COMMAND } from '../../src/fleet/worker-process.ts';
import { fixtureHost, pcmCall, type TestHost, until } from '../support/host.ts';

const AGENTS = fileURLToPath(new URL('../fixtures/fragile-agents', import.meta.url));

/** A host of one worker, whose engines break when it gets SIGUSR2. */
async function fragileHost(env: Record<string, string> = {}): Promise<TestHost & { readonly pid: number }> {
  const test = await fixtureHost({
    workers: 1,
    workerCommand: WORKER_COMMAND,
    env: { ...process.env, CXBCORE_MODE: 'development', CXBCORE_AGENTS: AGENTS, ...env },
  });
  await test.host.ready(1);
  return { ...test, pid: test.host.workers()[0]?.pid ?? 0 };
}

async function replacedAndWorking({ host, events, pid }: Awaited<ReturnType<typeof fragileHost>>) {
  const died = await until(() => events.find((event) => event.type === 'died'));
  expect(died).toMatchObject({ worker: 1, how: 'ended with 70' });
  await until(() => host.workers().some(({ at, pid: other }) => at === 'up' && other !== pid));
  const next = await pcmCall(host.port);
  expect(next.status).toBe(101);
  next.socket?.destroy();
}

test('a worker whose speech thread dies between calls is replaced, and the next call works', async () => {
  const host = await fragileHost();
  process.kill(host.pid, 'SIGUSR2');
  await replacedAndWorking(host);
});

test('a worker whose speech thread dies in a call takes no other after it', async () => {
  const host = await fragileHost();
  const call = await pcmCall(host.host.port);
  process.kill(host.pid, 'SIGUSR2');
  call.socket?.destroy();
  await replacedAndWorking(host);
});

test('a worker whose speech thread hangs takes no call after the one that showed it', async () => {
  const host = await fragileHost({ FIXTURE: 'hang', CXBCORE_RESET_MS: '500' });
  const call = await pcmCall(host.host.port);
  process.kill(host.pid, 'SIGUSR2');
  call.socket?.destroy();
  await replacedAndWorking(host);
});

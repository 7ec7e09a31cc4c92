import { expect, test } from 'vitest';
import { pcmCall, quietHost, until } from '../support/host.ts';
import { startWorkerProcess, workerFolder } from '../support/worker.ts';

test('a worker that has carried as many calls as it may is replaced after the last one, and ends with 0', async () => {
  const host = await quietHost({ workers: 1, env: { CXBCORE_RECYCLE_CALLS: '1' } });
  await host.host.ready(1);
  const pid = host.host.workers()[0]?.pid;
  const call = await pcmCall(host.host.port);
  expect(call.status).toBe(101);
  call.socket?.destroy();
  const died = await until(() => host.events.find((event) => event.type === 'died'));
  expect(died).toMatchObject({ worker: 1, how: 'ended with 0' });
  await until(() => host.host.workers().some(({ at, pid: other }) => at === 'up' && other !== pid));
  const next = await pcmCall(host.host.port);
  expect(next.status).toBe(101);
  next.socket?.destroy();
});

test('a worker that dies at once waits before it loads anything, and says so', async () => {
  const folder = workerFolder();
  const wrong = { folder, env: { CXBCORE_AGENTS: '/nowhere' } };
  expect((await startWorkerProcess(wrong).exited).code).toBe(78);
  const second = startWorkerProcess(wrong);
  expect((await second.exited).code).toBe(78);
  expect(second.output()).toContain('the last one ended soon after its start; waiting 1 s');
});

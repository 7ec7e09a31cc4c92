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

test('workers that are worn out are replaced under load, and no start is refused for it', async () => {
  const { host, events } = await quietHost({ workers: 3, env: { CXBCORE_RECYCLE_CALLS: '1' } });
  await host.ready(3);
  const states = () =>
    Promise.all(host.workers().map(async ({ worker }) => (await host.status(worker))?.state));
  const replaced = () =>
    new Set(events.flatMap((event) => (event.type === 'died' ? [`${event.worker} ${event.how}`] : [])));
  const answers: number[] = [];
  // Of two seats that are free one may be about to go, and no more than one: whoever asks then must get the other.
  while (replaced().size < 2) {
    await until(async () => (await states()).filter((state) => state === 'free').length >= 2);
    const call = await pcmCall(host.port);
    answers.push(call.status);
    call.socket?.destroy();
  }
  expect(answers.filter((status) => status !== 101)).toEqual([]);
  expect([...replaced()].filter((how) => !how.endsWith(' ended with 0'))).toEqual([]);
});

test('a worker that dies at once waits before it loads anything, and says so', async () => {
  const folder = workerFolder();
  const wrong = { folder, env: { CXBCORE_AGENTS: '/nowhere' } };
  expect((await startWorkerProcess(wrong).exited).code).toBe(78);
  const second = startWorkerProcess(wrong);
  expect((await second.exited).code).toBe(78);
  expect(second.output()).toContain('the last one ended soon after its start; waiting 1 s');
});

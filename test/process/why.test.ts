import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { journalFolder, recordFolder } from '../../src/journal/paths.ts';
import { cxbcore } from '../support/cli.ts';
import { pcmCall, quietHost, type TestHost, temporaryFolder, until } from '../support/host.ts';

function why({ folder }: Pick<TestHost, 'folder'>, id: string, ...more: string[]) {
  const where = ['--socket-dir', folder, '--data-dir', `${folder}/data`, '--settings', `${folder}/none`];
  return cxbcore(['why', id, ...where, ...more]);
}

test('a call that runs is said to run, and on which worker', async () => {
  const host = await quietHost({ workers: 1 });
  await host.host.ready(1);
  const call = await pcmCall(host.host.port);
  const [name = ''] = readdirSync(journalFolder(`${host.folder}/data`));
  const asked = why(host, name.replace('.1.jsonl', ''));
  expect(await asked.exited).toBe(0);
  expect(asked.output()).toContain('is running: ');
  expect(asked.output()).toContain('on worker 1.');
  expect(asked.output()).not.toContain('whose doing');
  call.socket?.destroy();
});

test('a call whose worker was killed is said to be the worker’s doing, with the cause', async () => {
  const host = await quietHost({ workers: 1 });
  await host.host.ready(1);
  await pcmCall(host.host.port);
  process.kill(host.host.workers()[0]?.pid ?? 0, 'SIGKILL');
  await until(() => host.events.find(({ type }) => type === 'settled'));
  const [name = ''] = readdirSync(recordFolder(`${host.folder}/data`));
  const asked = why(host, name.replace('.json', ''));
  expect(await asked.exited).toBe(0);
  expect(asked.output()).toContain('ended with worker.died');
  expect(asked.output()).toContain("whose doing    this host's: the worker process");
  expect(asked.output()).toContain('the worker died: was killed (SIGKILL)');
  const json = why(host, name.replace('.json', ''), '--json');
  await json.exited;
  expect(JSON.parse(json.output())).toMatchObject({
    verdict: { reason: 'worker.died' },
    record: { end: { reason: 'worker.died' } },
  });
});

test('a call that was never here is said to have left nothing, and where to look instead', async () => {
  const asked = why({ folder: temporaryFolder() }, 'call_nowhere');
  expect(await asked.exited).toBe(1);
  expect(asked.output()).toContain('No call call_nowhere was ever admitted on this host');
});

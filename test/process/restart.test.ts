import { renameSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { cxbcore } from '../support/cli.ts';
import { pcmCall, quietHost, type TestHost } from '../support/host.ts';

function restart({ folder, host }: TestHost, ...more: string[]) {
  const workers = String(host.workers().length);
  const where = ['--socket-dir', folder, '--data-dir', `${folder}/data`, '--workers', workers];
  return cxbcore(['restart', ...where, '--settings', `${folder}/none`, ...more]);
}

const pids = ({ host }: TestHost) => host.workers().map(({ pid }) => pid);

test('idle seats change at once, one with a call when it ends, and being told twice ends no call', async () => {
  const host = await quietHost({ workers: 3 });
  await host.host.ready(3);
  const before = pids(host);
  const call = await pcmCall(host.host.port);
  const first = restart(host, '--no-wait');
  expect(await first.exited).toBe(0);
  expect(first.output()).toContain('1 seat will change when their calls end.');
  expect(pids(host).filter((pid) => before.includes(pid))).toHaveLength(1);

  const second = restart(host);
  await second.says('leaves when it has no call');
  expect(call.socket?.destroyed).toBe(false);
  call.socket?.destroy();
  expect(await second.exited).toBe(0);
  expect(second.output()).toContain('3 seats restarted.');
  expect(pids(host).filter((pid) => before.includes(pid))).toHaveLength(0);
});

test('a start is never refused meanwhile, because some seat stays free', async () => {
  const host = await quietHost({ workers: 3 });
  await host.host.ready(3);
  const command = restart(host);
  const over = new AbortController();
  void command.exited.then(() => over.abort());
  let placed = 0;
  while (!over.signal.aborted) {
    const { status, socket } = await pcmCall(host.host.port);
    expect(status).toBe(101);
    placed++;
    socket?.destroy();
    await new Promise((resolve) => void setTimeout(resolve, 50));
  }
  expect(await command.exited).toBe(0);
  expect(placed).toBeGreaterThan(0);
});

test('it stops at the first new process that does not get ready, and the others keep theirs', async () => {
  const host = await quietHost({ workers: 3 });
  await host.host.ready(3);
  const before = pids(host);
  // From now on no worker of this host finds a place for its data.
  const data = `${host.folder}/data/journal`;
  renameSync(data, `${data}.away`);
  writeFileSync(data, 'in the way');
  const command = restart(host);
  expect(await command.exited).toBe(1);
  expect(command.output()).toContain('1 seat did not get ready');
  expect(pids(host).filter((pid) => before.includes(pid))).toHaveLength(2);
});

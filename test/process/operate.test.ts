import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { cxbcore, type RunningCommand } from '../support/cli.ts';
import { fixtureHost, pcmCall, quietHost, type TestHost, temporaryFolder, until } from '../support/host.ts';

/** A command told about the test's host, and nothing about the machine's own. */
function on({ folder }: Pick<TestHost, 'folder'>, words: readonly string[], workers = 2): RunningCommand {
  const where = ['--socket-dir', folder, '--data-dir', `${folder}/data`, '--workers', String(workers)];
  return cxbcore([...words, ...where, '--settings', `${folder}/none`]);
}

async function json(command: RunningCommand): Promise<Record<string, unknown>> {
  await command.exited;
  return JSON.parse(command.output()) as Record<string, unknown>;
}

test('status shows who is free, who has a call, and who has no worker', async () => {
  const host = await quietHost();
  await host.host.ready(2);
  const call = await pcmCall(host.host.port);
  const status = on(host, ['status'], 3);
  expect(await status.exited).toBe(1);
  expect(status.output()).toContain('1 free, 1 busy, 1 without a worker');
  expect(status.output()).toMatch(/quiet over pcm/);
  expect(status.output()).toMatch(/^3 +gone .*no worker runs$/m);
  expect(await json(on(host, ['status', '--json']))).toMatchObject({
    fleetd: 'answers',
    totals: { seats: 2, free: 1, busy: 1, gone: 0, unknown: 0 },
  });
  expect(await on(host, ['status', '1', '2']).exited).toBe(0);
  call.socket?.destroy();
});

test('a worker that does not answer is unknown, never free', async () => {
  const host = await quietHost({ workers: 1 });
  await host.host.ready(1);
  const pid = host.host.workers()[0]?.pid ?? 0;
  process.kill(pid, 'SIGSTOP');
  try {
    expect(await json(on(host, ['status', '--json'], 1))).toMatchObject({
      totals: { seats: 1, free: 0, busy: 0, gone: 0, unknown: 1 },
      seats: [{ seat: 1, at: 'silent' }],
    });
  } finally {
    process.kill(pid, 'SIGCONT');
  }
});

test('a drain takes seats out of rotation, lets the call go on, is kept for absent workers, and is undone', async () => {
  const host = await quietHost();
  await host.host.ready(2);
  const call = await pcmCall(host.host.port);
  const drain = on(host, ['drain'], 3);
  expect(await drain.exited).toBe(0);
  expect(drain.output()).toContain('3 seats of 3 take no new call, 1 call go on');
  expect(drain.output()).toContain('seat 3  no worker runs; the next one will take no calls');
  await until(async () => (await pcmCall(host.host.port)).status === 429);
  expect(call.socket?.destroyed).toBe(false);

  const third = await quietHost({
    workers: 3,
    socketDir: `${host.folder}/other`,
    dataDir: `${host.folder}/data`,
  });
  await third.host.ready(3);
  expect(await third.host.status(3)).toMatchObject({ draining: true });

  const waiting = on(host, ['drain', '--wait']);
  await waiting.says('1 call left');
  call.socket?.destroy();
  expect(await waiting.exited).toBe(0);
  expect(waiting.output()).toContain('No call is left.');

  expect(await on(host, ['undrain']).exited).toBe(0);
  const again = await until(async () => {
    const next = await pcmCall(host.host.port);
    return next.status === 101 && next;
  });
  again.socket?.destroy();
});

test('a seat that the host does not have is a usage error, and changes nothing', async () => {
  const host = await fixtureHost();
  const drain = on(host, ['drain', '1', '3']);
  expect(await drain.exited).toBe(2);
  expect(drain.output()).toContain('3 is no seat: this host has seats 1 to 2');
});

test('a drain that a silent worker did not hear says so', async () => {
  const host = await quietHost({ workers: 1 });
  await host.host.ready(1);
  const pid = host.host.workers()[0]?.pid ?? 0;
  process.kill(pid, 'SIGSTOP');
  try {
    const drain = on(host, ['drain'], 1);
    expect(await drain.exited).toBe(1);
    expect(drain.output()).toContain('seat 1  a worker runs and does not answer: nothing is changed');
  } finally {
    process.kill(pid, 'SIGCONT');
  }
});

test('settings are taken from the file that systemd reads, and the command line wins over it', async () => {
  const folder = temporaryFolder();
  const file = `${folder}/env`;
  writeFileSync(file, `# a comment\nCXBCORE_SOCKET_DIR="${folder}"\nCXBCORE_WORKERS=3\nCXBCORE_FLEET=lake\n`);
  const view = await json(cxbcore(['status', '--json', '--settings', file]));
  expect(view).toMatchObject({ fleet: 'lake', socket_dir: folder, totals: { seats: 3, gone: 3 } });
  const over = await json(cxbcore(['status', '--json', '--settings', file, '--workers', '1']));
  expect(over).toMatchObject({ totals: { seats: 1 } });
});

test('top says what fleetd knows of the host, and unknown where no fleetd runs', async () => {
  const host = await quietHost({ workers: 1, fleetd: false });
  await host.host.ready(1);
  const top = on(host, ['top', '--every', '0.2'], 1);
  await top.says('refused unknown');
  expect(top.output()).toContain('cores unknown  memory unknown  underruns unknown  loops late unknown');
  top.kill('SIGINT');
  expect(await top.exited).toBe(0);
});

test('top looks again and again until Ctrl-C, and a line at a time for programs', async () => {
  const host = await quietHost();
  await host.host.ready(2);
  const top = on(host, ['top', '--every', '0.2', '--json']);
  await until(() => top.output().split('\n').length > 3);
  for (const line of top.output().split('\n').slice(0, -1))
    expect(JSON.parse(line)).toMatchObject({ totals: { seats: 2, free: 2 } });
  await until(() => top.output().includes('"workers_seen":2,"refusals":{}'));
  top.kill('SIGINT');
  expect(await top.exited).toBe(0);
  const wrong = on(host, ['top', '--every', '0']);
  expect(await wrong.exited).toBe(2);
  expect(wrong.output()).toContain('seconds, from 0.2 to 3600');
});

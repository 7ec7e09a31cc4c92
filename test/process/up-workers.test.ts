import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { HostError } from '../../src/fleet/events.ts';
import { isAlive, ownerOf } from '../../src/kit/owner.ts';
import { fixtureHost, temporaryFolder, until, upgrade } from '../support/host.ts';
import { has } from '../support/programs.ts';

const FRONTS = (['nginx', 'builtin'] as const).filter(
  (kind) => kind === 'builtin' || process.env['CI'] || has('nginx'),
);

test('a worker that is killed is replaced', async () => {
  const { host, events } = await fixtureHost();
  await host.ready(2);
  const pid = host.workers()[1]?.pid ?? 0;
  process.kill(pid, 'SIGKILL');
  const died = await until(() => events.find((event) => event.type === 'died'));
  expect(died).toMatchObject({ worker: 2, how: 'was killed (SIGKILL)' });
  const replaced = await until(() => host.workers().find(({ worker, at }) => worker === 2 && at === 'up'));
  expect(replaced.pid).not.toBe(pid);
});

test('wrong settings are not tried again, and the reason is the one the worker gave', async () => {
  const { host, events } = await fixtureHost({ fault: 'settings' });
  const refusal = await host.ready(2).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(HostError);
  expect(refusal).toMatchObject({ exit: 'settings' });
  expect(String(refusal)).toContain('CXBCORE_AGENT=nobody: there is no such agent');
  expect(events.filter((event) => event.type === 'died')).toEqual([]);
});

test('a worker that cannot run just now is tried again, later each time', async () => {
  const { events } = await fixtureHost({ fault: 'not-now', workers: 1 });
  const deaths = await until(() => {
    const seen = events.filter((event) => event.type === 'died');
    return seen.length >= 2 && seen;
  });
  expect(deaths[0]).toMatchObject({ how: 'ended with 75', words: 'the seat is owned by process 1' });
  const [first, second] = deaths.map(({ againInMs }) => Math.round(againInMs / 1000));
  expect([first, second]).toEqual([1, 2]);
});

test('nobody waits for a worker that dies at every start, and the reason is the one the worker gave', async () => {
  const { host } = await fixtureHost({ fault: 'dead', workers: 1 });
  const refusal = await host.ready(1).catch((error: unknown) => error);
  expect(refusal).toMatchObject({ name: 'HostError', exit: 'bug' });
  expect(String(refusal)).toContain('worker 1 has died 4 times in a row');
  expect(String(refusal)).toContain('ended with 70:\nthere is no such engine');
});

test('a worker that dies at every start keeps nobody from those that run', async () => {
  const { host } = await fixtureHost({ fault: 'dead-2' });
  await host.ready(1);
  await expect(host.ready(2)).rejects.toMatchObject({ name: 'HostError' });
  expect((await upgrade(host.port)).status).toBe(101);
});

test('a second host in the same folder is refused, and told who is there', async () => {
  const { folder } = await fixtureHost();
  const second = await fixtureHost({ socketDir: folder }).catch((error: unknown) => error);
  expect(second).toBeInstanceOf(HostError);
  expect(String(second)).toContain(`(process ${process.pid})`);
});

test('a port that is taken is told before any worker starts', async () => {
  const { host } = await fixtureHost();
  const second = await fixtureHost({ frontPort: host.port }).catch((error: unknown) => error);
  expect(second).toMatchObject({ name: 'HostError', exit: 'notNow' });
  expect(String(second)).toContain(`port ${host.port} is taken`);
});

test('workers start a few at a time', async () => {
  const { host, events } = await fixtureHost({ workers: 3, atOnce: 1, fault: 'slow' });
  await until(() => host.workers().some(({ at }) => at === 'starting'));
  expect(host.workers().map(({ at }) => at)).toEqual(['starting', 'waiting', 'waiting']);
  await host.ready(3);
  const ready = events.filter((event) => event.type === 'ready');
  expect(ready.map((event) => [event.worker, event.ready, event.of])).toEqual([
    [1, 1, 3],
    [2, 2, 3],
    [3, 3, 3],
  ]);
});

describe.each(FRONTS)('with the %s front', (front) => {
  test('a drain lets the live call go on, and takes no new one; stopping harder ends it', async () => {
    const { host, notes } = await fixtureHost({ front });
    await host.ready(2);
    const call = await upgrade(host.port);
    expect(call.status).toBe(101);
    let over = false;
    call.socket?.once('close', () => {
      over = true;
    });
    const drained = host.stop('drain');
    await until(() => host.workers().filter(({ at }) => at === 'gone').length === 1);
    expect((await upgrade(host.port)).status).toBe(429);
    expect(over).toBe(false);
    void host.stop('now');
    await drained;
    await until(() => over);
    const signals = notes().filter((note) => / SIG/.test(note));
    // The idle worker has one signal, the one with the call one for each stop, and nobody the same one twice.
    expect(new Set(signals).size).toBe(signals.length);
    expect(signals.filter((note) => note.endsWith('SIGINT'))).toHaveLength(1);
  });

  test('a host that is killed leaves no worker and no front behind, and lets the live call go on', async () => {
    const folder = temporaryFolder();
    const program = fileURLToPath(new URL('../fixtures/host.mjs', import.meta.url));
    const child = spawn(process.execPath, [program, folder, front], {
      env: { ...process.env, FIXTURE_NOTES: join(folder, 'notes') },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const said = await new Promise<string>((resolve) =>
      child.stdout.once('data', (part) => resolve(String(part))),
    );
    const { port, pids } = JSON.parse(said) as { port: number; pids: number[] };
    const owners = pids.map((pid) => ownerOf(pid));
    const alive = () => owners.filter((owner) => owner !== undefined && isAlive(owner)).length;
    const call = await upgrade(port);
    expect(call.status).toBe(101);
    let over = false;
    call.socket?.once('close', () => {
      over = true;
    });

    child.kill('SIGKILL');
    await until(() => alive() <= 1);
    if (front === 'nginx') {
      expect(over).toBe(false);
      call.socket?.destroy();
    }
    await until(() => alive() === 0);
    await until(() =>
      upgrade(port).then(
        () => false,
        () => true,
      ),
    );
  });
});

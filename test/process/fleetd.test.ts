import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { recordPath } from '../../src/journal/paths.ts';
import { realClock, sleep } from '../../src/kit/clock.ts';
import { ask, fixtureHost, pcmCall, quietHost, until, upgrade } from '../support/host.ts';
import { has } from '../support/programs.ts';

const FRONTS = (['nginx', 'builtin'] as const).filter(
  (kind) => kind === 'builtin' || process.env['CI'] || has('nginx'),
);
const KEY = 'a-key-for-the-tests-alone';
const withKey = { headers: { Authorization: `Bearer ${KEY}` } };
const post = { method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json' } };

async function json(port: number, path: string, options: Parameters<typeof ask>[2] = {}) {
  const answered = await ask(port, path, options);
  return { status: answered.status, body: JSON.parse(answered.body) as Record<string, unknown> };
}

test.each(FRONTS)(
  'behind the %s front a full host says how full it is, and counts what it refused',
  async (front) => {
    const { host } = await fixtureHost({ front, workers: 1 });
    await host.ready(1);
    // fleetd may have looked half a second ago, when the worker was loading.
    const free = await until(async () => {
      const seen = await json(host.port, '/health/capacity');
      return seen.status === 200 && seen;
    });
    expect(free.body).toMatchObject({ capacity: 1, busy: 0, free: 1, unknown: 0, draining: false });
    const call = await upgrade(host.port);
    const full = await until(async () => {
      const seen = await json(host.port, '/health/capacity');
      return seen.status === 503 && seen;
    });
    expect(full.body).toMatchObject({ capacity: 1, busy: 1, free: 0 });
    expect((await json(host.port, '/health/live')).status, 'full is not dead').toBe(200);
    expect((await upgrade(host.port)).status).toBe(429);
    expect((await json(host.port, '/attach', post)).body['error']).toBe('at_capacity');
    const metrics = (await ask(host.port, '/metrics')).body;
    expect(metrics).toContain('cxbcore_refusals_total{route="/media/pcm",cause="at_capacity"} 1');
    expect(metrics).toContain('cxbcore_refusals_total{route="/attach",cause="at_capacity"} 1');
    call.socket?.destroy();
  },
);

test.each(FRONTS)('behind the %s front a host that still loads says so', async (front) => {
  const { host } = await fixtureHost({ front, workers: 1, fault: 'slow' });
  const refused = await until(async () => {
    const seen = await json(host.port, '/attach', post);
    return seen.body['error'] === 'warming' && seen;
  });
  expect(refused).toMatchObject({ status: 429, body: { retry_after_s: 2 } });
  await host.ready(1);
});

test.each(FRONTS)(
  'behind the %s front a host without fleetd goes on, and fleetd comes back',
  async (front) => {
    const { host } = await fixtureHost({ front, workers: 1 });
    await host.ready(1);
    const before = host.fleetdPid() ?? 0;
    process.kill(before, 'SIGKILL');
    await until(() => host.fleetdPid() === undefined);
    const live = await json(host.port, '/health/live');
    expect(live).toEqual({ status: 200, body: { status: 'live', fleetd: 'down' } });
    expect((await json(host.port, '/health/capacity')).body['error']).toBe('fleetd_away');
    const call = await upgrade(host.port);
    expect(call.status).toBe(101);
    expect((await json(host.port, '/attach', post)).body['error']).toBe('at_capacity');
    await until(async () => (await json(host.port, '/health/live')).body['workers'] === 1);
    expect(host.fleetdPid()).not.toBe(before);
    call.socket?.destroy();
  },
);

test.each(FRONTS)(
  'behind the %s front a call is found while it runs, hung up by its id, and found after it',
  async (front) => {
    const env = { CXBCORE_API_KEYS: KEY, CXBCORE_FLEET: 'here' };
    const { host, folder } = await quietHost({ front, workers: 1, env });
    await host.ready(1);
    const call = await pcmCall(host.port);
    expect(call.status).toBe(101);
    const listed = await until(async () => {
      const { body } = await json(host.port, '/api/calls', withKey);
      return (body['calls'] as { call_id: string }[])[0];
    });
    const id = listed.call_id;
    const found = await json(host.port, `/api/fleets/here/calls/${id}`, withKey);
    expect(found).toMatchObject({
      status: 200,
      body: { state: 'live', worker: 1, so_far: { carrier: 'pcm' } },
    });
    expect((await json(host.port, `/api/fleets/there/calls/${id}`, withKey)).status).toBe(404);
    for (const wrong of ['wrong', `${KEY}x`]) {
      const headers = { Authorization: `Bearer ${wrong}` };
      expect((await json(host.port, `/api/calls/${id}`, { headers })).status).toBe(401);
      expect((await json(host.port, `/api/calls/${id}/hangup`, { method: 'POST', headers })).status).toBe(
        401,
      );
    }
    const other = await json(host.port, '/api/calls/another/hangup', { method: 'POST', ...withKey });
    expect(other.status, 'another id ends nothing').toBe(404);

    const hungUp = await json(host.port, `/api/calls/${id}/hangup`, { method: 'POST', ...withKey });
    expect(hungUp).toMatchObject({ status: 202, body: { call_id: id, hung_up: true } });
    const ended = await until(async () => {
      const seen = await json(host.port, `/api/calls/${id}`, withKey);
      return seen.body['state'] === 'ended' && seen.body;
    });
    const record: unknown = JSON.parse(readFileSync(recordPath(join(folder, 'data'), id), 'utf8'));
    expect(ended['record']).toEqual(record);
    expect(record).toMatchObject({ end: { reason: 'operator.hung_up' } });
  },
);

test.each([{ fleetd: true }, { fleetd: false }])(
  'the record of a worker that died is written once, with its cause, by fleetd where it runs ($fleetd)',
  async ({ fleetd }) => {
    const { host, folder, events } = await quietHost({ front: 'builtin', workers: 1, fleetd });
    await host.ready(1);
    await pcmCall(host.port);
    const pulse = await host.status(1);
    process.kill(pulse?.pid ?? 0, 'SIGKILL');
    const settled = await until(() => events.find((event) => event.type === 'settled'));
    expect(settled).toMatchObject({ reason: 'worker.died' });
    const id = 'callId' in settled ? settled.callId : '';
    expect(JSON.parse(readFileSync(recordPath(join(folder, 'data'), id), 'utf8'))).toMatchObject({
      incarnations: [{ ended: 'died', cause: 'was killed (SIGKILL)' }],
    });
    const { body } = await ask(host.port, '/metrics');
    expect(body.includes('cxbcore_settled_total{reason="worker.died"} 1')).toBe(fleetd);
  },
);

test('a free worker that stopped is replaced, and one with a call that stops for a moment keeps it', async () => {
  const { host, events } = await fixtureHost({ workers: 2 });
  await host.ready(2);
  const call = await upgrade(host.port);
  let over = false;
  call.socket?.once('close', () => {
    over = true;
  });
  const states = await Promise.all(host.workers().map(({ worker }) => host.status(worker)));
  const free = host.workers()[states.findIndex((status) => status?.state === 'free')];
  const busy = host.workers()[states.findIndex((status) => status?.state === 'live')];
  if (free?.pid === undefined || busy?.pid === undefined)
    throw new Error('one is free, and one has the call');
  for (const { pid } of [free, busy]) process.kill(pid ?? 0, 'SIGSTOP');
  const died = await until(() => events.find((event) => event.type === 'died'));
  process.kill(busy.pid, 'SIGCONT');
  expect(died).toMatchObject({ worker: free.worker, how: 'was killed (SIGKILL)' });
  await until(() => host.workers().every(({ at }) => at === 'up'));
  expect(host.workers().find(({ worker }) => worker === busy.worker)?.pid).toBe(busy.pid);
  expect(over).toBe(false);
  const metrics = (await ask(host.port, '/metrics')).body;
  expect(metrics).toContain('cxbcore_guard_total{act="away"} 1');
  expect(metrics).toContain('cxbcore_guard_total{act="kill"} 1');
  call.socket?.destroy();
});

test('when everything stops at once, as on a paused machine, nobody is killed for it', async () => {
  const { host, events } = await fixtureHost({ workers: 2 });
  await host.ready(2);
  const pids = [...host.workers().map(({ pid }) => pid ?? 0), host.fleetdPid() ?? 0];
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  await sleep(realClock, 3000);
  for (const pid of pids.toReversed()) process.kill(pid, 'SIGCONT');
  await until(async () => (await json(host.port, '/health/capacity')).body['free'] === 2);
  await sleep(realClock, 1000);
  expect(events.filter(({ type }) => type === 'died')).toEqual([]);
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WORKER_COMMAND } from '../../src/fleet/worker-process.ts';
import { ask, fixtureHost, type TestHost, until } from '../support/host.ts';
import { describeWith } from '../support/programs.ts';
import { freePort } from '../support/worker.ts';
import { ring } from './support/calls.ts';
import { listen, PHONE_AGENTS, tell } from './support/phone.ts';
import { KEY, LiveKitServer } from './support/server.ts';

describeWith('livekit-server')('fleetd with LiveKit', () => {
  let server: LiveKitServer;
  let frontPort: number;
  beforeAll(async () => {
    frontPort = await freePort();
    server = await LiveKitServer.start(`http://127.0.0.1:${frontPort}/webhooks/livekit`);
  });
  afterAll(() => server.stop());

  const openHost = async (workers: number): Promise<TestHost> => {
    const host = await fixtureHost({
      workers,
      front: 'builtin',
      frontPort,
      workerCommand: WORKER_COMMAND,
      env: {
        ...process.env,
        CXBCORE_MODE: 'development',
        CXBCORE_AGENTS: PHONE_AGENTS,
        LIVEKIT_URL: server.url,
        LIVEKIT_API_KEY: KEY.key,
        LIVEKIT_API_SECRET: KEY.secret,
      },
    });
    await host.host.ready(workers);
    return host;
  };

  test('a caller who rings is answered, and goes on in another worker when theirs is killed', async () => {
    const { host, folder } = await openHost(2);
    const { at, caller } = await ring(server.url);
    caller.answerWhenHeard();
    await listen(caller, 0);
    await listen(caller, await tell(caller, 'cancel'));
    const busy = await until(async () => {
      for (const { worker, pid } of host.workers())
        if ((await host.status(worker))?.state === 'live') return { worker, pid };
      return undefined;
    });
    const killed = performance.now();
    process.kill(busy.pid ?? 0, 'SIGKILL');
    await listen(caller, killed);
    await listen(caller, await tell(caller, 'yes'));
    expect(await caller.gone).toBe('ROOM_DELETED');
    const record: unknown = await until(() => {
      try {
        return JSON.parse(readFileSync(join(folder, 'data/records', `${at.callId}.json`), 'utf8'));
      } catch {
        return undefined;
      }
    });
    expect(record).toMatchObject({ end: { reason: 'agent.finished' }, incarnations: [{ n: 1 }, { n: 2 }] });
    const metrics = (await ask(host.port, '/metrics')).body;
    expect(metrics).toContain('cxbcore_dispatches_total{outcome="answered"} 1');
    expect(metrics).toContain('cxbcore_continuations_total{outcome="continued"} 1');
  });

  test('a webhook without its signature is refused', async () => {
    const { host } = await openHost(1);
    const body = '{"event":"participant_joined","id":"EV_1"}';
    const bare = await ask(host.port, '/webhooks/livekit', { method: 'POST', body });
    const forged = await ask(host.port, '/webhooks/livekit', {
      method: 'POST',
      body,
      headers: { Authorization: 'e30.e30.AAAA' },
    });
    expect([bare.status, forged.status]).toEqual([401, 401]);
  });
});

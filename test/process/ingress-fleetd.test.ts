import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { readSettings } from '../../src/contract/settings.ts';
import { openFleetd } from '../../src/fleet/fleetd/fleetd.ts';
import { realClock } from '../../src/kit/clock.ts';
import { silentLog } from '../../src/kit/log.ts';
import { openFleet, type TestFleet } from '../support/fleet.ts';
import { ask, pcmCall, until } from '../support/host.ts';
import { openIngress } from '../support/ingress.ts';
import { describeWith } from '../support/programs.ts';
import { freePort } from '../support/worker.ts';

const KEY = 'k'.repeat(20);
const ENV = {
  CXBCORE_API_KEYS: KEY,
  CXBCORE_TOKEN_KEYS: 't'.repeat(20),
  CXBCORE_PUBLIC_URL: 'http://127.0.0.1',
};

/** The host's own fleetd in place of the stand-in; returns the port of its agent-check. */
async function withFleetd(fleet: TestFleet): Promise<number> {
  const port = await freePort();
  const settings = readSettings(
    {
      ...ENV,
      CXBCORE_MODE: 'development',
      CXBCORE_WORKERS: String(fleet.workers),
      CXBCORE_FLEET: fleet.name,
      CXBCORE_SOCKET_DIR: fleet.folder,
      CXBCORE_DATA_DIR: join(fleet.folder, 'data'),
      CXBCORE_CHECK_LISTEN: `${fleet.address}:${port}`,
    },
    fleet.name,
  );
  const fleetd = await openFleetd({ settings, clock: realClock, log: silentLog, held: new Map() });
  onTestFinished(() => fleetd.close());
  return port;
}

const attach = (callId: string) => ({
  method: 'POST',
  body: JSON.stringify({ call_id: callId, media: { kind: 'expect', carrier: 'pcm', ttl_s: 60 } }),
  headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${KEY}` },
});

describeWith('haproxy')('hosts with a fleetd of their own', () => {
  it('pass the preflight, and answer a repeated id with its call while every seat is taken', async () => {
    const [one, two] = [await openFleet('f1', { env: ENV }), await openFleet('f2', { env: ENV })];
    const [, checkPort] = [await withFleetd(one), await withFleetd(two)];
    const ingress = await openIngress([one]);
    const adding = ingress.run('add', `${two.address}:${two.port}`, '--check-port', String(checkPort));
    expect([await adding.exited, adding.output()]).toEqual([0, expect.stringContaining('done')]);

    const first = await ask(ingress.port, '/attach', attach('c1'));
    expect(first.status).toBe(202);
    const { fleet } = JSON.parse(first.body) as { fleet: string };
    const calls = [];
    for (let n = 0; n < 3; n++) calls.push(await pcmCall(ingress.port));
    expect(calls.map(({ status }) => status)).toEqual([101, 101, 101]);
    await until(async () => (await one.busy()) + (await two.busy()) === 4);
    for (let n = 0; n < 4; n++) {
      const again = await ask(ingress.port, '/attach', attach('c1'));
      expect([again.status, JSON.parse(again.body)]).toEqual([
        200,
        expect.objectContaining({ status: 'duplicate', call_id: 'c1', fleet }),
      ]);
    }
    const other = await ask(ingress.port, '/attach', attach('c2'));
    expect([other.status, JSON.parse(other.body).error]).toEqual([429, 'at_capacity']);
    const call = await pcmCall(ingress.port);
    expect([call.status, JSON.parse(call.body).error]).toEqual([503, 'at_capacity']);
    const { headers } = attach('c1');
    const status = await ask(ingress.port, `/api/fleets/${fleet}/calls/c1`, { headers });
    expect([status.status, JSON.parse(status.body)]).toEqual([
      200,
      expect.objectContaining({ call_id: 'c1', fleet }),
    ]);
    for (const { socket } of calls) socket?.destroy();
  });
});

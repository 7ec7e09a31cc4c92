import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { callAnswer, callsAnswer, hungUpAnswer } from '../../src/contract/calls-answers.ts';
import { ask, pcmCall, quietHost, until } from '../support/host.ts';
import { has } from '../support/programs.ts';

const FRONTS = (['nginx', 'builtin'] as const).filter(
  (kind) => kind === 'builtin' || process.env['CI'] || has('nginx'),
);
const KEY = 'a-key-for-the-tests-alone';
const AUTH = { Authorization: `Bearer ${KEY}` };
const PAGE = readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8');

test.each(FRONTS)(
  'behind the %s front the API describes itself without a key, and answers as it is described',
  async (front) => {
    const env = { CXBCORE_API_KEYS: KEY, CXBCORE_FLEET: 'here' };
    const { host } = await quietHost({ front, workers: 1, env });
    await host.ready(1);
    const { port } = host;
    const wrong = { headers: { Authorization: 'Bearer wrong' } };
    const told = await ask(port, '/api/openapi.json', wrong);
    expect([told.status, told.headers['content-type']]).toEqual([200, 'application/json']);
    expect(told.body).toBe(PAGE);
    expect((await ask(port, '/api/calls', wrong)).status, 'all else needs the key').toBe(401);

    const get = async (path: string) =>
      JSON.parse((await ask(port, path, { headers: AUTH })).body) as unknown;
    expect((await pcmCall(port)).status).toBe(101);
    const id = await until(
      async () =>
        callsAnswer.parse(await get('/api/calls')).calls.find(({ state }) => state === 'live')?.call_id,
    );
    const live = await until(async () => {
      const call = callAnswer.parse(await get(`/api/calls/${id}`));
      return call.so_far && call;
    });
    expect(live.state).toBe('live');
    const hungUp = await ask(port, `/api/calls/${id}/hangup`, { method: 'POST', headers: AUTH });
    expect(hungUp.status).toBe(202);
    hungUpAnswer.parse(JSON.parse(hungUp.body));
    const over = await until(async () => {
      const call = callAnswer.parse(await get(`/api/fleets/here/calls/${id}`));
      return call.record && call;
    });
    expect(over.record?.end.reason).toBe('operator.hung_up');
  },
);

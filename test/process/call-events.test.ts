import { get } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { ask, pcmCall, quietHost, until } from '../support/host.ts';
import { EXPECT_PCM, post } from '../support/post.ts';
import { has } from '../support/programs.ts';

const FRONTS = (['nginx', 'builtin'] as const).filter(
  (kind) => kind === 'builtin' || process.env['CI'] || has('nginx'),
);
const KEY = 'a-key-for-the-tests-alone';
const AUTH = { Authorization: `Bearer ${KEY}` };

interface Told {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: Record<string, unknown>;
}

/** Follows a call as a client of server-sent events does. */
function follow(port: number, path: string, headers: Record<string, string> = {}) {
  let text = '';
  let status = 0;
  let over = false;
  const asking = get({ port, path, agent: false, headers: { ...AUTH, ...headers } }, (answer) => {
    status = answer.statusCode ?? 0;
    answer.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    answer.on('close', () => {
      over = true;
    });
  });
  asking.on('error', () => undefined);
  onTestFinished(() => void asking.destroy());
  const told = (): Told[] =>
    text
      .split('\n\n')
      .slice(0, -1)
      .flatMap((block) => {
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
        const event = field('event');
        if (event === undefined) return [];
        return [{ id: field('id'), event, data: JSON.parse(field('data') ?? '') as Record<string, unknown> }];
      });
  return { told, status: () => status, over: () => over, leave: () => void asking.destroy() };
}

async function host(front: 'nginx' | 'builtin', more: Record<string, string> = {}) {
  const env = {
    CXBCORE_API_KEYS: KEY,
    CXBCORE_FLEET: 'here',
    CXBCORE_TOKEN_KEYS: 'token-key-0123456789',
    ...more,
  };
  const started = await quietHost({ front, workers: 2, env });
  await started.host.ready(2);
  return started.host.port;
}

test.each(FRONTS)(
  'behind the %s front a call is followed from its start to its end, and nothing is told twice',
  async (front) => {
    const port = await host(front);
    const started = await post(
      { port },
      '/attach',
      { ...EXPECT_PCM, media: { ...EXPECT_PCM.media, ttl_s: 2 } },
      AUTH,
    );
    expect(started.status).toBe(202);
    const path = `/api/calls/${String(started.json['call_id'])}/events`;
    const whole = follow(port, path);
    const broken = follow(port, path);
    await until(() => broken.told().length > 0);
    broken.leave();
    await until(() => whole.over());
    const told = whole.told();
    expect(told[0]?.event).toBe('state');
    expect(told.at(-1)).toMatchObject({ event: 'end', data: { reason: 'line.never_came' } });
    expect(told.filter(({ event }) => event === 'event').length).toBeGreaterThan(0);
    const again = follow(port, path, { 'Last-Event-ID': told.at(-1)?.id ?? '' });
    await until(() => again.over());
    expect(again.told().map(({ event }) => event)).toEqual(['state']);
    // From the first event of the journal on, everything after it comes, and only that.
    const journalled = told.filter(({ event }) => event !== 'state');
    const rest = follow(port, path, { 'Last-Event-ID': journalled[0]?.id ?? '' });
    await until(() => rest.over());
    expect(rest.told().slice(1)).toEqual(journalled.slice(1));
  },
);

test.each(FRONTS)('behind the %s front only so many may follow, and only with a key', async (front) => {
  const port = await host(front, { CXBCORE_MAX_STREAMS: '2' });
  expect((await pcmCall(port)).status).toBe(101);
  const id = await until(async () => {
    const body = JSON.parse((await ask(port, '/api/calls', { headers: AUTH })).body) as {
      calls: { call_id: string }[];
    };
    return body.calls[0]?.call_id;
  });
  const path = `/api/fleets/here/calls/${id}/events`;
  const open = [follow(port, path), follow(port, path)];
  await until(() => open.every(({ told }) => told().length > 0));
  const third = await ask(port, path, { headers: AUTH });
  expect([third.status, third.headers['retry-after']]).toEqual([429, '5']);
  open[0]?.leave();
  const next = await until(async () => {
    const one = follow(port, path);
    await until(() => one.status() > 0);
    return one.status() === 200 && one;
  });
  await until(() => next.told().length > 0);
  const wrong = await ask(port, path, { headers: { Authorization: 'Bearer wrong' } });
  expect(wrong.status).toBe(401);
  expect((await ask(port, '/api/calls/nobody/events', { headers: AUTH })).status).toBe(404);
  expect((await ask(port, `/api/fleets/there/calls/${id}/events`, { headers: AUTH })).status).toBe(404);
});

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listParticipants, listRooms, serverAccess } from '../../src/carriers/livekit/rooms.ts';
import { readSettings } from '../../src/contract/settings.ts';
import { realClock } from '../../src/kit/clock.ts';
import { quietHost, type TestHost, until } from '../support/host.ts';
import { post } from '../support/post.ts';
import { describeWith } from '../support/programs.ts';
import { fresh, ring } from './support/calls.ts';
import { Party } from './support/far-end.ts';
import { KEY, LiveKitServer } from './support/server.ts';

describeWith('livekit-server')('the LiveKit routes of real workers behind nginx', () => {
  let server: LiveKitServer;

  beforeAll(async () => {
    server = await LiveKitServer.start();
  });
  afterAll(() => server.stop());

  async function hostOf(workers: number): Promise<TestHost> {
    const started = await quietHost({
      workers,
      front: 'nginx',
      env: {
        CXBCORE_AGENT: 'talker',
        CXBCORE_FLEET: 'here',
        CXBCORE_TOKEN_KEYS: 'token-key-0123456789',
        LIVEKIT_URL: server.url,
        LIVEKIT_API_KEY: KEY.key,
        LIVEKIT_API_SECRET: KEY.secret,
        CXBCORE_LIVEKIT_NO_SHOW_S: '5',
      },
    });
    await started.host.ready(workers);
    return started;
  }

  const access = () => {
    const env = { LIVEKIT_URL: server.url, LIVEKIT_API_KEY: KEY.key, LIVEKIT_API_SECRET: KEY.secret };
    const found = serverAccess(readSettings(env, 'test'), realClock);
    if (!found) throw new Error('LiveKit is not set up');
    return found;
  };
  const recordOf = ({ folder }: TestHost, callId: string): Promise<unknown> =>
    until(() => {
      const path = join(folder, 'data', 'records', `${callId}.json`);
      return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as unknown) : undefined;
    });
  const dispatch = ({ host }: TestHost, at: ReturnType<typeof fresh>) =>
    post({ port: host.port }, '/livekit/dispatch', {
      room: at.room,
      participant_identity: at.identity,
      sip_call_id: at.callId,
      received_at: Date.now(),
      deadline_ms: 20_000,
    });

  test('a ringing caller is answered by one worker, however often it is asked', async () => {
    const started = await hostOf(3);
    const { at, caller } = await ring(server.url);
    caller.answerWhenHeard();
    const answers = await Promise.all(Array.from({ length: 6 }, () => dispatch(started, at)));
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
    for (const { status } of answers) expect([200, 202, 429]).toContain(status);
    await until(async () => caller.heard.length > 0);
    expect(
      (await listParticipants(access(), at.room)).filter((who) => who.identity !== at.identity),
    ).toHaveLength(1);
    // The track is there while it still rings; the call is live once the caller has been connected.
    await until(async () => (await dispatch(started, at)).json['state'] === 'live');
    expect((await dispatch(started, at)).json).toMatchObject({ status: 'duplicate', state: 'live' });
    await caller.leave();
    expect(await recordOf(started, at.callId)).toMatchObject({
      carrier: 'livekit',
      end: { reason: 'caller.hung_up' },
    });
    await until(async () => !(await listRooms(access())).includes(at.room));
  });

  test('a visitor comes with the token of the answer; a repeated start gives the same room and a fresh token', async () => {
    const started = await hostOf(1);
    const start = () => post({ port: started.host.port }, '/livekit/widget', { call_id: 'w1', name: 'Ada' });
    const first = await start();
    expect(first.status).toBe(202);
    const again = await start();
    // With the one seat taken nginx refuses, unless something answers in its place that knows the claims.
    if (again.status === 200)
      expect(again.json).toMatchObject({ room: first.json['room'], status: 'duplicate' });
    else expect(again.status).toBe(429);
    const {
      room,
      identity,
      participant_token: token,
      server_url: url,
    } = first.json as Record<string, string>;
    const visitor = new Party({ room: room ?? '', identity: identity ?? '' });
    await visitor.enter(url ?? '', token ?? '');
    await until(() => visitor.heard.length > 0);
    await visitor.leave();
    expect(await recordOf(started, 'w1')).toMatchObject({ end: { reason: 'caller.hung_up' } });
  });

  test('a visitor who does not come gives the seat back', async () => {
    const started = await hostOf(1);
    await post({ port: started.host.port }, '/livekit/widget', { call_id: 'w2' });
    expect(await recordOf(started, 'w2')).toMatchObject({ end: { reason: 'caller.no_show' } });
    await until(async () => (await started.host.status(1))?.state === 'free');
  });

  test('a worker that dies in mid-call is followed by another, whom the caller hears', async () => {
    const started = await hostOf(2);
    const { host, folder } = started;
    const { at, caller } = await ring(server.url);
    caller.answerWhenHeard();
    const answer = await dispatch(started, at);
    expect(answer.status).toBe(202);
    await until(
      async () =>
        caller.heard.length > 0 && (await host.status(Number(answer.json['worker'])))?.state === 'live',
    );
    const dead = Number(answer.json['worker']);
    process.kill(host.workers().find(({ worker }) => worker === dead)?.pid ?? 0, 'SIGKILL');
    const other = join(folder, `cxbcore_${3 - dead}.sock`);
    const gone = await until(async () => {
      const body = { call_id: at.callId, cause: 'killed by SIGKILL' };
      const tried = await post({ socketPath: other }, '/continue', body).catch(() => undefined);
      return tried?.status === 202 || tried?.status === 200;
    });
    expect(gone).toBe(true);
    caller.heard = [];
    await until(() => caller.heard.length > 0);
    await caller.leave();
    expect(await recordOf(started, at.callId)).toMatchObject({
      end: { reason: 'caller.hung_up' },
      incarnations: [
        { n: 1, ended: 'died' },
        { n: 2, ended: 'end' },
      ],
    });
  });
});

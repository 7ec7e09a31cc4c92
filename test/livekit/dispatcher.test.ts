import { createHash } from 'node:crypto';
import { AccessToken } from 'livekit-server-sdk';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listParticipants, type ServerAccess } from '../../src/carriers/livekit/rooms.ts';
import { realClock } from '../../src/kit/clock.ts';
import { ask, quietHost, type TestHost, until } from '../support/host.ts';
import { post } from '../support/post.ts';
import { describeWith } from '../support/programs.ts';
import { freePort } from '../support/worker.ts';
import { eventually, type Ringing, ring } from './support/calls.ts';
import { KEY, LiveKitServer } from './support/server.ts';
import { SipStandIn } from './support/sip-stand-in.ts';

describeWith('livekit-server')('callers who ring, and the dispatcher', () => {
  let frontPort: number;
  let server: LiveKitServer;
  let sip: SipStandIn;
  // A server for each test: one that lived on would still be telling the last test's host, which is gone, of its rooms,
  // again and again, and this test's webhooks would wait behind those.
  beforeEach(async () => {
    frontPort = await freePort();
    server = await LiveKitServer.start(`http://127.0.0.1:${frontPort}/webhooks/livekit`);
    sip = await SipStandIn.start(server);
  });
  afterEach(async () => {
    await sip.stop();
    await server.stop();
  });

  const openHost = async (workers: number, env: Record<string, string> = {}): Promise<TestHost> => {
    const started = await quietHost({
      workers,
      front: 'builtin',
      frontPort,
      env: { LIVEKIT_URL: sip.url, LIVEKIT_API_KEY: KEY.key, LIVEKIT_API_SECRET: KEY.secret, ...env },
    });
    await started.host.ready(workers);
    return started;
  };
  const joins = () => sip.log.filter((line) => line.startsWith('upgrade')).length;
  const status = ({ caller }: Ringing) => caller.room.localParticipant?.attributes['sip.callStatus'];
  const counted = async (outcome: string) => {
    const { body } = await ask(frontPort, '/metrics');
    return Number(
      new RegExp(`cxbcore_dispatches_total\\{outcome="${outcome}"\\} (\\d+)`).exec(body)?.[1] ?? 0,
    );
  };
  const inState = async ({ host }: TestHost, wanted: string) => {
    for (const { worker, pid = 0 } of host.workers())
      if ((await host.status(worker))?.state === wanted) return { worker, pid };
    return undefined;
  };
  const taken = async ({ host }: TestHost) => {
    for (const { worker, pid = 0 } of host.workers())
      if ((await host.status(worker))?.state !== 'free') return { worker, pid };
    return undefined;
  };
  const access = (): ServerAccess => ({
    address: server.url.replace(/^ws/, 'http'),
    key: KEY,
    clock: realClock,
    limitMs: 5000,
  });
  /** A host of one seat, which is kept for a visitor: whom the dispatcher's time limit does not touch. */
  const fullHost = async (env: Record<string, string> = {}) => {
    const started = await openHost(1, env);
    const visitor = await post({ port: frontPort }, '/livekit/widget', { call_id: 'visitor' });
    expect(visitor.status).toBe(202);
    return started;
  };

  test('a worker killed before it answers: another takes the caller', async () => {
    const started = await openHost(2);
    sip.gate = new Promise(() => undefined);
    const ringing = await ring(server.url);
    ringing.caller.answerWhenHeard();
    await eventually('a worker joins', () => joins() === 1);
    const busy = await until(() => taken(started));
    sip.gate = Promise.resolve();
    process.kill(busy.pid, 'SIGKILL');
    await eventually('the caller is answered', () => status(ringing) === 'active');
    await ringing.caller.leave();
  });

  test('a worker killed in the room before it answered: the dead is put out, and another takes the caller', async () => {
    const started = await openHost(2);
    let open: () => void = () => undefined;
    sip.gate = new Promise((resolve) => {
      open = resolve;
    });
    const ringing = await ring(server.url);
    ringing.caller.answerWhenHeard();
    await eventually('a worker joins', () => joins() === 1);
    const busy = await until(() => taken(started));
    // It is let into the room, and cannot say that it is there.
    process.kill(busy.pid, 'SIGSTOP');
    open();
    const agents = async () =>
      (await listParticipants(access(), ringing.at.room)).filter(({ kind }) => kind !== 'sip');
    await eventually('it is in the room', async () => (await agents()).length === 1);
    const [dead] = await agents();
    process.kill(busy.pid, 'SIGKILL');
    await eventually('the caller is answered', () => status(ringing) === 'active');
    expect((await agents()).map(({ identity }) => identity)).toEqual([
      expect.not.stringMatching(dead?.identity ?? ''),
    ]);
    await ringing.caller.leave();
  });

  test('a worker killed in the room when it had answered: another goes on, and the caller gets an agent', async () => {
    const started = await openHost(4);
    for (const laterMs of [0, 20, 40]) {
      const ringing = await ring(server.url);
      const { caller } = ringing;
      await eventually('a worker has joined', () => caller.agent() !== undefined);
      const dead = caller.agent()?.identity ?? '';
      const number = Number(/-(\d+)_/.exec(dead)?.[1]);
      await new Promise((resolve) => setTimeout(resolve, laterMs));
      process.kill(started.host.workers().find(({ worker }) => worker === number)?.pid ?? 0, 'SIGKILL');
      await eventually('another publishes', () => {
        const agent = caller.agent();
        return agent !== undefined && agent.identity !== dead && agent.trackPublications.size === 1;
      });
      expect(caller.room.remoteParticipants.size).toBe(1);
      await caller.setStatus('active');
      await until(() => inState(started, 'live'));
      await caller.leave();
      await until(async () => !(await inState(started, 'live')));
    }
  });

  test('nobody is told busy unless that is set; then the caller is removed when the time is over', async () => {
    const started = await fullHost({ CXBCORE_DISPATCH_BUSY: 'remove', CXBCORE_DISPATCH_S: '1' });
    const waiting = await ring(server.url);
    expect(await waiting.caller.gone).toBe('PARTICIPANT_REMOVED');
    await until(async () => (await counted('no_seat')) === 1);
    expect(await inState(started, 'reserved')).toBeDefined();
  });

  test('a caller who is not answered in time rings on where nobody tells them busy', async () => {
    await fullHost({ CXBCORE_DISPATCH_S: '1' });
    const waiting = await ring(server.url);
    await until(async () => (await counted('no_seat')) === 1);
    expect(status(waiting)).toBe('ringing');
    expect(waiting.caller.room.isConnected).toBe(true);
    await waiting.caller.leave();
  });

  test('a caller who leaves while they ring is tried no more', async () => {
    const started = await openHost(1);
    const first = await ring(server.url);
    first.caller.answerWhenHeard();
    await until(() => inState(started, 'live'));
    const waiting = await ring(server.url);
    await waiting.caller.leave();
    await until(async () => (await counted('left')) === 1);
    const before = joins();
    await first.caller.leave();
    await until(() => inState(started, 'free'));
    await new Promise((resolve) => setTimeout(resolve, 1000)); // four tries would have been made
    expect(joins() - before).toBe(0);
  });

  test('a webhook that comes ten times starts one call', async () => {
    const started = await openHost(2);
    const ringing = await ring(server.url);
    ringing.caller.answerWhenHeard();
    const event = JSON.stringify({
      event: 'participant_joined',
      id: 'EV_repeated',
      createdAt: Math.floor(Date.now() / 1000),
      room: { name: ringing.at.room },
      participant: {
        identity: ringing.at.identity,
        kind: 'SIP',
        attributes: { 'sip.callID': ringing.at.callId, 'sip.callStatus': 'ringing' },
      },
    });
    const token = new AccessToken(KEY.key, KEY.secret, { ttl: 60 });
    token.sha256 = createHash('sha256').update(event).digest('base64');
    const headers = { Authorization: await token.toJwt(), 'Content-Type': 'application/webhook+json' };
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => post({ port: frontPort }, '/webhooks/livekit', event, headers)),
    );
    expect(answers.map((answer) => answer.status)).toEqual(Array.from({ length: 10 }, () => 200));
    expect(answers.filter(({ json }) => json['status'] === 'taken')).toHaveLength(1);
    await eventually('the caller is answered', () => status(ringing) === 'active');
    expect(joins()).toBe(1);
    expect(await inState(started, 'free')).toBeDefined();
    await ringing.caller.leave();
  });

  test('a visitor who asks again at a full host is let into the same room with a token of now', async () => {
    await openHost(1);
    const asked = { call_id: 'visitor-again' };
    const first = await post({ port: frontPort }, '/livekit/widget', asked);
    expect(first.status).toBe(202);
    await new Promise((resolve) => setTimeout(resolve, 1100)); // tokens count in seconds
    const again = await post({ port: frontPort }, '/livekit/widget', asked);
    const { room, identity } = first.json;
    expect(again).toMatchObject({ status: 200, json: { status: 'duplicate', room, identity } });
    expect(again.json['participant_token']).not.toBe(first.json['participant_token']);
    expect(Date.parse(String(again.json['expires_at']))).toBeGreaterThan(
      Date.parse(String(first.json['expires_at'])),
    );
  });
});

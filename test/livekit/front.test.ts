import { afterAll, beforeAll, expect, test } from 'vitest';
import { quietHost, type TestHost, until } from '../support/host.ts';
import { post } from '../support/post.ts';
import { describeWith, has } from '../support/programs.ts';
import { freePort } from '../support/worker.ts';
import { dispatchOf, eventually, type Ringing, ring } from './support/calls.ts';
import { KEY, LiveKitServer } from './support/server.ts';
import { SipStandIn } from './support/sip-stand-in.ts';

const both = describeWith(has('nginx') ? 'livekit-server' : 'nginx');

both('calls over LiveKit through nginx', () => {
  let frontPort: number;
  let server: LiveKitServer;
  let sip: SipStandIn;
  beforeAll(async () => {
    frontPort = await freePort();
    server = await LiveKitServer.start(`http://127.0.0.1:${frontPort}/webhooks/livekit`);
    sip = await SipStandIn.start(server);
  });
  afterAll(async () => {
    await sip.stop();
    await server.stop();
  });

  const openHost = async (workers: number, env: Record<string, string> = {}): Promise<TestHost> => {
    const started = await quietHost({
      workers,
      front: 'nginx',
      frontPort,
      env: { LIVEKIT_URL: sip.url, LIVEKIT_API_KEY: KEY.key, LIVEKIT_API_SECRET: KEY.secret, ...env },
    });
    await started.host.ready(workers);
    return started;
  };
  /** Only agents join through the stand-in. */
  const joins = () => sip.log.filter((line) => line.startsWith('upgrade')).length;
  const published = ({ caller }: Ringing) =>
    [...caller.room.remoteParticipants.values()].reduce((sum, who) => sum + who.trackPublications.size, 0);
  const status = ({ caller }: Ringing) => caller.room.localParticipant?.attributes['sip.callStatus'];
  const states = async ({ host }: TestHost) =>
    Promise.all(host.workers().map(async ({ worker }) => (await host.status(worker))?.state));
  const rung = async (): Promise<Ringing> => {
    const ringing = await ring(server.url);
    ringing.caller.answerWhenHeard();
    return ringing;
  };

  test('with one seat left a call lands on it: one agent joins, and one publishes', async () => {
    const started = await openHost(3);
    const callers = [await rung(), await rung()];
    await until(async () => (await states(started)).filter((state) => state === 'live').length === 2);
    const before = joins();
    const last = await rung();
    await until(async () => (await states(started)).every((state) => state === 'live'));
    expect(joins() - before).toBe(1);
    expect(published(last)).toBe(1);
    await Promise.all([...callers, last].map(({ caller }) => caller.leave()));
  });

  test('with no seat left a call is 429 and rings on, and is answered when one becomes free', async () => {
    const started = await openHost(2);
    const first = await rung();
    const second = await rung();
    await until(async () => (await states(started)).every((state) => state === 'live'));
    const before = joins();
    const waiting = await rung();
    const refused = await post({ port: frontPort }, '/livekit/dispatch', dispatchOf(waiting.at).body);
    expect(refused).toMatchObject({ status: 429, json: { error: 'at_capacity' } });
    expect(status(waiting)).toBe('ringing');
    expect(joins() - before).toBe(0);
    await first.caller.leave();
    await eventually('the caller is answered', () => status(waiting) === 'active');
    expect(joins() - before).toBe(1);
    expect(published(waiting)).toBe(1);
    await Promise.all([second.caller.leave(), waiting.caller.leave()]);
  });

  test('nginx gives up while a worker joins, again and again: one agent is heard in the end', async () => {
    // Both the front and the worker give up after a second; the server lets the joins in around that moment.
    const started = await openHost(3, { CXBCORE_START_MAX_AGE_MS: '1000', CXBCORE_LIVEKIT_JOIN_MS: '5000' });
    for (const heldMs of [950, 1000, 1050, 2300]) {
      const before = joins();
      sip.gate = new Promise((resolve) => setTimeout(resolve, heldMs));
      const ringing = await rung();
      const heard: string[] = [];
      ringing.caller.room.on('trackSubscribed', (_track, _publication, who) => heard.push(who.identity));
      await eventually('a worker joins', () => joins() > before);
      await sip.gate;
      await eventually('the caller is answered', () => status(ringing) === 'active');
      await until(async () => (await states(started)).filter((state) => state === 'free').length === 2);
      await new Promise((resolve) => setTimeout(resolve, 1500)); // longer than a late join would take to be heard
      expect([heldMs, heard.length, published(ringing)]).toEqual([heldMs, 1, 1]);
      await ringing.caller.leave();
      await until(async () => (await states(started)).every((state) => state === 'free'));
    }
  });
});

import { existsSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  listParticipants,
  listRooms,
  removeParticipant,
  type ServerAccess,
} from '../../src/carriers/livekit/rooms.ts';
import { realClock } from '../../src/kit/clock.ts';
import { post } from '../support/post.ts';
import { describeWith } from '../support/programs.ts';
import { freeWorker, type WorkerProcess, type WorkerProcessOptions } from '../support/worker.ts';
import { dispatchOf, eventually, ring } from './support/calls.ts';
import { KEY, LiveKitServer } from './support/server.ts';
import { SipStandIn } from './support/sip-stand-in.ts';

describeWith('livekit-server')('a dispatch that goes wrong half way', () => {
  let server: LiveKitServer;
  let slow: SipStandIn;
  let access: ServerAccess;

  beforeAll(async () => {
    server = await LiveKitServer.start();
    access = { address: server.url.replace(/^ws/, 'http'), key: KEY, clock: realClock, limitMs: 5000 };
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    slow = await SipStandIn.start(server);
  });
  afterEach(() => slow.stop());

  const worker = (url: string, options: WorkerProcessOptions = {}) =>
    freeWorker({
      ...options,
      env: {
        LIVEKIT_URL: url,
        LIVEKIT_API_KEY: KEY.key,
        LIVEKIT_API_SECRET: KEY.secret,
        CXBCORE_AGENT: 'quiet',
      },
    });
  const dispatch = ({ socket }: WorkerProcess, body: unknown) =>
    post({ socketPath: socket }, '/livekit/dispatch', body);
  const agents = async (room: string) =>
    (await listParticipants(access, room)).filter(({ identity }) => identity.startsWith('agent-'));

  test('a worker killed between claim and answer: the next one takes the caller', async () => {
    const one = await worker(slow.url);
    const two = await worker(server.url, { folder: one.folder, number: 2 });
    const { at, caller } = await ring(server.url);
    slow.gate = new Promise(() => undefined);
    const { body } = dispatchOf(at);
    const lost = dispatch(one, body).catch((error: unknown) => error);
    await eventually('the first one joins', () => slow.log.some((line) => line.startsWith('upgrade')));
    await one.dispose();
    expect(await lost).toBeInstanceOf(Error);
    expect(await dispatch(two, body)).toMatchObject({ status: 202 });
    caller.answerWhenHeard();
    await two.until(({ state }) => state === 'live');
    expect(await agents(at.room)).toHaveLength(1);
    await caller.leave();
  });

  test('a worker killed between answer and publishing: the next one takes the caller when the dead is removed', async () => {
    const one = await worker(server.url);
    const two = await worker(server.url, { folder: one.folder, number: 2 });
    const { at, caller } = await ring(server.url);
    const { body } = dispatchOf(at);
    expect(await dispatch(one, body)).toMatchObject({ status: 202 });
    await one.dispose();
    const [dead] = await agents(at.room);
    expect(await dispatch(two, body)).toMatchObject({ status: 409, json: { error: 'taken' } });
    await removeParticipant(access, at.room, dead?.identity ?? '');
    expect(await dispatch(two, body)).toMatchObject({ status: 202 });
    caller.answerWhenHeard();
    await two.until(({ state }) => state === 'live');
    expect(await agents(at.room)).toHaveLength(1);
    await caller.leave();
  });

  test('whoever asked has gone while the worker joined: it leaves without a sound, and is free', async () => {
    const one = await worker(slow.url);
    const { at, caller } = await ring(server.url);
    let open: () => void = () => undefined;
    slow.gate = new Promise((resolve) => {
      open = resolve;
    });
    const asking = request({
      socketPath: one.socket,
      path: '/livekit/dispatch',
      method: 'POST',
      agent: false,
    });
    asking.on('error', () => undefined);
    asking.end(JSON.stringify(dispatchOf(at).body));
    await eventually('it joins', () => slow.log.some((line) => line.startsWith('upgrade')));
    asking.destroy();
    open();
    await one.until(({ state }) => state === 'free');
    await eventually('only the caller is left', async () => (await agents(at.room)).length === 0);
    expect(caller.heard).toEqual([]);
    const two = await worker(server.url, { folder: one.folder, number: 2 });
    expect(await dispatch(two, dispatchOf(at).body)).toMatchObject({ status: 202 });
    await caller.leave();
  });

  test('the caller hangs up while they ring: the worker is free, its record says so, and no room is left', async () => {
    const one = await worker(server.url);
    const { at, caller } = await ring(server.url);
    expect(await dispatch(one, dispatchOf(at).body)).toMatchObject({ status: 202 });
    await eventually('the agent is there', () => caller.agent() !== undefined);
    await caller.leave();
    await one.until(({ state }) => state === 'free');
    const path = join(one.dataDir, 'records', `${at.callId}.json`);
    await eventually('it has its record', () => existsSync(path));
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ end: { reason: 'caller.hung_up' } });
    await eventually('the room is gone', async () => !(await listRooms(access)).includes(at.room));
  });

  test('ten copies of one dispatch to two workers: one is taken, and one agent is heard', async () => {
    const one = await worker(server.url);
    const two = await worker(server.url, { folder: one.folder, number: 2 });
    const { at, caller } = await ring(server.url);
    caller.answerWhenHeard();
    const { body } = dispatchOf(at);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10 }, (_, i) => dispatch(i % 2 === 0 ? one : two, body)),
    );
    const statuses = outcomes.flatMap((one) => (one.status === 'fulfilled' ? [one.value.status] : []));
    expect(statuses.filter((status) => status === 202)).toHaveLength(1);
    expect(statuses.filter((status) => ![200, 202, 409].includes(status))).toEqual([]);
    await eventually('it is answered', async () => (await agents(at.room)).length === 1);
    await caller.leave();
  });
});

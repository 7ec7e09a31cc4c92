import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { CallRecord } from '../../src/journal/call-record.ts';
import { until } from '../support/host.ts';
import { post } from '../support/post.ts';
import { describeWith } from '../support/programs.ts';
import { freeWorker, type WorkerProcess, type WorkerProcessOptions } from '../support/worker.ts';
import { dispatchOf, eventually, fresh, ring } from './support/calls.ts';
import { Party } from './support/far-end.ts';
import { listen, PHONE_AGENTS, tell } from './support/phone.ts';
import { KEY, LiveKitServer } from './support/server.ts';
import { SipStandIn } from './support/sip-stand-in.ts';

function record(worker: WorkerProcess, callId: string): Promise<CallRecord> {
  return until(() => {
    try {
      return JSON.parse(
        readFileSync(join(worker.dataDir, 'records', `${callId}.json`), 'utf8'),
      ) as CallRecord;
    } catch {
      return undefined;
    }
  });
}

/** Says both answers that the agent asks for, and hears it say goodbye. */
async function converse(party: Party): Promise<void> {
  await listen(party, 0);
  await listen(party, await tell(party, 'cancel'));
  await listen(party, await tell(party, 'yes'));
}

describeWith('livekit-server')('workers with LiveKit', () => {
  let server: LiveKitServer;
  let sip: SipStandIn;
  let one: WorkerProcess;
  const folder = mkdtempSync(join(tmpdir(), 'cxb-livekit-'));

  beforeAll(async () => {
    server = await LiveKitServer.start();
    sip = await SipStandIn.start(server);
    one = await worker({ folder, shared: true });
  });
  afterAll(async () => {
    await one.dispose();
    await sip.stop();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    await one.until(({ state }) => state === 'free');
  });

  const env = () => ({
    LIVEKIT_URL: sip.url,
    LIVEKIT_API_KEY: KEY.key,
    LIVEKIT_API_SECRET: KEY.secret,
    CXBCORE_AGENTS: PHONE_AGENTS,
    CXBCORE_LIVEKIT_TRUNK: 'ST_1',
  });
  const worker = (options: WorkerProcessOptions = {}) =>
    freeWorker({ ...options, env: { ...env(), ...options.env } });
  const start = ({ socket }: WorkerProcess, path: string, body: unknown) =>
    post({ socketPath: socket }, path, body);

  const finished = { result: { what: 'cancel', sure: true }, end: { reason: 'agent.finished' } };

  test('/livekit/dispatch: a person on the telephone is answered, understood, and hung up', async () => {
    const { at, caller } = await ring(server.url);
    caller.answerWhenHeard();
    const body = dispatchOf(at).body;
    const [first, second] = await Promise.all([
      start(one, '/livekit/dispatch', body),
      // The other may come when the seat is closed already: then nobody listens.
      start(one, '/livekit/dispatch', body).catch(() => undefined),
    ]);
    expect([first.status, second?.status ?? 202]).toContain(202);
    await converse(caller);
    expect(await caller.gone).toBe('ROOM_DELETED');
    expect(await record(one, at.callId)).toMatchObject(finished);
    await one.until(({ state }) => state === 'free');
    expect((await start(one, '/livekit/dispatch', body)).json).toMatchObject({
      status: 'duplicate',
      state: 'ended',
    });
  });

  test('/livekit/dialout: a person who is called is spoken to when they answer', async () => {
    const { callId } = fresh();
    const dialled = sip.legs.length;
    const answer = await start(one, '/livekit/dialout', { call_id: callId, to: '+15550123' });
    expect(answer).toMatchObject({ status: 202, json: { call_id: callId, room: `out-${callId}` } });
    await eventually('the telephone rings', () => sip.legs.length > dialled);
    const callee = sip.legs.at(-1);
    if (!callee) throw new Error('nobody was dialled');
    await converse(callee);
    expect(await callee.gone).toBe('ROOM_DELETED');
    expect(await record(one, callId)).toMatchObject(finished);
  });

  test('/livekit/dialout: a busy number is a result of the call, never a 429', async () => {
    const { callId } = fresh();
    sip.decide = () => ({ fail: { status: 429, code: 'resource_exhausted', sip: 486, reason: 'Busy Here' } });
    const answer = await start(one, '/livekit/dialout', { call_id: callId, to: '+15550123' });
    expect(answer.status).toBe(202);
    expect(await record(one, callId)).toMatchObject({ end: { reason: 'dial.busy' } });
    await one.until(({ state }) => state === 'free');
    const again = await start(one, '/livekit/dialout', { call_id: callId, to: '+15550123' });
    expect(again).toMatchObject({
      status: 200,
      json: { status: 'duplicate', result: { outcome: 'busy', sip_status_code: 486 } },
    });
    sip.decide = () => ({ answerMs: 100 });
  });

  test('/livekit/widget: a visitor comes with the token of the answer', async () => {
    const { json, status } = await start(one, '/livekit/widget', {});
    expect(status).toBe(202);
    const { room, identity, participant_token, call_id } = json as Record<string, string>;
    const visitor = new Party({ room: room ?? '', identity: identity ?? '' });
    await visitor.enter(server.url, participant_token ?? '');
    await converse(visitor);
    expect(await record(one, call_id ?? '')).toMatchObject(finished);
  });

  test('/attach: a worker joins the room in which a caller is', async () => {
    const { callId, room } = fresh();
    const caller = await Party.join(server.url, { room, identity: 'ann' });
    const media = { kind: 'livekit', room };
    expect(await start(one, '/attach', { call_id: callId, media })).toMatchObject({ status: 202 });
    await converse(caller);
    expect(await caller.gone).toBe('PARTICIPANT_REMOVED');
    expect(await record(one, callId)).toMatchObject(finished);
  });

  test('refuse nothing that the server would notice: a busy worker asks it nothing', async () => {
    const { at, caller } = await ring(server.url);
    caller.answerWhenHeard();
    expect(await start(one, '/livekit/dispatch', dispatchOf(at).body)).toMatchObject({ status: 202 });
    await listen(caller, 0);
    const before = sip.log.length;
    for (let i = 0; i < 10; i++)
      await expect(start(one, '/livekit/dispatch', dispatchOf(fresh()).body)).rejects.toThrow();
    expect(sip.log.slice(before)).toEqual([]);
    await caller.leave();
    await one.until(({ state }) => state === 'free');
  });

  test('a worker killed in mid-call: another goes on with what the caller had said', async () => {
    const first = await worker();
    const two = await worker({ folder: first.folder, number: 2 });
    const { at, caller } = await ring(server.url);
    caller.answerWhenHeard();
    expect(await start(first, '/livekit/dispatch', dispatchOf(at).body)).toMatchObject({ status: 202 });
    await listen(caller, 0);
    await listen(caller, await tell(caller, 'cancel'));
    await first.dispose();
    const killed = performance.now();
    const answer = await start(two, '/continue', { call_id: at.callId, cause: 'killed by SIGKILL' });
    expect(answer).toMatchObject({ status: 202 });
    await listen(caller, killed);
    await listen(caller, await tell(caller, 'yes'));
    expect(await caller.gone).toBe('ROOM_DELETED');
    expect(await record(two, at.callId)).toMatchObject({ ...finished, incarnations: [{ n: 1 }, { n: 2 }] });
  });
});

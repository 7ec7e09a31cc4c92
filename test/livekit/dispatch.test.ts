import { afterAll, beforeAll, expect, test } from 'vitest';
import { listParticipants, listRooms, removeParticipant } from '../../src/carriers/livekit/rooms.ts';
import { NoCaller, StartRefused } from '../../src/ports/requested.ts';
import { describeWith } from '../support/programs.ts';
import { dispatchOf, eventually, fresh, LiveKitCalls, ring } from './support/calls.ts';
import { LiveKitServer } from './support/server.ts';

const never = new AbortController().signal;

describeWith('livekit-server')('a dispatched caller', () => {
  let server: LiveKitServer;
  let calls: LiveKitCalls;

  beforeAll(async () => {
    server = await LiveKitServer.start();
    calls = await LiveKitCalls.open(server.url, { CXBCORE_LIVEKIT_ANSWER_S: '3' });
  });
  afterAll(async () => {
    await calls.close();
    await server.stop();
  });

  test('hears nothing before the answer went out, and is greeted when connected', async () => {
    const { at, caller } = await ring(server.url);
    const prepared = await calls.prepare(dispatchOf(at));
    expect(calls.claims).toMatchObject({
      room: at.room,
      participants: [expect.stringMatching(/^agent-host-1_/)],
    });
    expect(caller.agent()?.trackPublications.size ?? 0).toBe(0);
    const boarding = prepared.board(never);
    await eventually('the agent publishes', () => (caller.agent()?.trackPublications.size ?? 0) === 1);
    let boarded = false;
    void boarding.then(() => (boarded = true));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(boarded).toBe(false); // still ringing
    await caller.setStatus('active');
    const line = await boarding;
    await line.end('agent.finished');
    expect(await caller.gone).toBe('ROOM_DELETED');
    expect(await listRooms(calls.access())).not.toContain(at.room);
  });

  test('is answered by one of ten agents that race for them, every time', async () => {
    for (let round = 0; round < 20; round++) {
      const { at, caller } = await ring(server.url);
      const outcomes = await Promise.allSettled(
        Array.from({ length: 10 }, () => calls.prepare(dispatchOf(at))),
      );
      const won = outcomes.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      const lost = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason as StartRefused] : []));
      expect(won).toHaveLength(1);
      expect(lost.filter(({ code }) => code !== 'taken').map(String)).toEqual([]);
      caller.answerWhenHeard();
      const line = await won[0]?.board(never);
      expect(line?.facts.callId).toBe(at.callId);
      await line?.end('agent.finished');
      await caller.leave();
    }
  });

  test('who has left before is gone, and no room is left behind', async () => {
    const at = fresh();
    await expect(calls.prepare(dispatchOf(at))).rejects.toMatchObject({ code: 'gone' });
    expect(await listRooms(calls.access())).not.toContain(at.room);
  });

  test('whose deadline has passed is gone, and nothing was asked of the server', async () => {
    const { at, caller } = await ring(server.url);
    await expect(calls.prepare(dispatchOf(at, -1))).rejects.toMatchObject({ code: 'gone' });
    expect(await listParticipants(calls.access(), at.room)).toHaveLength(1);
    await caller.leave();
  });

  test('who hangs up while ringing ends the call, and no room is left behind', async () => {
    const { at, caller } = await ring(server.url);
    const boarding = (await calls.prepare(dispatchOf(at))).board(never);
    await eventually('the agent is there', () => caller.agent() !== undefined);
    await caller.leave();
    await expect(boarding).rejects.toMatchObject({ reason: 'caller.hung_up' });
    await eventually('the room is gone', async () => !(await listRooms(calls.access())).includes(at.room));
  });

  test('who is never connected ends the call in time', async () => {
    const { at, caller } = await ring(server.url);
    const boarding = (await calls.prepare(dispatchOf(at))).board(never);
    await expect(boarding).rejects.toBeInstanceOf(NoCaller);
    await expect(boarding).rejects.toMatchObject({ reason: 'line.never_came' });
    await caller.leave();
  });

  test('goes on ringing for others when the promise is taken back', async () => {
    const { at, caller } = await ring(server.url);
    const first = await calls.prepare(dispatchOf(at));
    await first.undo();
    const second = await calls.prepare(dispatchOf(at));
    caller.answerWhenHeard();
    const line = await second.board(never);
    await line.end('agent.finished');
    await caller.leave();
  });

  test('whose agent died is free for another as soon as the dead one is removed', async () => {
    const { at, caller } = await ring(server.url);
    await calls.prepare(dispatchOf(at)); // a worker that dies here
    const [dead = ''] = calls.claims['participants'] as string[];
    await expect(calls.prepare(dispatchOf(at))).rejects.toMatchObject({ code: 'taken' });
    await removeParticipant(calls.access(), at.room, dead);
    const next = await calls.prepare(dispatchOf(at));
    await next.undo();
    await caller.leave();
  });

  test('is told apart from a server that is away', async () => {
    const away = await LiveKitCalls.open('ws://127.0.0.1:9');
    const refused = away.prepare(dispatchOf(fresh()));
    await expect(refused).rejects.toMatchObject({ code: 'join_failed' });
    await expect(refused).rejects.toBeInstanceOf(StartRefused);
  });

  test('is joined within the limit, and a join that succeeds later is undone', async () => {
    const hasty = await LiveKitCalls.open(server.url, { CXBCORE_LIVEKIT_JOIN_MS: '5' });
    const { at, caller } = await ring(server.url);
    await expect(hasty.prepare(dispatchOf(at))).rejects.toMatchObject({ code: 'join_failed' });
    await eventually('it was undone', () => hasty.logged.some((line) => line.includes('was undone')));
    await eventually(
      'only the caller is left',
      async () => (await listParticipants(calls.access(), at.room)).length === 1,
    );
    expect(caller.room.isConnected).toBe(true);
    await caller.leave();
  });

  test('keeps tokens out of what is logged', async () => {
    const stranger = await LiveKitCalls.open(server.url, {
      LIVEKIT_API_SECRET: 'wrongwrongwrongwrongwrongwrongwrong',
    });
    const refused = await stranger.prepare(dispatchOf(fresh())).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'join_failed' });
    expect(`${String(refused)} ${stranger.logged.join(' ')}`).not.toMatch(/eyJ/);
  });
});

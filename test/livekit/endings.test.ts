import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { deleteRoom, removeParticipant } from '../../src/carriers/livekit/rooms.ts';
import { describeWith } from '../support/programs.ts';
import { answered, eventually, LiveKitCalls } from './support/calls.ts';
import { LiveKitServer } from './support/server.ts';

describeWith('livekit-server')('a call in a LiveKit room', () => {
  let server: LiveKitServer;
  let calls: LiveKitCalls;

  beforeEach(async () => {
    server = await LiveKitServer.start();
    calls = await LiveKitCalls.open(server.url);
  });
  afterEach(() => server.stop());

  test('ends by whoever deletes its room', async () => {
    const { at, events } = await answered(server.url, calls);
    await deleteRoom(calls.access(), at.room);
    expect(await events.next('end')).toMatchObject({ reason: 'operator.hung_up', detail: 'ROOM_DELETED' });
  });

  test('ends by whoever removes the caller', async () => {
    const { at, events } = await answered(server.url, calls);
    await removeParticipant(calls.access(), at.room, at.identity);
    expect(await events.next('end')).toMatchObject({
      reason: 'operator.hung_up',
      detail: 'PARTICIPANT_REMOVED',
    });
  });

  test('ends by whoever removes the agent', async () => {
    const { at, events, caller } = await answered(server.url, calls);
    await removeParticipant(calls.access(), at.room, caller.agent()?.identity ?? '');
    expect(await events.next('end')).toMatchObject({
      reason: 'operator.hung_up',
      detail: 'PARTICIPANT_REMOVED',
    });
  });

  test('leaves no thread of the client behind when the caller or the agent ended it', async () => {
    const sources = () =>
      readdirSync('/proc/self/task').filter((thread) => {
        try {
          return readFileSync(`/proc/self/task/${thread}/comm`, 'utf8').startsWith('AudioSource');
        } catch {
          return false; // it has just ended
        }
      }).length;
    const before = sources();
    for (let i = 0; i < 3; i++) {
      const hangingUp = await answered(server.url, calls);
      await hangingUp.caller.leave();
      await hangingUp.line.end('caller.hung_up');
      const hungUp = await answered(server.url, calls);
      await hungUp.line.end('agent.finished');
      await hungUp.caller.leave();
    }
    // Whoever is put out keeps one thread, a fault of the client: here that is the caller who was hung up.
    await eventually('they end', () => sources() <= before + 3);
  });

  test('is lost when the server is stopped', async () => {
    const { events } = await answered(server.url, calls);
    await server.stop();
    expect(await events.next('end')).toMatchObject({ reason: 'line.lost', detail: 'SERVER_SHUTDOWN' });
  });

  test('shows no sign of life while its server is away, and is lost when that lasts', async () => {
    const { line, events } = await answered(server.url, calls);
    await server.kill();
    await new Promise((resolve) => setTimeout(resolve, 3000));
    const alive = () => events.kinds().filter((kind) => kind === 'alive').length;
    const before = alive();
    line.ping();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(alive()).toBe(before);
    expect(await events.next('end')).toMatchObject({ reason: 'line.lost' });
  });
});

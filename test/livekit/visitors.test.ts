import { TokenVerifier } from 'livekit-server-sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshVisitor } from '../../src/carriers/livekit/visitors.ts';
import type { Claim } from '../../src/contract/claim.ts';
import { realClock } from '../../src/kit/clock.ts';
import { LineEvents } from '../support/line-events.ts';
import { describeWith } from '../support/programs.ts';
import { answered, eventually, fresh, LiveKitCalls, tone } from './support/calls.ts';
import { Party } from './support/far-end.ts';
import { KEY, LiveKitServer } from './support/server.ts';

const never = new AbortController().signal;

describeWith('livekit-server')('rooms that are joined', () => {
  let server: LiveKitServer;
  let calls: LiveKitCalls;

  beforeAll(async () => {
    server = await LiveKitServer.start();
    calls = await LiveKitCalls.open(server.url, { CXBCORE_LIVEKIT_NO_SHOW_S: '1' });
  });
  afterAll(async () => {
    await calls.close();
    await server.stop();
  });

  test('let a visitor in with the token of the answer, and nobody else', async () => {
    const prepared = await calls.prepare({ kind: 'widget', callId: fresh().callId, body: { name: 'Ann' } });
    const { server_url, room, identity, participant_token } = prepared.answer as Record<string, string>;
    expect(room).toMatch(/^web-/);
    const claims = await new TokenVerifier(KEY.key, KEY.secret).verify(participant_token ?? '');
    expect(claims).toMatchObject({
      sub: identity,
      name: 'Ann',
      video: { room, canPublishSources: ['microphone'] },
    });
    const boarding = prepared.board(never);
    const visitor = new Party({ room: room ?? '', identity: identity ?? '' });
    await visitor.enter(server_url ?? '', participant_token ?? '');
    const line = await boarding;
    expect(line.facts.can.transfer).toBe('none');
    const events = new LineEvents(line);
    await visitor.say(tone(300, visitor.rate));
    await events.next('media');
    line.send(tone(300, line.facts.rate), 0);
    await eventually('the visitor hears the agent', () => visitor.loudAt.length > 5);
    const third = Party.join(server.url, { room: room ?? '', identity: 'somebody' });
    await expect(third).rejects.toThrow();
    await visitor.leave();
    expect(await events.next('end')).toMatchObject({ reason: 'caller.hung_up' });
  });

  test('are left when no visitor comes', async () => {
    const boarding = (await calls.prepare({ kind: 'widget', callId: fresh().callId, body: {} })).board(never);
    await expect(boarding).rejects.toMatchObject({
      reason: 'caller.no_show',
      result: { outcome: 'visitor_no_show' },
    });
  });

  test('are told to a repeated start with a fresh token', async () => {
    const prepared = await calls.prepare({ kind: 'widget', callId: fresh().callId, body: {} });
    const { room = '', identity } = prepared.answer as Record<string, string>;
    const claim = { route: '/livekit/widget', room, state: 'reserved', answer: { ...prepared.answer } };
    const again = freshVisitor(claim as unknown as Claim, calls.settings, realClock);
    expect(again).toMatchObject({ room, identity, participant_token: expect.stringMatching(/^eyJ/) });
    expect(freshVisitor({ ...claim, state: 'ended' } as unknown as Claim, calls.settings, realClock)).toEqual(
      {},
    );
    await prepared.undo();
  });

  test('that somebody else made are joined for the caller in them', async () => {
    const at = fresh();
    const caller = await Party.join(server.url, { room: at.room, identity: 'ann' });
    const prepared = await calls.prepare({
      kind: 'join',
      callId: at.callId,
      body: { media: { kind: 'livekit', room: at.room } },
    });
    const line = await prepared.board(never);
    await line.end('agent.finished');
    expect(await caller.gone).toBe('PARTICIPANT_REMOVED');
  });

  test('in which nobody is are left again', async () => {
    const { callId, room } = fresh();
    const prepared = await calls.prepare({
      kind: 'join',
      callId,
      body: { media: { kind: 'livekit', room } },
    });
    await expect(prepared.board(never)).rejects.toMatchObject({
      reason: 'line.never_came',
      result: { outcome: 'media_never_came' },
    });
  });

  test('of other servers are joined only where that is allowed', async () => {
    const media = { kind: 'livekit' as const, room: 'r', url: 'ws://elsewhere.example.com' };
    const start = calls.prepare({ kind: 'join', callId: fresh().callId, body: { media } });
    await expect(start).rejects.toMatchObject({ code: 'unusable' });
  });

  test('are joined again when the worker in them died, in its place', async () => {
    const { at, caller, events } = await answered(server.url, calls);
    const claim = {
      route: '/livekit/dispatch',
      room: at.room,
      participants: calls.claims['participants'],
      state: 'live',
    } as unknown as Claim;
    const started = performance.now();
    const next = await calls.prepare({ kind: 'continue', callId: at.callId, claim });
    const line = await next.board(never);
    expect(performance.now() - started).toBeLessThan(5000); // the server by itself would need 20 s
    expect(await events.next('end')).toMatchObject({ detail: 'PARTICIPANT_REMOVED' });
    line.send(tone(300, line.facts.rate), 0);
    await eventually('the caller hears the next agent', () => caller.loudAt.length > 5);
    await line.end('agent.finished');
    await caller.leave();
  });

  test('whose caller has left too are not joined again', async () => {
    const { callId, room } = fresh();
    const claim = {
      route: '/livekit/dispatch',
      room,
      participants: ['agent-x'],
      state: 'live',
    } as unknown as Claim;
    await expect(calls.prepare({ kind: 'continue', callId, claim })).rejects.toMatchObject({ code: 'gone' });
  });
});

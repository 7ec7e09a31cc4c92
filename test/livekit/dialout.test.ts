import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { listRooms } from '../../src/carriers/livekit/rooms.ts';
import type { StartRequest } from '../../src/ports/requested.ts';
import { LineEvents } from '../support/line-events.ts';
import { describeWith } from '../support/programs.ts';
import { eventually, fresh, LiveKitCalls, tone } from './support/calls.ts';
import { LiveKitServer } from './support/server.ts';
import { type FarTelephone, SipStandIn } from './support/sip-stand-in.ts';

const never = new AbortController().signal;

type Dialout = Extract<StartRequest, { kind: 'dialout' }>;

function dialoutOf(more: Partial<Dialout['body']> = {}): Dialout {
  return { kind: 'dialout', callId: fresh().callId, body: { to: '+15550123', trunk_id: 'ST_1', ...more } };
}

const fails = (status: number, code: string, sip?: number, meta?: Record<string, string>): FarTelephone => ({
  fail: { status, code, ...(sip !== undefined && { sip }), ...(meta && { meta }) },
});

/** What LiveKit says of a dial that did not succeed, and what we make of it. */
const OUTCOMES: readonly (readonly [string, FarTelephone, string, string])[] = [
  ['486 busy', fails(429, 'resource_exhausted', 486), 'dial.busy', 'busy'],
  ['600 busy everywhere', fails(429, 'resource_exhausted', 600), 'dial.busy', 'busy'],
  ['480, the telephone is off', fails(429, 'resource_exhausted', 480), 'dial.no_answer', 'no_answer'],
  ['403', fails(403, 'permission_denied', 403), 'dial.declined', 'declined'],
  ['603', fails(403, 'permission_denied', 603), 'dial.declined', 'declined'],
  ['607 unwanted', fails(403, 'permission_denied', 607), 'dial.declined', 'declined'],
  [
    '603 blocked by the carrier',
    fails(403, 'permission_denied', 603, { 'X-Twilio-Error': '32203 blocked' }),
    'dial.blocked',
    'blocked',
  ],
  ['407', fails(401, 'unauthenticated', 407), 'dial.not_set_up', 'config'],
  ['wrong trunk credentials', fails(412, 'failed_precondition'), 'dial.not_set_up', 'config'],
  ['404', fails(404, 'not_found', 404), 'dial.invalid_number', 'invalid_number'],
  ['410', fails(404, 'not_found', 410), 'dial.invalid_number', 'invalid_number'],
  ['484 incomplete', fails(400, 'invalid_argument', 484), 'dial.invalid_number', 'invalid_number'],
  ['604 exists nowhere', fails(404, 'not_found', 604), 'dial.invalid_number', 'invalid_number'],
  ['no such trunk', fails(404, 'not_found'), 'dial.not_set_up', 'config'],
  ['408', fails(408, 'deadline_exceeded', 408), 'dial.no_answer', 'no_answer'],
  ['504', fails(408, 'deadline_exceeded', 504), 'dial.failed', 'trunk_failure'],
  ['no final response', fails(408, 'canceled'), 'dial.no_answer', 'no_answer'],
  ['487', fails(409, 'aborted', 487), 'dial.no_answer', 'no_answer'],
  ['488 no common codec', fails(400, 'invalid_argument', 488), 'dial.failed', 'trunk_failure'],
  ['an address that does not resolve', fails(400, 'invalid_argument'), 'dial.not_set_up', 'config'],
  ['503 of the trunk', fails(412, 'failed_precondition', 503), 'dial.failed', 'trunk_failure'],
  ['the network before the INVITE', fails(503, 'unavailable'), 'dial.failed', 'trunk_failure'],
  ['a fault of LiveKit', fails(500, 'internal'), 'dial.failed', 'trunk_failure'],
  ['too many requests to LiveKit', fails(429, 'resource_exhausted'), 'dial.failed', 'trunk_failure'],
];

describeWith('livekit-server')('a call that is placed', () => {
  let server: LiveKitServer;
  let sip: SipStandIn;
  let calls: LiveKitCalls;
  const rooms = () => listRooms(calls.access());

  beforeAll(async () => {
    server = await LiveKitServer.start();
  });
  afterAll(async () => {
    await calls.close();
    await server.stop();
  });
  beforeEach(async () => {
    sip = await SipStandIn.start(server);
    calls = await LiveKitCalls.open(sip.url);
  });
  afterEach(() => sip.stop());

  test('asks nothing of the server before it was promised', async () => {
    const prepared = await calls.prepare(dialoutOf());
    await prepared.undo();
    expect(sip.log).toEqual([]);
  });

  test('needs a trunk', async () => {
    const start: Dialout = { kind: 'dialout', callId: 'c', body: { to: '+1' } };
    await expect(calls.prepare(start)).rejects.toMatchObject({ code: 'unusable' });
  });

  test('dials once, with limits, and is a line when it is answered', async () => {
    const start = dialoutOf({ from: '+15550100', max_duration_s: 600, ringing_timeout_s: 20 });
    const prepared = await calls.prepare(start, {
      direction: 'outbound',
      from: '+15550100',
      to: '+15550123',
    });
    const line = await prepared.board(never);
    expect(line.facts).toMatchObject({ direction: 'outbound', to: '+15550123', can: { transfer: 'cold' } });
    expect(sip.dials).toHaveLength(1);
    expect(sip.dials[0]).toMatchObject({
      sip_trunk_id: 'ST_1',
      sip_call_to: '+15550123',
      sip_number: '+15550100',
      ringing_timeout: '20s',
      max_call_duration: '660s',
      wait_until_answered: true,
      participant_identity: `callee-${start.callId}`,
      participant_attributes: { 'cxb.call_id': start.callId },
    });
    line.send(tone(300, line.facts.rate), 0);
    await eventually('the callee hears the agent', () => (sip.legs[0]?.loudAt.length ?? 0) > 5);
    await line.end('agent.finished');
    expect(await sip.legs[0]?.gone).toBe('ROOM_DELETED');
    expect(await rooms()).toEqual([]);
  });

  test.each(OUTCOMES)(
    'that comes to %s ends with one result, and no room is left',
    async (_what, far, reason, outcome) => {
      sip.decide = () => far;
      const boarding = (await calls.prepare(dialoutOf())).board(never);
      await expect(boarding).rejects.toMatchObject({
        reason,
        result: { outcome, ...(far.fail?.sip !== undefined && { sip_status_code: far.fail.sip }) },
      });
      expect(sip.dials).toHaveLength(1);
      await eventually('no room is left', async () => (await rooms()).length === 0);
    },
  );

  test('that nobody answers ends after its ringing time', async () => {
    sip.decide = () => ({});
    const boarding = (await calls.prepare(dialoutOf({ ringing_timeout_s: 1 }))).board(never);
    await expect(boarding).rejects.toMatchObject({
      reason: 'dial.no_answer',
      result: { outcome: 'no_answer' },
    });
  });

  test('stops ringing when it is to end', async () => {
    sip.decide = () => ({});
    const stop = new AbortController();
    const boarding = (await calls.prepare(dialoutOf())).board(stop.signal);
    await eventually('it rings', () => sip.legs.length === 1);
    stop.abort();
    await expect(boarding).rejects.toMatchObject({ reason: 'operator.stopped' });
    expect(await sip.legs[0]?.gone).toBe('ROOM_DELETED');
  });

  test('is not dialled again by whoever takes it over while it rings', async () => {
    sip.decide = () => ({ answerMs: 1500 });
    const start = dialoutOf();
    const first = (await calls.prepare(start)).board(never);
    await eventually('it rings', () => sip.legs.length === 1);
    const second = (await calls.prepare(start)).board(never);
    const line = await second;
    expect(sip.dials).toHaveLength(1);
    await Promise.all([(await first).end('start.duplicate'), line.end('agent.finished')]);
  });

  test('hands the callee on, and says how that went', async () => {
    const line = await (await calls.prepare(dialoutOf())).board(never);
    const events = new LineEvents(line);
    line.transfer('+15550177', 'warm');
    expect(await events.next('transfer')).toMatchObject({ state: 'failed' });
    sip.transferFails = true;
    line.transfer('+15550177', 'cold');
    expect(await events.next('transfer')).toMatchObject({ state: 'ringing' });
    expect(await events.next('transfer')).toMatchObject({ state: 'failed' });
    sip.transferFails = false;
    line.transfer('+15550177', 'cold');
    expect(await events.next('transfer')).toMatchObject({ state: 'ringing' });
    expect(await events.next('transfer')).toEqual({ kind: 'transfer', leg: 'caller', state: 'answered' });
    expect(sip.log).toContain('REFER tel:+15550177');
    expect(await events.next('end')).toMatchObject({ reason: 'caller.hung_up' });
  });
});

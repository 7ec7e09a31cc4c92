import { expect, it } from 'vitest';
import { calleeLeft, dialFailed } from './outcomes.ts';
import { LiveKitError } from './twirp.ts';

/** A dial as LiveKit's SIP service reports it: Twirp's code, its HTTP status, and the far side's status if there was one. */
function dialled(code: string, http: number, sip?: number, meta: Record<string, string> = {}) {
  const status = sip === undefined ? {} : { sip_status_code: String(sip), sip_status: 'said so' };
  return dialFailed(new LiveKitError('CreateSIPParticipant', code, http, 'twirp', { ...status, ...meta }));
}

// Rows of livekit/protocol `livekit/sip.go`, with the HTTP status Twirp gives the code.
it.each([
  ['resource_exhausted', 429, [486, 600], 'dial.busy', 'busy'],
  ['resource_exhausted', 429, [480], 'dial.no_answer', 'no_answer'],
  ['permission_denied', 403, [402, 403, 603, 607], 'dial.declined', 'declined'],
  ['permission_denied', 403, [608], 'dial.blocked', 'blocked'],
  ['permission_denied', 403, [401], 'dial.not_set_up', 'config'],
  ['unauthenticated', 401, [407, 428, 437, 438, 494], 'dial.not_set_up', 'config'],
  ['not_found', 404, [301, 302, 404, 410, 604], 'dial.invalid_number', 'invalid_number'],
  ['deadline_exceeded', 408, [408], 'dial.no_answer', 'no_answer'],
  ['deadline_exceeded', 408, [504], 'dial.failed', 'trunk_failure'],
  ['aborted', 409, [487], 'dial.no_answer', 'no_answer'],
  ['aborted', 409, [491], 'dial.failed', 'trunk_failure'],
  ['invalid_argument', 400, [484], 'dial.invalid_number', 'invalid_number'],
  ['invalid_argument', 400, [400, 415, 485, 488, 606, 699], 'dial.failed', 'trunk_failure'],
  ['failed_precondition', 412, [500, 501, 502, 503], 'dial.failed', 'trunk_failure'],
] as const)('%s (%i) with SIP %j ends with %s', (code, http, statuses, reason, outcome) => {
  for (const sip of statuses)
    expect(dialled(code, http, sip)).toMatchObject({
      reason,
      result: { outcome, sip_status_code: sip, sip_status: 'said so' },
    });
});

it.each([
  ['no final response, or none in time', 'canceled', 408, 'dial.no_answer', 'no_answer'],
  ['no trunk of that name', 'not_found', 404, 'dial.not_set_up', 'config'],
  [
    'a trunk without credentials, or no common codec',
    'failed_precondition',
    412,
    'dial.not_set_up',
    'config',
  ],
  ['an address that does not resolve', 'invalid_argument', 400, 'dial.not_set_up', 'config'],
  ['an API key without SIP rights', 'permission_denied', 403, 'dial.not_set_up', 'config'],
  ['a wrong API key', 'unauthenticated', 401, 'dial.not_set_up', 'config'],
  ['the network before the INVITE', 'unavailable', 503, 'dial.failed', 'trunk_failure'],
  ['a fault of the server', 'internal', 500, 'dial.failed', 'trunk_failure'],
  ['too many requests', 'resource_exhausted', 429, 'dial.failed', 'trunk_failure'],
  ['no word from the server', 'no_reply', 0, 'dial.failed', 'unknown'],
])('%s ends with a result without SIP status', (_what, code, http, reason, outcome) => {
  const ended = dialled(code, http);
  expect(ended).toMatchObject({ reason, result: { outcome } });
  expect(ended.result).not.toHaveProperty('sip_status_code');
});

it('a number its carrier lets nobody call is blocked, whatever status that came with', () => {
  const ended = dialled('permission_denied', 403, 603, { 'X-Twilio-Error': '32203 blocked' });
  expect(ended).toMatchObject({
    reason: 'dial.blocked',
    result: { outcome: 'blocked', sip_status_code: 603 },
  });
});

it.each([
  ['USER_REJECTED', 'dial.declined', 'declined'],
  ['USER_UNAVAILABLE', 'dial.no_answer', 'no_answer'],
  ['SIP_TRUNK_FAILURE', 'dial.failed', 'trunk_failure'],
  ['MEDIA_FAILURE', 'dial.failed', 'trunk_failure'],
])('a called side that leaves with %s before it answered ends with %s', (left, reason, outcome) => {
  expect(calleeLeft(left)).toMatchObject({ reason, result: { outcome, left } });
});

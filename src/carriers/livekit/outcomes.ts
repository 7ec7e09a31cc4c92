import type { EndReason } from '../../contract/end-reasons.ts';
import type { Json } from '../../kit/json.ts';
import { NoCaller } from '../../ports/requested.ts';
import { LiveKitError } from './twirp.ts';

/** What became of a dial, as events, records and duplicates tell it. */
type Outcome =
  | 'busy'
  | 'declined'
  | 'no_answer'
  | 'invalid_number'
  | 'blocked'
  | 'trunk_failure'
  | 'config'
  /** The server did not say, and the callee is not in the room: it may have rung. */
  | 'unknown';

const REASONS: Record<Outcome, EndReason> = {
  busy: 'dial.busy',
  declined: 'dial.declined',
  no_answer: 'dial.no_answer',
  invalid_number: 'dial.invalid_number',
  blocked: 'dial.blocked',
  trunk_failure: 'dial.failed',
  config: 'dial.not_set_up',
  unknown: 'dial.failed',
};

const BY_SIP_STATUS: Readonly<Record<number, Outcome>> = {
  486: 'busy',
  600: 'busy',
  402: 'declined',
  403: 'declined',
  603: 'declined',
  607: 'declined',
  608: 'blocked',
  401: 'config',
  407: 'config',
  428: 'config',
  437: 'config',
  438: 'config',
  494: 'config',
  408: 'no_answer',
  480: 'no_answer',
  487: 'no_answer',
  301: 'invalid_number',
  302: 'invalid_number',
  404: 'invalid_number',
  410: 'invalid_number',
  484: 'invalid_number',
  604: 'invalid_number',
};

/** Without a SIP status the request failed on LiveKit's side, before or beside the call. */
const BY_CODE: Readonly<Record<string, Outcome>> = {
  canceled: 'no_answer',
  deadline_exceeded: 'no_answer',
  not_found: 'config',
  unauthenticated: 'config',
  permission_denied: 'config',
  failed_precondition: 'config',
  invalid_argument: 'config',
  no_reply: 'unknown',
};

/** Twilio's word for numbers that its customers are not let through to: they must not be called again. */
const BLOCKED_BY_CARRIER = /\b32203\b/;

function outcomeOf({ code, meta }: LiveKitError): Outcome {
  if (Object.values(meta).some((value) => BLOCKED_BY_CARRIER.test(value))) return 'blocked';
  const status = Number(meta['sip_status_code'] ?? 0);
  if (status > 0) return BY_SIP_STATUS[status] ?? 'trunk_failure';
  return BY_CODE[code] ?? 'trunk_failure';
}

/** A dial that failed, as the end of its call. LiveKit's own HTTP status never gets further: its 429 means busy. */
export function dialFailed(error: unknown): NoCaller {
  const known = error instanceof LiveKitError ? error : new LiveKitError('the dial', 'unknown', 0, '');
  const outcome = outcomeOf(known);
  const { sip_status_code: code, sip_status: status } = known.meta;
  return noAnswer(outcome, known.message, {
    ...(code === undefined ? {} : { sip_status_code: Number(code) }),
    ...(status === undefined ? {} : { sip_status: status }),
  });
}

/** The callee left the room before answering, for one of LiveKit's reasons. */
export function calleeLeft(reason: string): NoCaller {
  const outcome =
    reason === 'USER_REJECTED'
      ? 'declined'
      : reason === 'SIP_TRUNK_FAILURE' || reason === 'MEDIA_FAILURE'
        ? 'trunk_failure'
        : 'no_answer';
  return noAnswer(outcome, `the called side left: ${reason}`, { left: reason });
}

function noAnswer(outcome: Outcome, message: string, more: Readonly<Record<string, Json>>): NoCaller {
  return new NoCaller(REASONS[outcome], message, { outcome, ...more });
}

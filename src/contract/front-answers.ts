import { ERRORS, type ErrorCode, errorBody } from './errors.ts';

/** What the front (nginx, or our own where there is no nginx) answers by itself, in a worker's place. */
export interface FrontAnswer {
  readonly status: number;
  readonly body: string;
  /** In seconds, for the `Retry-After` header. */
  readonly retryAfterS?: number;
}

function answer(code: ErrorCode, message: string, retryAfterS?: number): FrontAnswer {
  const status = ERRORS[code].status;
  if (retryAfterS === undefined) return { status, body: errorBody(code, message) };
  return { status, body: errorBody(code, message, { retry_after_s: retryAfterS }), retryAfterS };
}

/** Quotes and dollar signs would have to be escaped for nginx; no message needs one, and a test says so. */
export const FRONT_ANSWERS = {
  liveWithoutFleetd: { status: 200, body: '{"status":"live","fleetd":"down"}\n' },
  withoutFleetd: answer(
    'fleetd_away',
    'The control process of this host is not there just now. Calls go on; ask again in a second.',
    1,
  ),
  atCapacity: answer(
    'at_capacity',
    'No seat is free on this host. Nothing has happened, and the call was not started. Try again in a second.',
    1,
  ),
  outcomeUnknown: answer(
    'start_outcome_unknown',
    'The worker went away while it answered, so the call may or may not have started. Look for it before you start it again.',
  ),
  notFound: answer(
    'not_found',
    'There is nothing at this path. The reference of routes lists what there is.',
  ),
  postOnly: answer('method_not_allowed', 'A call is started here with POST.'),
  upgradeOnly: answer('upgrade_required', 'This path takes WebSocket connections only.'),
  malformed: answer('bad_request', 'The request is not valid HTTP, or its headers are too large.'),
  late: answer('request_timeout', 'The request did not arrive completely in time. Nothing has happened.'),
  tooLarge: answer('too_large', 'The body is larger than this host takes (CXBCORE_MAX_BODY_KB).'),
  forbidden: answer(
    'forbidden',
    'This address may not start calls here (CXBCORE_ALLOW_MEDIA, CXBCORE_ALLOW_STARTS).',
  ),
  tooFast: answer(
    'rate_limited',
    'Starts come faster from this address than this host takes them (CXBCORE_START_RATE). Nothing has happened; slow down.',
    1,
  ),
  internal: answer(
    'internal',
    'The front failed. Nothing has happened; the log of the host has the details.',
  ),
} as const satisfies Record<string, FrontAnswer>;

/** A refusal's status towards an ingress, which tries another fleet on 503 (HAProxy before 3.1 cannot on 429). */
export const INGRESS_REFUSAL_STATUS = 503;

/** Starts that come as a POST; each carrier in `SOCKET_CARRIERS` also has its `/media/` path for upgrades. */
export const START_POSTS = ['/attach', '/livekit/dialout', '/livekit/widget', '/livekit/dispatch'] as const;

/**
 * Every error a client of ours can meet: one meaning per code, one status per code.
 * `docs/reference/errors.md` is made from this table.
 */
export const ERRORS = {
  bad_request: { status: 400, means: 'The request is not valid; the message names every wrong part.' },
  bad_handshake: { status: 400, means: 'The WebSocket handshake is malformed.' },
  unauthorized: { status: 401, means: 'The credentials are missing, wrong, used or expired.' },
  forbidden: { status: 403, means: 'The address this came from may not start calls on this host.' },
  not_found: { status: 404, means: 'There is nothing at this path on this socket.' },
  method_not_allowed: { status: 405, means: 'This path exists, but not for this method.' },
  request_timeout: { status: 408, means: 'The request did not arrive completely in time.' },
  id_conflict: {
    status: 409,
    means: 'The call id belongs to another call: one with another body, or one that ended long ago.',
  },
  taken: { status: 409, means: 'An agent of ours is in that room already; nothing has happened.' },
  gone: {
    status: 410,
    means: 'What the start is about is over: the reservation, the caller, or the time to answer.',
  },
  too_large: { status: 413, means: 'The request is larger than the limit.' },
  stale_start: {
    status: 503,
    means: 'The start is older than the proxy waits for it; it was dropped unread.',
  },
  unusable: {
    status: 422,
    means:
      'The request is valid, and this host cannot do it: an unknown agent, a forbidden address, a part not set up.',
  },
  upgrade_required: { status: 426, means: 'This path takes WebSocket connections only.' },
  at_capacity: { status: 429, means: 'Every seat of this host is taken. Nothing has happened; try again.' },
  draining: {
    status: 429,
    means: 'This host takes no new calls. Nothing has happened; try another or later.',
  },
  warming: { status: 429, means: 'The workers are still loading. Nothing has happened; try again.' },
  no_workers: { status: 429, means: 'No worker is running on this host. Nothing has happened.' },
  rate_limited: { status: 429, means: 'Starts come faster than this host takes them. Nothing has happened.' },
  start_outcome_unknown: {
    status: 502,
    means: 'The worker died while it answered: the call may or may not have started.',
  },
  no_fleet: {
    status: 503,
    means: 'No host behind the ingress answers its health check. Nothing has happened.',
  },
  join_failed: {
    status: 504,
    means: 'The room could not be joined in time. Nothing was published there, so it may be tried again.',
  },
  fleetd_away: {
    status: 503,
    means: 'The control process of this host (fleetd) is not there just now; calls go on.',
  },
  internal: { status: 500, means: 'A fault of ours; the log has the details.' },
} as const;

export type ErrorCode = keyof typeof ERRORS;

/** The body of an error answer. */
export function errorBody(
  code: ErrorCode,
  message: string,
  extra: { call_id?: string; retry_after_s?: number } = {},
): string {
  return `${JSON.stringify({ error: code, message, ...extra })}\n`;
}

/** The refusals a worker, or the front in its place, gives while no seat is free; they carry `Retry-After`. */
export type Refusal = Extract<ErrorCode, 'at_capacity' | 'draining' | 'warming' | 'no_workers'>;

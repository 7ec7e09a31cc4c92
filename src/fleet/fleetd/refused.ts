import { freshVisitor } from '../../carriers/livekit/visitors.ts';
import type { Claims } from '../../claims/claims.ts';
import type { Refusal } from '../../contract/errors.ts';
import { FRONT_ANSWERS, INGRESS_REFUSAL_STATUS, START_POSTS } from '../../contract/front-answers.ts';
import type { Settings } from '../../contract/settings.ts';
import { duplicateMembers } from '../../contract/starts/answers.ts';
import { readStart, type StartRoute } from '../../contract/starts/read.ts';
import { SOCKET_CARRIERS } from '../../contract/states.ts';
import type { Clock } from '../../kit/clock.ts';
import { refusedAccess } from './access.ts';
import type { HostWatch } from './host-watch.ts';
import { type Asked, errorReply, jsonReply, type Reply } from './http.ts';
import { refusalOf } from './seats.ts';

export interface RefusedOptions {
  readonly host: HostWatch;
  readonly claims: Claims;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly count: (route: string, cause: string) => void;
}

/** A refusal names the cause as it was at most this long ago: a full host refuses many starts a second. */
const LOOK_AGE_MS = 250;

const REFUSALS: Record<Refusal, { readonly message: string; readonly retryAfterS: number }> = {
  at_capacity: {
    message:
      'No seat is free on this host. Nothing has happened, and the call was not started. Try again in a second.',
    retryAfterS: 1,
  },
  draining: {
    message: 'This host takes no new calls. Nothing has happened; try another host, or this one later.',
    retryAfterS: 5,
  },
  warming: {
    message: 'The workers of this host are still loading. Nothing has happened; try again.',
    retryAfterS: 2,
  },
  no_workers: { message: 'No worker runs on this host. Nothing has happened; try again.', retryAfterS: 5 },
};

const MEDIA_ROUTES: readonly string[] = SOCKET_CARRIERS.map((carrier) => `/media/${carrier}`);

/** The route a path belongs to; undefined for a path that starts no call. */
export function startRouteOf(path: string): string | undefined {
  const known = [...START_POSTS, ...MEDIA_ROUTES].find((route) => route === path);
  if (known !== undefined) return known;
  // A reserved address ends in a secret, so it is named by its beginning alone.
  const reserved = MEDIA_ROUTES.find((route) => path.startsWith(`${route}/r/`));
  return reserved === undefined ? undefined : `${reserved}/r`;
}

/**
 * Answers a start that the front could place on no worker: for a call id that is alive here the call itself, else why
 * there was no seat. The front says whether a worker had been sent a byte of it (`X-CXB-Sent`); then its outcome is
 * unknown, whatever else is known.
 */
export async function answerRefused(asked: Asked, route: string, options: RefusedOptions): Promise<Reply> {
  if (asked.headers['x-cxb-sent'] === '1') {
    options.count(route, 'start_outcome_unknown');
    return { status: FRONT_ANSWERS.outcomeUnknown.status, body: FRONT_ANSWERS.outcomeUnknown.body };
  }
  const repeated = repeatOf(asked, route, options);
  if (repeated) return repeated;
  const cause = refusalOf((await options.host.look(LOOK_AGE_MS)).seats);
  options.count(route, cause);
  const { message, retryAfterS } = REFUSALS[cause];
  // An ingress tries another fleet on 503; the front passes its mark on from its own addresses only.
  const status = asked.headers['x-cxb-ingress'] ? { status: INGRESS_REFUSAL_STATUS } : {};
  return errorReply(cause, message, { retryAfterS, ...status });
}

/** What a start is answered whose call id is alive here, or ended a moment ago; only to who may start calls. */
function repeatOf(asked: Asked, route: string, options: RefusedOptions): Reply | undefined {
  if (!START_POSTS.some((post) => post === route)) return undefined;
  if (refusedAccess(asked.headers, options.settings)) return undefined;
  const key = asked.headers['idempotency-key'];
  const read = readStart(
    route as StartRoute,
    asked.body.toString(),
    typeof key === 'string' ? key : undefined,
  );
  if (!read.ok || read.callId === undefined) return undefined;
  const found = options.claims.find(read.callId);
  if (!found || found.standing === 'dead') return undefined;
  if (found.claim.body_hash !== read.hash) {
    options.count(route, 'id_conflict');
    return errorReply('id_conflict', `The call id ${read.callId} belongs to another start here.`);
  }
  options.count(route, 'duplicate');
  const { settings, clock } = options;
  // As a worker answers it: the token of the first answer may have expired by now.
  return jsonReply({
    ...duplicateMembers(found.claim, settings),
    ...freshVisitor(found.claim, settings, clock),
  });
}

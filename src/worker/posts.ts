import type { IncomingHttpHeaders } from 'node:http';
import type { Claims, Found } from '../claims/claims.ts';
import { checkBearer } from '../contract/bearer.ts';
import type { ErrorCode, Refusal } from '../contract/errors.ts';
import { isLocal } from '../contract/local-start.ts';
import type { Settings } from '../contract/settings.ts';
import { duplicateMembers } from '../contract/starts/answers.ts';
import { continueBody } from '../contract/starts/bodies.ts';
import { faultsOf, readStart, type StartRoute } from '../contract/starts/read.ts';
import type { Clock } from '../kit/clock.ts';
import { parseJson } from '../kit/json.ts';
import type { Log } from '../kit/log.ts';
import type { RequestCarrier, StartRequest } from '../ports/requested.ts';
import { errorAnswer, jsonAnswer, refusalAnswer } from './answer.ts';
import type { PostOutcome } from './post-outcome.ts';
import type { Promises } from './promises.ts';
import { CONTINUE, kindOfClaim, mayPassOn, type RequestKind, requestOf } from './requests.ts';

export interface AskedByPost {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly peerAddress: string | undefined;
  /** Undefined when the body is no text. */
  readonly text: string | undefined;
  /** Aborted when whoever asks is gone. */
  readonly asking: AbortSignal;
}

export interface PostsOptions {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly log: Log;
  readonly claims: Claims;
  readonly promises: Promises;
  readonly refusal: () => Refusal | undefined;
  readonly carrier: (kind: RequestKind) => RequestCarrier | undefined;
}

/** How long the log is spared the next word about missing keys. */
const TELL_AGAIN_MS = 10_000;

/**
 * Starts by request. In this order: who asks, what is asked for, whether it was asked for before, whether there is a
 * seat; and only then `Promises` makes a call of it. What is refused has changed nothing.
 */
export class Posts {
  readonly #options: PostsOptions;
  #tellAgainMs = 0;

  constructor(options: PostsOptions) {
    this.#options = options;
  }

  /** Never rejects. */
  async answer(asked: AskedByPost): Promise<PostOutcome> {
    try {
      const denied = this.#denied(asked);
      if (denied) return denied;
      if (asked.text === undefined) return refused('bad_request', 'The body is not UTF-8.');
      if (asked.path === CONTINUE) return await this.#continue(asked, asked.text);
      return await this.#start(asked, asked.path as StartRoute, asked.text);
    } catch (error) {
      this.#options.log.error('a start by request failed', { path: asked.path, error });
      return refused('internal', 'The call could not be started. The log of the worker has the details.');
    }
  }

  #denied({ headers, peerAddress }: AskedByPost): PostOutcome | undefined {
    const { settings } = this.#options;
    const verdict = checkBearer(headers, settings.apiKeys);
    if (verdict === 'known') return undefined;
    const local = settings.mode === 'development' && isLocal({ headers, peerAddress });
    if (verdict === 'none' && local) return undefined;
    this.#tellOfKeys();
    const message =
      verdict === 'none'
        ? 'Send one of the API keys of this host: "Authorization: Bearer KEY".'
        : 'The API key is not one of this host.';
    return refused('unauthorized', message, { headers: { 'WWW-Authenticate': 'Bearer' } });
  }

  /** Whoever asks may be anybody, so only the log says what is missing. */
  #tellOfKeys(): void {
    const { clock, log, settings } = this.#options;
    if (settings.apiKeys.length > 0 || clock.now() < this.#tellAgainMs) return;
    this.#tellAgainMs = clock.now() + TELL_AGAIN_MS;
    log.warn('a start by request was refused: no key is configured; set CXBCORE_API_KEYS');
  }

  async #start(asked: AskedByPost, route: StartRoute, text: string): Promise<PostOutcome> {
    const { claims, promises, refusal } = this.#options;
    const { headers, asking } = asked;
    const key = headers['idempotency-key'];
    const read = readStart(route, text, typeof key === 'string' ? key : undefined);
    if (!read.ok) return refused('bad_request', `The start is not valid: ${read.why}.`);
    const known = read.callId === undefined ? undefined : claims.find(read.callId);
    if (known && !(known.standing === 'dead' && mayPassOn(known.claim, route)))
      return this.#repeated(known, read.hash);
    const full = refusal();
    if (full) return { answer: refusalAnswer(full, headers), code: full };
    const made = await promises.make({
      request: requestOf(read.start, read.callId ?? promises.newCallId()),
      route,
      hash: read.hash,
      headers,
      asking,
    });
    return 'found' in made ? this.#repeated(made.found, read.hash) : made;
  }

  /** A worker died in a call whose caller is still there: another goes on with it. */
  async #continue({ headers, asking }: AskedByPost, text: string): Promise<PostOutcome> {
    const { claims, promises, refusal } = this.#options;
    const body = continueBody.safeParse(parseJson(text));
    if (!body.success) return refused('bad_request', `The body is not valid: ${faultsOf(body.error)}.`);
    const { call_id: callId, cause } = body.data;
    const found = claims.find(callId);
    if (found?.standing !== 'dead' || kindOfClaim(found.claim) !== 'livekit') {
      const message = `${callId} is no call whose worker died and whose caller can still be reached.`;
      return refused('gone', message, { callId });
    }
    const full = refusal();
    if (full) return { answer: refusalAnswer(full, headers), code: full };
    const { claim } = found;
    const request: StartRequest = { kind: 'continue', callId, claim };
    const made = await promises.make({
      request,
      route: CONTINUE,
      hash: claim.body_hash,
      headers,
      asking,
      cause,
    });
    return 'found' in made ? this.#repeated(made.found, claim.body_hash) : made;
  }

  /** What a start is told whose id was claimed before. */
  async #repeated({ claim }: Found, hash: string): Promise<PostOutcome> {
    const { settings, clock, carrier } = this.#options;
    const callId = claim.call_id;
    if (claim.body_hash !== hash) {
      const message = `The call id ${callId} belongs to another start. Repeat a start with the same body, or take a new id.`;
      return refused('id_conflict', message, { callId });
    }
    const fresh = await carrier(kindOfClaim(claim))?.repeat?.(claim, settings, clock);
    const answer = jsonAnswer(200, { ...duplicateMembers(claim, settings), ...fresh });
    return { answer, code: 'duplicate' };
  }
}

function refused(
  code: ErrorCode,
  message: string,
  options: Parameters<typeof errorAnswer>[2] = {},
): PostOutcome {
  return { answer: errorAnswer(code, message, options), code };
}

import type { IncomingHttpHeaders } from 'node:http';
import type { Admission } from '../call/admission.ts';
import type { Claims, Found, OwnClaim, Taken } from '../claims/claims.ts';
import type { Claim, ClaimDraft } from '../contract/claim.ts';
import type { Refusal } from '../contract/errors.ts';
import type { Settings } from '../contract/settings.ts';
import { acceptedMembers } from '../contract/starts/answers.ts';
import type { Clock } from '../kit/clock.ts';
import { newId } from '../kit/ids.ts';
import type { Log } from '../kit/log.ts';
import { within } from '../kit/within.ts';
import {
  type Prepared,
  type RequestCarrier,
  type RequestContext,
  StartRefused,
  type StartRequest,
} from '../ports/requested.ts';
import { errorAnswer, jsonAnswer, refusalAnswer } from './answer.ts';
import type { Calls } from './calls.ts';
import type { Guest } from './guest.ts';
import type { WorkerMetrics } from './metrics.ts';
import type { PostOutcome } from './post-outcome.ts';
import { PromiseEvents } from './promise-events.ts';
import { noAgent, refusalOf, unusable } from './promise-refusals.ts';
import { promisedGuest } from './promised-guest.ts';
import {
  agentOf,
  calledBy,
  contextOf,
  isOver,
  kindOf,
  knownOf,
  mayPassOn,
  promisedFacts,
  type RequestKind,
} from './requests.ts';
import type { Services } from './services.ts';

export interface PromisesOptions {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: WorkerMetrics;
  readonly worker: number;
  readonly claims: Claims;
  readonly calls: Calls;
  /** Undefined until the worker has warmed up. */
  readonly services: () => Services | undefined;
  readonly carrier: (kind: RequestKind) => RequestCarrier | undefined;
  /** Takes the seat, in the same step; the refusal when it cannot. */
  readonly claimSeat: () => Refusal | undefined;
  /** Gives back the seat that was claimed: nothing came of it. */
  readonly freeSeat: () => void;
  readonly seat: (guest: Guest) => void;
}

export interface Wanted {
  readonly request: StartRequest;
  readonly route: string;
  readonly hash: string;
  readonly headers: IncomingHttpHeaders;
  readonly asking: AbortSignal;
  /** What became of the worker that had the call, as far as it is known. */
  readonly cause?: string;
}

/** A start that has the seat and its id. */
interface Preparing {
  readonly wanted: Wanted;
  readonly services: Services;
  readonly carrier: RequestCarrier;
  readonly agent: string;
  readonly claim: OwnClaim;
  /** Whose owner had died. */
  readonly previous: Claim | undefined;
}

/** The id turned out to be another's. */
export interface AlreadyFound {
  readonly found: Found;
}

/**
 * From a valid start by request to the promise of a call.
 *
 * 1. The seat and the id are claimed in one step, without any wait.
 * 2. Until the promise, everything can be undone, and the other party has noticed nothing.
 * 3. From the promise on the call has a journal: it will have exactly one record, whatever happens.
 */
export class Promises {
  readonly #options: PromisesOptions;

  constructor(options: PromisesOptions) {
    this.#options = options;
  }

  newCallId(): string {
    return newId('call');
  }

  async make(wanted: Wanted): Promise<PostOutcome | AlreadyFound> {
    const { services, carrier: carrierOf, claimSeat, freeSeat, clock } = this.#options;
    const { request, headers } = wanted;
    const ready = services();
    if (!ready) return { answer: refusalAnswer('warming', headers), code: 'warming' };
    const carrier = carrierOf(kindOf(request));
    if (!carrier) return unusable(request, 'LiveKit is not set up on this host (LIVEKIT_URL)');
    const agent = ready.agentFor(calledBy(request));
    if (agent === undefined) return unusable(request, noAgent(agentOf(request)));
    if (isOver(request, clock.wall())) {
      const message = 'The time in which the caller could be answered is over. Nothing has happened.';
      return { answer: errorAnswer('gone', message, { callId: request.callId }), code: 'gone' };
    }
    const late = claimSeat();
    if (late) return { answer: refusalAnswer(late, headers), code: late };
    let taken: Taken;
    try {
      taken = this.#take(wanted, agent);
    } catch (error) {
      freeSeat();
      throw error;
    }
    if (taken.kind === 'taken') {
      freeSeat();
      return { found: taken.found };
    }
    const { own, previous } = taken;
    return this.#prepare({ wanted, services: ready, carrier, agent, claim: own, previous });
  }

  #take({ request, route, hash }: Wanted, agent: string): Taken {
    const { claims, worker, settings } = this.#options;
    const dead = claims.find(request.callId);
    const here = { worker, fleet: settings.fleet };
    const draft: ClaimDraft = {
      call_id: request.callId,
      route,
      body_hash: hash,
      state: 'starting',
      agent,
      context: contextOf(request, knownOf(request, agent)),
      ...here,
    };
    // A call that was promised by the dead stays promised, whoever has it now.
    const passed = dead && dead.claim.state !== 'starting' ? { ...remainsOf(dead.claim), ...here } : draft;
    return claims.take(request.callId, passed, (claim) => mayPassOn(claim, route));
  }

  async #prepare({ wanted, services, carrier, agent, claim, previous }: Preparing): Promise<PostOutcome> {
    const { clock, settings, freeSeat } = this.#options;
    const { request, asking } = wanted;
    const { callId } = request;
    const log = this.#options.log.with({ call_id: callId });
    const events = new PromiseEvents(log);
    const context: RequestContext = {
      settings,
      clock,
      log,
      worker: this.#options.worker,
      known: knownOf(request, agent),
      asking,
      claim: (patch) => claim.update(patch),
      event: (what, detail) => events.add(what, detail),
    };
    let prepared: Prepared | undefined;
    try {
      const preparing = carrier.prepare(request, context);
      // Nobody waits longer: the front has given up by then. What is prepared after that is undone.
      prepared = await within(clock, settings.startMaxAgeMs, 'preparing the call', preparing).catch(
        (error: unknown) => {
          void preparing.then((late) => late.undo()).catch(() => undefined);
          throw error;
        },
      );
      if (asking.aborted) throw new StartRefused('gone', 'Whoever asked for the call is gone.');
      const facts = promisedFacts(request, context.known);
      const promisedBefore = previous !== undefined && previous.state !== 'starting';
      const admission = promisedBefore
        ? await services.continueCall(callId, wanted.cause ?? 'it died')
        : services.admit(facts);
      events.flowTo(admission);
      return this.#promise({ request, carrier: facts.carrier, agent, prepared, admission, claim, log });
    } catch (error) {
      await prepared?.undo();
      claim.drop();
      freeSeat();
      return refusalOf(error, callId, log);
    }
  }

  /** Everything here is one step: from the journal's first line on there is a call. */
  #promise(made: {
    readonly request: StartRequest;
    readonly carrier: Guest['carrier'];
    readonly agent: string;
    readonly prepared: Prepared;
    readonly admission: Admission;
    readonly claim: OwnClaim;
    readonly log: Log;
  }): PostOutcome {
    const { settings, clock, metrics, calls, seat } = this.#options;
    const { prepared, claim } = made;
    claim.update({ state: 'reserved', answer: { ...prepared.answer } });
    let sent: () => void = () => undefined;
    const answered = new Promise<void>((resolve) => {
      sent = resolve;
    });
    seat(
      promisedGuest({
        ...made,
        clock,
        metrics,
        answered,
        open: (line, admission, own) => calls.forPromised(line, admission, own),
      }),
    );
    made.log.info('a call was promised', { kind: made.request.kind, agent: made.agent });
    const body = { ...acceptedMembers(claim.claim, settings), ...prepared.answer };
    return { answer: jsonAnswer(202, body), code: 'accepted', sent };
  }
}

/** A claim as its next owner takes it over. */
function remainsOf(dead: Claim): Omit<ClaimDraft, 'worker' | 'fleet'> {
  const { schema: _s, key: _k, owner: _o, taken_ms: _t, ended_ms: _e, result: _r, ...remains } = dead;
  return remains;
}

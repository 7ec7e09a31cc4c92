import type { Admission } from '../call/admission.ts';
import type { Call } from '../call/call.ts';
import type { Claims, OwnClaim } from '../claims/claims.ts';
import { type ClaimDraft, carrierKey } from '../contract/claim.ts';
import type { Log } from '../kit/log.ts';
import type { Line } from '../ports/line.ts';
import type { Opened } from './guest.ts';

export interface CallsOptions {
  readonly claims: Claims;
  readonly log: Log;
  readonly worker: number;
  readonly fleet: string;
  readonly openCall: (line: Line, admission?: Admission) => Call;
}

/** How a line becomes a call: claimed on the host first, so that no call runs twice. */
export class Calls {
  readonly #options: CallsOptions;

  constructor(options: CallsOptions) {
    this.#options = options;
  }

  /** A call that begins with its line. */
  forLine(line: Line): Opened | undefined {
    const { carrier, callId, carrierCallId } = line.facts;
    const id = callId === undefined ? undefined : this.#take(callId, line, callId);
    if (id === 'taken') return this.#duplicate(line, callId);
    const key = carrierCallId === undefined ? undefined : carrierKey(carrier, carrierCallId);
    const theirs = key === undefined ? undefined : this.#take(key, line, callId ?? key);
    if (theirs === 'taken') {
      id?.drop();
      return this.#duplicate(line, key);
    }
    const call = this.#options.openCall(line);
    if (callId !== undefined) return opened(call, id, theirs);
    theirs?.update({ call_id: call.id });
    // An id of our own making is nobody else's.
    const own = this.#take(call.id, line, call.id);
    return opened(call, own === 'taken' ? undefined : own, theirs);
  }

  #duplicate(line: Line, key: string | undefined): undefined {
    this.#options.log.warn('a call with this id is, or was, under way', { key });
    void line.end('start.duplicate');
    return undefined;
  }

  /** A call that was promised before its line came. */
  forPromised(line: Line, admission: Admission, claim: OwnClaim): Opened {
    const { carrier, carrierCallId } = line.facts;
    const theirs =
      carrierCallId === undefined
        ? undefined
        : this.#take(carrierKey(carrier, carrierCallId), line, admission.id);
    claim.update({ state: 'live' });
    const call = this.#options.openCall(line, admission);
    return opened(call, claim, theirs === 'taken' ? undefined : theirs);
  }

  /** A disk that refuses must not cost a call: then nobody else can ask for it, and that is all. */
  #take(key: string, line: Line, callId: string): OwnClaim | 'taken' | undefined {
    const { claims, log, worker, fleet } = this.#options;
    const { agent, carrier } = line.facts;
    const draft: ClaimDraft = {
      call_id: callId,
      route: `/media/${carrier}`,
      body_hash: '',
      worker,
      fleet,
      state: 'live',
      ...(agent !== undefined && { agent }),
    };
    try {
      const taken = claims.take(key, draft);
      return taken.kind === 'mine' ? taken.own : 'taken';
    } catch (error) {
      log.error('a call could not be claimed', { key, error });
      return undefined;
    }
  }
}

/** A carrier may bring the same call again when we are done with it, after a transfer for one; so its id is let go. */
function opened(call: Call, claim: OwnClaim | undefined, theirs: OwnClaim | undefined): Opened {
  return {
    call,
    over(end) {
      claim?.end({ ...end });
      theirs?.drop();
    },
  };
}

import { existsSync } from 'node:fs';
import type { Admission } from '../call/admission.ts';
import type { Claims, Found, OwnClaim } from '../claims/claims.ts';
import type { Claim } from '../contract/claim.ts';
import type { SocketCarrierName } from '../contract/states.ts';
import { recordPath } from '../journal/paths.ts';
import type { CarrierContext, KnownCall } from '../ports/carrier.ts';
import type { Calls } from './calls.ts';
import { type Guest, socketGuest } from './guest.ts';
import type { Services } from './services.ts';
import type { Arrival, Place } from './upgrades.ts';

export interface OrphansOptions {
  readonly context: CarrierContext;
  readonly worker: number;
  readonly claims: Claims;
  readonly calls: Calls;
  readonly services: () => Services | undefined;
  readonly seat: (guest: Guest) => void;
  readonly freeSeat: () => void;
  readonly noLine: (carrier: string) => void;
}

/**
 * Media whose reservation was on a worker that died: whoever has a free seat carries the call in its place, with what
 * the claim knows of it. The claim is taken the moment the media arrives, so that only one worker does.
 */
export class Orphans {
  readonly #options: OrphansOptions;

  constructor(options: OrphansOptions) {
    this.#options = options;
  }

  /** What becomes of media whose reservation is not on this worker. */
  place(callId: string, carrier: SocketCarrierName): Place {
    const found = this.#options.claims.find(callId);
    if (!found) return { kind: 'gone', why: 'There is no such reservation on this host.' };
    const { dataDir } = this.#options.context.settings;
    if (!this.#isOrphan(found, carrier) || existsSync(recordPath(dataDir, callId)))
      return { kind: 'gone', why: 'The reservation is over.' };
    return { kind: 'orphan', adopt: (arrival) => this.#adopt(found.claim, arrival) };
  }

  #isOrphan({ claim, standing }: Found, carrier: SocketCarrierName): boolean {
    const { context = {}, state, expires_ms: expiresMs = 0 } = claim;
    return (
      standing === 'dead' &&
      state === 'reserved' &&
      context.kind === 'expect' &&
      context.carrier === carrier &&
      this.#options.context.clock.wall() < expiresMs
    );
  }

  /** The seat is claimed; from here on it is a guest's, or given back. */
  #adopt(dead: Claim, arrival: Arrival): void {
    const { claims, worker, context, seat, freeSeat } = this.#options;
    const { schema: _s, key: _k, owner: _o, taken_ms: _t, ...remains } = dead;
    const taken = claims.take(dead.call_id, { ...remains, worker, fleet: context.settings.fleet });
    if (taken.kind === 'taken') {
      arrival.socket.close(1008, 'the call is another worker’s');
      freeSeat();
      return;
    }
    seat(this.#guest(dead, arrival, taken.own));
  }

  #guest(dead: Claim, arrival: Arrival, claim: OwnClaim): Guest {
    const { context, calls, noLine, services } = this.#options;
    let admission: Admission | undefined;
    const guest = socketGuest({
      ...arrival,
      context: { ...context, known: knownOf(dead) },
      noLine,
      open: (line) => admission && calls.forPromised(line, admission, claim),
    });
    return {
      ...guest,
      async board(signal) {
        const line = await guest.board(signal);
        try {
          admission = await services()?.continueCall(dead.call_id, 'it died before its media came');
          return line;
        } catch (error) {
          await line.end('start.invalid');
          throw error;
        }
      },
      async noLine(reason, error) {
        // Its next connection may still find the call.
        claim.drop();
        await guest.noLine(reason, error);
      },
    };
  }
}

/** What the start had said of the call. */
function knownOf({ call_id: callId, agent, context = {} }: Claim): KnownCall {
  const { from, to, vars = {} } = context;
  return {
    callId,
    direction: 'outbound',
    vars,
    ...(agent !== undefined && { agent }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
  };
}

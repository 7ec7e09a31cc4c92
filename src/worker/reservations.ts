import { reservedPath } from '../contract/media-path.ts';
import type { SocketCarrierName } from '../contract/states.ts';
import { issueToken } from '../contract/token.ts';
import {
  type Prepared,
  type RequestCarrier,
  type RequestContext,
  StartRefused,
  type StartRequest,
} from '../ports/requested.ts';
import type { Identity } from './identity.ts';
import { Listener, type ListenerOptions } from './listener.ts';
import { Reservation } from './reservation.ts';
import type { Place } from './upgrades.ts';

export interface ReservationsOptions {
  readonly identity: Identity;
  readonly onConnection: ListenerOptions['onConnection'];
}

type Expected = Extract<StartRequest, { kind: 'expect' }>;

/**
 * Seats that are held for media still to come: at most one at a time, as there is one seat. While one is pending its
 * socket `.rsv` is open beside the closed call socket; in TCP mode the port is open anyway.
 */
export class Reservations implements RequestCarrier {
  readonly name = 'pcm';
  readonly #options: ReservationsOptions;
  #pending: Reservation | undefined;

  constructor(options: ReservationsOptions) {
    this.#options = options;
  }

  /** Where the media of a call belongs, as far as this worker waits for it; undefined: not here. */
  place(callId: string, carrier: SocketCarrierName): Place | undefined {
    const pending = this.#pending;
    if (!pending || pending.callId !== callId || pending.carrier !== carrier) return undefined;
    if (pending.busy) return { kind: 'gone', why: 'Another connection has come for this reservation.' };
    return { kind: 'here', arrive: (arrival) => pending.arrive(arrival) };
  }

  async prepare(start: StartRequest, context: RequestContext): Promise<Prepared> {
    if (start.kind !== 'expect') throw new Error(`a reservation cannot carry ${start.kind}`);
    const { settings, clock } = context;
    const { carrier, ttl_s = settings.reserveS } = start.body.media;
    const expiresAtMs = clock.wall() + ttl_s * 1000;
    const url = this.#address(start, context, expiresAtMs);
    context.claim({ expires_ms: expiresAtMs });
    const listener = this.#listener(context);
    const reservation = new Reservation({
      callId: start.callId,
      carrier,
      context,
      deadlineMs: clock.now() + ttl_s * 1000,
      listener,
      over: () => {
        if (this.#pending === reservation) this.#pending = undefined;
      },
    });
    this.#pending = reservation;
    // Open before the answer is out: the media may come the moment its address is known.
    listener?.start();
    return {
      answer: { media_url: url, expires_at: new Date(expiresAtMs).toISOString() },
      limitMs: ttl_s * 1000 + settings.firstMessageMs,
      board: (signal) => reservation.board(signal),
      undo: async () => reservation.close(),
      onGone: (gone) => reservation.onGone(gone),
      release: () => reservation.release(),
    };
  }

  async close(): Promise<void> {
    this.#pending?.close();
  }

  #address({ callId, body }: Expected, { settings, known }: RequestContext, expiresAtMs: number): string {
    const [key] = settings.tokenKeys;
    if (key === undefined)
      throw new StartRefused('unusable', 'A reservation needs keys for its token: set CXBCORE_TOKEN_KEYS.');
    const { socket, worker } = this.#options.identity;
    const { carrier } = body.media;
    const port = socket === undefined ? settings.port : settings.httpPort;
    const local = settings.mode === 'development' ? `http://127.0.0.1:${port}` : undefined;
    const base = settings.publicUrl ?? local;
    if (base === undefined)
      throw new StartRefused(
        'unusable',
        'A reservation needs the address of this host: set CXBCORE_PUBLIC_URL.',
      );
    try {
      const agent = known.agent;
      const token = issueToken({ carrier, expiresAtMs, callId, ...(agent !== undefined && { agent }) }, key);
      return base.replace(/^http/, 'ws') + reservedPath(carrier, settings.fleet, worker, token);
    } catch (error) {
      if (error instanceof RangeError)
        throw new StartRefused('unusable', `${error.message}.`, { cause: error });
      throw error;
    }
  }

  #listener({ clock }: RequestContext): Listener | undefined {
    const { identity, onConnection } = this.#options;
    if (identity.socket === undefined) return undefined;
    return new Listener({
      path: `${identity.folder}/${identity.stem}.rsv`,
      mode: 0o660,
      clock,
      onConnection,
    });
  }
}

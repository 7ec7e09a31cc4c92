import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { socketOptions } from '../carriers/socket-options.ts';
import { checkToken } from '../carriers/token-gate.ts';
import type { ErrorCode, Refusal } from '../contract/errors.ts';
import { isLocal } from '../contract/local-start.ts';
import { parseMediaPath } from '../contract/media-path.ts';
import type { Settings } from '../contract/settings.ts';
import { SOCKET_CARRIERS, type SocketCarrierName } from '../contract/states.ts';
import type { Clock } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';
import type { CarrierContext, CarrierMedia, Upgrade } from '../ports/carrier.ts';
import { type Answer, answerRaw, errorAnswer, refusalAnswer } from './answer.ts';
import { handshakeFault } from './handshake.ts';

/** A WebSocket that was let in. */
export interface Arrival {
  readonly socket: WebSocket;
  readonly upgrade: Upgrade;
  readonly carrier: CarrierMedia;
}

/** Where the media of a reserved address goes. */
export type Place =
  /** It is awaited here. */
  | { readonly kind: 'here'; arrive(arrival: Arrival): void }
  /** Its worker is gone: whoever has the seat may carry the call in its place. */
  | { readonly kind: 'orphan'; adopt(arrival: Arrival): void }
  | { readonly kind: 'gone'; readonly why: string };

export interface UpgradesOptions {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly log: Log;
  /** Asked for only once the seat can be claimed, or has been reserved. */
  readonly carrier: (name: string) => CarrierMedia | undefined;
  readonly refusal: () => Refusal | undefined;
  /** Takes the seat, in the same step; the refusal when it cannot. */
  readonly claim: () => Refusal | undefined;
  /** The seat was claimed for this socket. */
  readonly seat: (arrival: Arrival) => void;
  /** The seat was claimed, but the socket was gone before it was a WebSocket. */
  readonly gone: () => void;
  readonly reserved: (callId: string, carrier: SocketCarrierName) => Place;
  readonly count: (route: string, outcome: 'accepted' | ErrorCode) => void;
  /** The connection has its answer: no start can come of it any more. */
  readonly answered: (socket: Duplex) => void;
}

/** How long the log is spared the next problem with credentials. */
const TELL_AGAIN_MS = 10_000;

type Refused = readonly [Answer, ErrorCode];

/** Lets WebSockets in on the carriers' paths: each takes the seat, or is the media that a reservation waits for. */
export class Upgrades {
  readonly #options: UpgradesOptions;
  readonly #context: CarrierContext;
  readonly #sockets: WebSocketServer;
  #subprotocol: string | undefined;
  #tellAgainMs = 0;

  constructor(options: UpgradesOptions) {
    this.#options = options;
    const { settings, clock, log, answered } = options;
    this.#context = { settings, clock, log };
    this.#sockets = new WebSocketServer({
      ...socketOptions(settings),
      handleProtocols: () => this.#subprotocol ?? false,
    });
    this.#sockets.on('wsClientError', (error, socket) => {
      answered(socket);
      answerRaw(socket, errorAnswer('bad_handshake', `${error.message}.`), clock);
    });
  }

  /** What the request is refused with; undefined when it has been let in. */
  take(request: IncomingMessage, socket: Duplex, head: Buffer, path: string): Refused | undefined {
    const fault = handshakeFault(request);
    if (fault) return fault;
    const media = parseMediaPath(path);
    const name = SOCKET_CARRIERS.find((known) => known === media?.carrier);
    if (!media || !name) return refused('not_found', 'There is no such carrier here.');
    return media.reserved === undefined
      ? this.#start(request, socket, head, name)
      : this.#reserved(request, socket, head, name, media.reserved.token);
  }

  #start(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    name: SocketCarrierName,
  ): Refused | undefined {
    const { refusal, claim, seat, gone } = this.#options;
    // A refusal must leave no trace, and checking credentials may use up a token: so the seat is looked at first.
    const full = refusal();
    if (full) return [refusalAnswer(full, request.headers), full];
    const upgrade = this.#upgradeOf(request, socket);
    const let_in = this.#admit(name, upgrade);
    if ('refused' in let_in) return let_in.refused;
    const late = claim();
    if (late) return [refusalAnswer(late, request.headers), late];
    this.#accept(request, socket, head, `/media/${name}`, gone, (webSocket) =>
      seat({ socket: webSocket, upgrade, carrier: let_in.carrier }),
    );
    return undefined;
  }

  #reserved(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    name: SocketCarrierName,
    token: string,
  ): Refused | undefined {
    const { refusal, claim, gone, reserved } = this.#options;
    const passage = checkToken(token, name, this.#context);
    if (!passage.ok) {
      this.#tell(name, passage.problem);
      return refused('unauthorized', `The media token was refused: ${passage.why}.`);
    }
    const { callId } = passage.token;
    if (callId === undefined) return refused('unauthorized', 'The media token is of no reservation.');
    const place = reserved(callId, name);
    if (place.kind === 'gone') return refused('gone', place.why);
    const full = place.kind === 'orphan' ? refusal() : undefined;
    if (full) return [refusalAnswer(full, request.headers), full];
    const upgrade = { ...this.#upgradeOf(request, socket), token };
    const let_in = this.#admit(name, upgrade);
    if ('refused' in let_in) return let_in.refused;
    const late = place.kind === 'orphan' ? claim() : undefined;
    if (late) return [refusalAnswer(late, request.headers), late];
    const lost = place.kind === 'orphan' ? gone : () => undefined;
    const arrive = (arrival: Arrival) =>
      place.kind === 'orphan' ? place.adopt(arrival) : place.arrive(arrival);
    this.#accept(request, socket, head, `/media/${name}/r`, lost, (webSocket) =>
      arrive({ socket: webSocket, upgrade, carrier: let_in.carrier }),
    );
    return undefined;
  }

  #upgradeOf(request: IncomingMessage, socket: Duplex): Upgrade {
    const peerAddress = socket instanceof Socket ? socket.remoteAddress : undefined;
    const { headers, url = '' } = request;
    const trusted = this.#options.settings.mode === 'development' && isLocal({ headers, peerAddress });
    return { url, headers, trusted };
  }

  #admit(
    name: SocketCarrierName,
    upgrade: Upgrade,
  ): { readonly carrier: CarrierMedia } | { readonly refused: Refused } {
    const carrier = this.#options.carrier(name);
    if (!carrier) return { refused: refused('not_found', 'There is no such carrier here.') };
    const admission = carrier.admit(upgrade, this.#context);
    if (!admission.ok) {
      this.#tell(name, admission.problem);
      return { refused: refused(admission.code, admission.message) };
    }
    this.#subprotocol = admission.subprotocol;
    return { carrier };
  }

  /** What the operator has to set right goes into the log, now and then: strangers must not be able to fill it. */
  #tell(carrier: string, problem: string | undefined): void {
    const { clock, log } = this.#options;
    if (problem === undefined || clock.now() < this.#tellAgainMs) return;
    this.#tellAgainMs = clock.now() + TELL_AGAIN_MS;
    log.warn('a start was not let in', { carrier, why: problem });
  }

  #accept(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    route: string,
    lost: () => void,
    arrive: (socket: WebSocket) => void,
  ): void {
    let accepted = false;
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      accepted = true;
      this.#options.count(route, 'accepted');
      arrive(webSocket);
    });
    // It answers in the same step or never: the peer may have gone between its request and now.
    if (accepted) return;
    if (!socket.writableEnded) socket.destroy();
    this.#options.count(route, 'bad_handshake');
    lost();
  }
}

function refused(code: ErrorCode, message: string): Refused {
  return [errorAnswer(code, message), code];
}

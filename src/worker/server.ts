import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ErrorCode } from '../contract/errors.ts';
import type { Settings } from '../contract/settings.ts';
import type { CancelTimer, Clock } from '../kit/clock.ts';
import { type Answer, answerRaw, errorAnswer } from './answer.ts';
import { Body } from './body.ts';
import type { PostOutcome } from './post-outcome.ts';
import type { Posts } from './posts.ts';
import { isPost, notAStart, pathOf, routeOf } from './start-routes.ts';
import type { Upgrades } from './upgrades.ts';

/** What a request came to, for the counters. */
export type StartOutcome = 'accepted' | 'duplicate' | ErrorCode;

export interface StartServerOptions {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly upgrades: Upgrades;
  readonly posts: Posts;
  readonly count: (route: string, outcome: StartOutcome) => void;
  /** The connection has its answer: no start can come of it any more. */
  readonly answered: (socket: Duplex) => void;
  /** TCP mode: answers that need no seat, such as /status; undefined when the path is none of them. */
  readonly extra?: (method: string, path: string) => Answer | undefined;
}

/** How long what still comes of a request that has its answer is read, in ms. */
const UNREAD_MS = 1000;
const STALE = 'The proxy has given this start up already; it was dropped unread. Nothing has happened.';

/**
 * Speaks HTTP on accepted connections: a WebSocket upgrade on a carrier's path and a POST on a start's path may take
 * the seat, everything else is answered at once, and every answer ends its connection. It never listens itself.
 */
export class StartServer {
  readonly #options: StartServerOptions;
  readonly #http: Server;
  /** Connections whose request has not arrived completely. */
  readonly #arriving = new WeakMap<Duplex, CancelTimer>();
  /** Connections that were told so; a request that arrives after all gets no second answer. */
  readonly #late = new WeakSet<Duplex>();

  constructor(options: StartServerOptions) {
    this.#options = options;
    // Our own timer limits the arrival of a request: Node's needs a server that listens.
    this.#http = createServer({ headersTimeout: 0, requestTimeout: 0, keepAliveTimeout: 1 });
    this.#http.on('request', (request, response) => this.#onRequest(request, response));
    this.#http.on('upgrade', (request, socket, head) => this.#onUpgrade(request, socket, head));
    this.#http.on('clientError', (error, socket) => this.#onClientError(error, socket));
  }

  /** Takes over a connection that was just accepted. */
  connection(socket: Socket): void {
    const { clock, settings } = this.#options;
    const cancel = clock.after(settings.requestHeaderMs, () => {
      this.#late.add(socket);
      const answer = errorAnswer('request_timeout', 'The request did not arrive completely in time.');
      this.#answer(socket, 'other', answer, 'request_timeout');
    });
    this.#arriving.set(socket, cancel);
    socket.once('close', cancel);
    this.#http.emit('connection', socket);
  }

  #arrived(socket: Duplex): void {
    this.#arriving.get(socket)?.();
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    // The body is read first: closing over unread bytes would reset the connection, and the answer could be lost.
    const body = new Body(this.#options.settings.maxBodyKb * 1024);
    request.on('data', (part: Buffer) => {
      if (body.add(part) || response.headersSent) return;
      const message = 'The body is larger than CXBCORE_MAX_BODY_KB allows.';
      this.#reply(request, response, errorAnswer('too_large', message), 'too_large');
    });
    request.on('error', () => request.socket.destroy());
    request.on('end', () => {
      if (response.headersSent || this.#late.has(request.socket)) return;
      this.#arrived(request.socket);
      const path = pathOf(request);
      const extra = this.#options.extra?.(request.method ?? '', path);
      if (extra) return this.#reply(request, response, extra);
      if (isPost(path) && request.method === 'POST') return void this.#post(request, response, path, body);
      const [answer, code] = notAStart(request.method ?? '', path);
      this.#reply(request, response, answer, code);
    });
  }

  async #post(request: IncomingMessage, response: ServerResponse, path: string, body: Body): Promise<void> {
    if (this.#isStale(request))
      return this.#reply(request, response, errorAnswer('stale_start', STALE), 'stale_start');
    const asking = new AbortController();
    request.socket.once('close', () => asking.abort(new Error('whoever asked for the call is gone')));
    if (request.socket.destroyed) asking.abort(new Error('whoever asked for the call is gone'));
    const { headers } = request;
    const peerAddress = request.socket instanceof Socket ? request.socket.remoteAddress : undefined;
    const text = body.text();
    const outcome = await this.#options.posts.answer({
      path,
      headers,
      peerAddress,
      text,
      asking: asking.signal,
    });
    this.#promise(response, outcome);
    this.#reply(request, response, outcome.answer, outcome.code);
  }

  /** A call that was promised goes on when the promise is out, or cannot be delivered any more. */
  #promise(response: ServerResponse, { sent }: PostOutcome): void {
    if (!sent) return;
    response.once('finish', sent);
    response.once('close', sent);
    if (response.destroyed || response.socket?.destroyed) sent();
  }

  #reply(request: IncomingMessage, response: ServerResponse, answer: Answer, code?: StartOutcome): void {
    this.#arrived(request.socket);
    if (code) this.#options.count(routeOf(pathOf(request)), code);
    this.#options.answered(request.socket);
    response.writeHead(answer.status, {
      'Content-Type': 'application/json',
      ...answer.headers,
      'Content-Length': Buffer.byteLength(answer.body),
      Connection: 'close',
    });
    if (request.complete) return void response.end(answer.body);
    // Closing over what is still coming would reset the connection, and the answer with it.
    response.write(answer.body);
    const cancel = this.#options.clock.after(UNREAD_MS, () => request.socket.destroy());
    request.socket.once('close', cancel);
    request.once('end', () => response.end());
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.#late.has(socket)) return;
    this.#arrived(socket);
    const path = pathOf(request);
    const refused = this.#upgrade(request, socket, head, path);
    if (refused) this.#answer(socket, routeOf(path), ...refused);
  }

  #upgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    path: string,
  ): readonly [Answer, ErrorCode] | undefined {
    const method = request.method ?? '';
    if (isPost(path) && method === 'POST') {
      const message = 'A start by POST cannot become another protocol: send it without an Upgrade header.';
      return [errorAnswer('bad_request', message), 'bad_request'];
    }
    if (isPost(path) || routeOf(path) === 'other' || method !== 'GET') return notAStart(method, path);
    if (this.#isStale(request)) return [errorAnswer('stale_start', STALE), 'stale_start'];
    return this.#options.upgrades.take(request, socket, head, path);
  }

  #onClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
    this.#arrived(socket);
    if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
    const large = error.code === 'HPE_HEADER_OVERFLOW';
    const code = large ? 'too_large' : 'bad_request';
    const message = large ? 'The headers are too large.' : 'This is not valid HTTP.';
    this.#answer(socket, 'other', errorAnswer(code, message), code);
  }

  #answer(socket: Duplex, route: string, answer: Answer, code: ErrorCode): void {
    this.#options.count(route, code);
    this.#options.answered(socket);
    answerRaw(socket, answer, this.#options.clock);
  }

  #isStale(request: IncomingMessage): boolean {
    const sent = Number(request.headers['x-start-ms']);
    return sent > 0 && this.#options.clock.wall() - sent > this.#options.settings.startMaxAgeMs;
  }
}

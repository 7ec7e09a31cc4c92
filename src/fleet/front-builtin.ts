import { createServer, type IncomingMessage, request, type ServerResponse, STATUS_CODES } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { FRONT_ANSWERS, type FrontAnswer, START_POSTS } from '../contract/front-answers.ts';
import { type MediaPath, parseMediaPath } from '../contract/media-path.ts';
import type { Settings } from '../contract/settings.ts';
import { SOCKET_CARRIERS } from '../contract/states.ts';
import type { Clock } from '../kit/clock.ts';
import { FRONT_ADDRESS, type Front } from './front.ts';
import {
  askFleetd,
  controlQuestion,
  type FleetdQuestion,
  isStream,
  passStream,
  refusedQuestion,
} from './front-fleetd.ts';

export interface BuiltinOptions {
  readonly port: number;
  readonly socketDir: string;
  readonly workers: number;
  readonly settings: Settings;
  readonly clock: Clock;
}

const POSTS = new Set<string>(START_POSTS);

/** Headers that belong to one connection, or that only the front itself may set. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'x-real-ip',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-start-ms',
  'x-cxb-ingress',
]);

/** The body has been read whole, and its length is written anew. */
const OWN_REQUEST_HEADERS: ReadonlySet<string> = new Set([...OWN_HEADERS, 'content-length']);

/** A connection to a worker whose seat was free; `release` once nothing of it is left. */
interface Seat {
  readonly socket: Socket;
  readonly release: () => void;
}

/**
 * The front of a host without nginx, for development: the same routes and answers. Each start tries the workers in
 * turn; a refused connection leads to the next, and from the first byte sent on there is no other try.
 */
export async function startBuiltin(options: BuiltinOptions): Promise<Front> {
  const front = new BuiltinFront(options);
  await front.listen();
  return front;
}

class BuiltinFront implements Front {
  readonly kind = 'builtin';
  readonly #options: BuiltinOptions;
  readonly #server = createServer({ requestTimeout: 10_000 });
  readonly #tunnels = new Set<Duplex>();
  /** Workers that have a connection of ours: like nginx's `max_conns=1`, so that no start queues behind another. */
  readonly #taken = new Set<number>();
  #turn = 0;

  constructor(options: BuiltinOptions) {
    this.#options = options;
    this.#server.headersTimeout = options.settings.requestHeaderMs;
    this.#server.on('request', (asking, answering) => {
      // The one thing that rejects is a client that goes away while it sends its body.
      this.#onRequest(asking, answering).catch(() => answering.destroy());
    });
    this.#server.on('upgrade', (asking: IncomingMessage, client: Duplex, head: Buffer) => {
      void this.#onUpgrade(asking, client, head);
    });
    this.#server.on('clientError', (error: NodeJS.ErrnoException, client) => {
      if (error.code === 'ECONNRESET' || !client.writable) client.destroy();
      else
        answerRaw(
          client,
          error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? FRONT_ANSWERS.late : FRONT_ANSWERS.malformed,
        );
    });
  }

  get port(): number {
    return this.#options.port;
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#options.port, FRONT_ADDRESS, resolve);
    });
  }

  stop(how: 'drain' | 'now'): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeIdleConnections();
      if (how === 'drain') return;
      this.#server.closeAllConnections();
      for (const client of this.#tunnels) client.destroy();
    });
  }

  async #onRequest(asking: IncomingMessage, answering: ServerResponse): Promise<void> {
    const path = pathOf(asking);
    if (isStream(path)) return passStream(this.#options.socketDir, asking, answering);
    const control = controlQuestion(asking, path);
    if (control) {
      const sent = await readBody(asking, this.#options.settings.maxBodyKb * 1024);
      if (sent === undefined) return answer(answering, FRONT_ANSWERS.tooLarge);
      return answer(answering, await this.#fleetd({ ...control, body: sent }));
    }
    if (mediaOf(path)) return answer(answering, FRONT_ANSWERS.upgradeOnly);
    if (!POSTS.has(path)) return answer(answering, FRONT_ANSWERS.notFound);
    if (asking.method !== 'POST') return answer(answering, FRONT_ANSWERS.postOnly);
    const body = await readBody(asking, this.#options.settings.maxBodyKb * 1024);
    if (body === undefined) return answer(answering, FRONT_ANSWERS.tooLarge);
    const seat = await this.#connectFree();
    if (!seat) return answer(answering, await this.#fleetd(refusedQuestion(asking, body)));
    this.#post(asking, body, seat, answering);
  }

  #fleetd(question: FleetdQuestion): Promise<FrontAnswer> {
    return askFleetd(this.#options.socketDir, question, this.#options.clock);
  }

  /** From here on the caller may have started a call: whatever goes wrong, its outcome is unknown. */
  #post(asking: IncomingMessage, body: Buffer, seat: Seat, answering: ServerResponse): void {
    const headers = [...this.#headers(asking), 'Connection', 'close', 'Content-Length', String(body.length)];
    const sending = request({
      createConnection: () => seat.socket,
      method: 'POST',
      path: asking.url ?? '/',
      headers,
    });
    const unknown = () => {
      sending.destroy();
      if (!answering.headersSent) answer(answering, FRONT_ANSWERS.outcomeUnknown);
      else answering.destroy();
    };
    const cancel = this.#options.clock.after(this.#options.settings.startMaxAgeMs, unknown);
    seat.socket.once('close', () => {
      cancel();
      seat.release();
    });
    sending.on('error', unknown);
    sending.on('response', (answered) => {
      cancel();
      answering.writeHead(answered.statusCode ?? 502, passedOn(answered.rawHeaders, OWN_HEADERS));
      answered.on('error', unknown);
      answered.pipe(answering);
    });
    sending.end(body);
  }

  async #onUpgrade(asking: IncomingMessage, client: Duplex, head: Buffer): Promise<void> {
    client.on('error', () => client.destroy());
    const media = mediaOf(pathOf(asking));
    if (!media) return answerRaw(client, FRONT_ANSWERS.notFound);
    this.#tunnels.add(client);
    client.once('close', () => this.#tunnels.delete(client));
    const seat = (await this.#connectReserved(media)) ?? (await this.#connectFree());
    if (!seat) return answerRaw(client, await this.#fleetd(refusedQuestion(asking)));
    this.#tunnel(asking, client, head, seat);
  }

  #tunnel(asking: IncomingMessage, client: Duplex, head: Buffer, { socket, release }: Seat): void {
    if (client.destroyed) socket.destroy();
    let answered = false;
    const unanswered = () => {
      if (!answered) answerRaw(client, FRONT_ANSWERS.outcomeUnknown);
      answered = true;
    };
    const cancel = this.#options.clock.after(this.#options.settings.startMaxAgeMs, () => {
      unanswered();
      socket.destroy();
    });
    socket.once('data', (bytes: Buffer) => {
      answered = true;
      cancel();
      client.write(bytes);
      socket.pipe(client);
    });
    socket.on('error', unanswered);
    socket.once('close', () => {
      cancel();
      release();
      unanswered();
      client.end();
    });
    client.once('close', () => socket.destroy());
    const headers = [
      ...this.#headers(asking),
      'Upgrade',
      asking.headers.upgrade ?? '',
      'Connection',
      'Upgrade',
    ];
    let text = `${asking.method ?? 'GET'} ${asking.url ?? '/'} HTTP/1.1\r\n`;
    for (let i = 0; i + 1 < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`;
    socket.write(`${text}\r\n`, 'latin1');
    if (head.length > 0) socket.write(head);
    client.pipe(socket);
  }

  /** Names and values in turn, as they go to the worker. */
  #headers(asking: IncomingMessage): string[] {
    const from = asking.socket.remoteAddress ?? '';
    const before = asking.headers['x-forwarded-for'];
    return [
      ...passedOn(asking.rawHeaders, OWN_REQUEST_HEADERS),
      'X-Real-IP',
      from,
      'X-Forwarded-For',
      before === undefined ? from : `${String(before)}, ${from}`,
      'X-Forwarded-Proto',
      'http',
      'X-Start-Ms',
      String(this.#options.clock.wall()),
    ];
  }

  /** The seat that is held for this media, while it is; it listens on a socket of its own. */
  async #connectReserved({ reserved }: MediaPath): Promise<Seat | undefined> {
    const { socketDir, settings } = this.#options;
    if (!reserved || reserved.fleet !== encodeURIComponent(settings.fleet)) return undefined;
    const socket = await connected(join(socketDir, `cxbcore_${reserved.worker}.rsv`));
    return socket && { socket, release: () => undefined };
  }

  /** Tries each worker once, beginning after the one that was placed last. */
  async #connectFree(): Promise<Seat | undefined> {
    const { workers, socketDir } = this.#options;
    const first = this.#turn;
    for (let i = 0; i < workers; i++) {
      const worker = ((first + i) % workers) + 1;
      if (this.#taken.has(worker)) continue;
      this.#taken.add(worker);
      const socket = await connected(join(socketDir, `cxbcore_${worker}.sock`));
      if (socket) {
        this.#turn = worker % workers;
        return { socket, release: () => this.#taken.delete(worker) };
      }
      this.#taken.delete(worker);
    }
    return undefined;
  }
}

/** A connection, or undefined when it is refused: nobody listens, or the queue is full. */
function connected(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once('error', () => resolve(undefined));
    socket.once('connect', () => resolve(socket));
  });
}

function mediaOf(path: string): MediaPath | undefined {
  const media = parseMediaPath(path);
  return media && SOCKET_CARRIERS.some((carrier) => carrier === media.carrier) ? media : undefined;
}

function pathOf(asking: IncomingMessage): string {
  return (asking.url ?? '').split('?', 1)[0] ?? '';
}

function passedOn(rawHeaders: readonly string[], own: ReadonlySet<string>): string[] {
  const passed: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const [name = '', value = ''] = rawHeaders.slice(i, i + 2);
    if (!own.has(name.toLowerCase())) passed.push(name, value);
  }
  return passed;
}

/** The body, or undefined when it is larger than allowed; what is too much is read and dropped, so that the answer arrives. */
async function readBody(asking: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  let parts: Buffer[] = [];
  let size = 0;
  for await (const part of asking as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > maxBytes) parts = [];
    else parts.push(part);
  }
  return size > maxBytes ? undefined : Buffer.concat(parts);
}

function answer(answering: ServerResponse, { status, body, retryAfterS }: FrontAnswer): void {
  answering.writeHead(status, {
    'Content-Type': 'application/json',
    ...(retryAfterS === undefined ? {} : { 'Retry-After': retryAfterS }),
  });
  answering.end(body);
}

/** The same on a connection that left the HTTP server for an upgrade; it ends with the answer. */
function answerRaw(client: Duplex, { status, body, retryAfterS }: FrontAnswer): void {
  if (!client.writable) return void client.destroy();
  const retry = retryAfterS === undefined ? '' : `Retry-After: ${retryAfterS}\r\n`;
  client.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n${retry}\r\n${body}`,
  );
}

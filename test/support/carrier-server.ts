import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type WebSocket, WebSocketServer } from 'ws';
import { socketOptions } from '../../src/carriers/socket-options.ts';
import { ERRORS } from '../../src/contract/errors.ts';
import { readSettings, type Settings } from '../../src/contract/settings.ts';
import { silentLog } from '../../src/kit/log.ts';
import { Queue } from '../../src/kit/queue.ts';
import { VirtualClock } from '../../src/kit/virtual-clock.ts';
import type { CarrierContext, CarrierMedia } from '../../src/ports/carrier.ts';
import type { Line } from '../../src/ports/line.ts';

export interface CarrierServerOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Whether upgrades count as coming from this machine in development mode. */
  readonly trusted?: boolean;
}

/** What became of a connection that was let in. */
export type Outcome = { readonly line: Line } | { readonly error: unknown };

/**
 * A carrier alone on a real socket: admits, opens, and hands out what came of it. Its clock stands still until a test
 * moves it, so that no limit runs out by accident.
 */
export class CarrierServer {
  readonly clock = new VirtualClock();
  readonly settings: Settings;
  readonly context: CarrierContext;
  /** The server's ends of all connections, in order. */
  readonly sockets: WebSocket[] = [];
  readonly notes: string[] = [];
  /** What the operator is told of starts that were not let in. */
  readonly problems: string[] = [];
  readonly #outcomes = new Queue<Outcome>(1000);
  readonly #reader = this.#outcomes[Symbol.asyncIterator]();
  readonly #http: Server;
  readonly #dir = mkdtempSync(join(tmpdir(), 'cxb-carrier-'));
  readonly #connections = new Set<Socket>();

  constructor(carrier: CarrierMedia, options: CarrierServerOptions = {}) {
    this.settings = readSettings({ CXBCORE_SOCKET_DIR: this.#dir, ...options.env }, 'test');
    const log = {
      ...silentLog,
      info: (message: string, fields?: Readonly<Record<string, unknown>>) => {
        this.notes.push(`${message}: ${JSON.stringify(fields)}`);
      },
    };
    this.context = { settings: this.settings, clock: this.clock, log };
    const sockets = new WebSocketServer({
      ...socketOptions(this.settings),
      handleProtocols: (offered) => (offered.has('cxb') ? 'cxb' : false),
    });
    this.#http = createServer();
    this.#http.on('connection', (socket) => {
      this.#connections.add(socket);
      socket.on('close', () => this.#connections.delete(socket));
    });
    this.#http.on('upgrade', (request, socket, head) => {
      const upgrade = { url: request.url ?? '', headers: request.headers, trusted: options.trusted ?? true };
      const admission = carrier.admit(upgrade, this.context);
      if (!admission.ok) {
        const { status } = ERRORS[admission.code];
        if (admission.problem !== undefined) this.problems.push(admission.problem);
        socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\n\r\n${admission.message}`);
        return;
      }
      sockets.handleUpgrade(request, socket, head, (webSocket) => {
        this.sockets.push(webSocket);
        carrier.open(webSocket, upgrade, this.context).then(
          (line) => this.#outcomes.push({ line }),
          (error: unknown) => this.#outcomes.push({ error }),
        );
      });
    });
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#http.listen(0, '127.0.0.1', resolve));
    const address = this.#http.address();
    if (typeof address !== 'object' || address === null) throw new Error('no port');
    return address.port;
  }

  /** What became of the next connection; outcomes come in the order they were decided. */
  async outcome(): Promise<Outcome> {
    const next = await this.#reader.next();
    if (next.done) throw new Error('the server has closed');
    return next.value;
  }

  /** The next connection as a line; throws what kept it from becoming one. */
  async line(): Promise<Line> {
    const outcome = await this.outcome();
    if ('error' in outcome) throw outcome.error;
    return outcome.line;
  }

  close(): void {
    for (const connection of this.#connections) connection.destroy();
    this.#http.close();
    this.#outcomes.end();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

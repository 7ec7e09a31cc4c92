import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { realClock } from '../src/kit/clock.ts';
import type { Started } from '../src/sim/load/bare-caller.ts';

interface Leg {
  readonly opened: (callId: string) => void;
  socket: WebSocket | undefined;
  over: () => void;
}

/**
 * The other side of calls that are started by POST: each start names an address here, to which its worker connects, and
 * where it is hung up on.
 */
export class MediaServer {
  readonly #server: WebSocketServer;
  readonly #legs = new Map<string, Leg>();
  #count = 0;

  private constructor(server: WebSocketServer) {
    this.#server = server;
    server.on('connection', (socket, { url = '' }) => this.#onConnection(socket, url.slice(1)));
  }

  static open(): Promise<MediaServer> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
    return new Promise((resolve) => {
      server.once('listening', () => resolve(new MediaServer(server)));
    });
  }

  /** As `CXBCORE_DIAL_ALLOW` wants it. */
  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    for (const { socket } of this.#legs.values()) socket?.terminate();
    this.#server.close();
  }

  /** One start by `POST /attach`. @throws Error when the connection breaks before any answer */
  async start(port: number): Promise<Started> {
    const leg = String(++this.#count);
    let over: () => void = () => undefined;
    const closed = new Promise<void>((resolve) => {
      over = resolve;
    });
    let openMs = Number.NaN;
    const startMs = realClock.now();
    const sentWall = realClock.wall();
    const open = new Promise<string>((resolve) => {
      const opened = (callId: string) => {
        openMs = realClock.now() - startMs;
        resolve(callId);
      };
      this.#legs.set(leg, { opened, socket: undefined, over });
    });
    const status = await post(port, {
      media: { kind: 'dial', carrier: 'pcm', url: `ws://${this.host}/${leg}` },
    });
    if (status !== 202) {
      this.#legs.delete(leg);
      return { how: 'refused', status, sentWall, refusedWall: realClock.wall() };
    }
    return {
      how: 'placed',
      sentWall,
      answerMs: realClock.now() - startMs,
      open,
      openMs: () => openMs,
      hangUp: async () => {
        this.#legs.get(leg)?.socket?.close(1000);
        await closed;
      },
    };
  }

  #onConnection(socket: WebSocket, name: string): void {
    const leg = this.#legs.get(name);
    if (!leg) return socket.terminate();
    leg.socket = socket;
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer, binary) => {
      if (binary) return;
      const said = JSON.parse(data.toString()) as { event: string; call_id?: string };
      if (said.event === 'ready') leg.opened(said.call_id ?? '');
    });
    socket.on('close', () => {
      leg.opened('');
      leg.over();
      this.#legs.delete(name);
    });
    socket.send('{"event":"start","rate":8000}');
  }
}

function post(port: number, body: object): Promise<number> {
  return new Promise((resolve, reject) => {
    const asking = request(
      { host: '127.0.0.1', port, path: '/attach', method: 'POST', agent: false },
      (answer) => {
        answer.resume();
        answer.on('end', () => resolve(answer.statusCode ?? 0));
      },
    );
    asking.on('error', reject);
    asking.end(JSON.stringify(body));
  });
}

import type { CarrierServer } from './carrier-server.ts';
import type { Connected, FarEnd } from './line-conformance.ts';
import { RawClient } from './raw-client.ts';

/** The ways a far end on a WebSocket goes away or falls silent, which are the same for every carrier. */
export abstract class SocketFarEnd {
  readonly closed: Promise<{ readonly code: number }>;
  protected readonly client: RawClient;

  constructor(client: RawClient) {
    this.client = client;
    this.closed = client.closed;
  }

  close(): void {
    this.client.socket.close();
  }

  closeHalf(): void {
    this.client.closeHalf();
  }

  vanish(): void {
    this.client.socket.terminate();
  }

  deafen(): void {
    this.client.socket.pause();
  }

  /** A ping is answered in order with the messages before it. */
  settled(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.client.socket.once('pong', () => resolve());
      void this.client.closed.then(({ code, reason }) => reject(new Error(`closed with ${code} ${reason}`)));
      this.client.socket.ping();
    });
  }
}

/** Connects to a server of its own, says what opens a call, and waits for the line. */
export async function connectSocket(
  server: CarrierServer,
  path: string,
  opening: readonly object[],
  farEnd: (client: RawClient) => FarEnd,
): Promise<Connected & { client: RawClient }> {
  const port = await server.listen();
  const client = await RawClient.connect(`ws://127.0.0.1:${port}${path}`);
  for (const message of opening) client.send(message);
  const line = await server.line();
  return {
    line,
    far: farEnd(client),
    client,
    pass: (ms) => server.clock.runUntil(server.clock.now() + ms),
    release: () => {
      client.socket.terminate();
      server.close();
    },
  };
}

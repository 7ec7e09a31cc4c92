import { type ClientOptions, WebSocket } from 'ws';

/** A WebSocket client that speaks no carrier's protocol by itself: tests say every frame and see every frame. */
export class RawClient {
  readonly socket: WebSocket;
  /** Every frame so far: text as text, binary as bytes. */
  readonly frames: (string | Buffer)[] = [];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  #seen = 0;
  #wake: () => void = () => undefined;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data: Buffer, binary: boolean) => {
      this.frames.push(binary ? data : data.toString());
      this.#wake();
    });
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      socket.on('close', (code: number, reason: Buffer) => {
        resolve({ code, reason: reason.toString() });
        this.#wake();
      });
    });
  }

  /** Resolves when the connection is open; rejects with `status` and `body` of a refusal. */
  static connect(
    url: string,
    protocols: readonly string[] = [],
    options: ClientOptions = {},
  ): Promise<RawClient> {
    const socket = new WebSocket(url, [...protocols], { perMessageDeflate: false, ...options });
    return new Promise((resolve, reject) => {
      const client = new RawClient(socket);
      socket.once('open', () => resolve(client));
      socket.once('unexpected-response', (_request, response) => {
        let body = '';
        response.on('data', (part: Buffer) => (body += part.toString()));
        response.on('end', () => reject(new RefusedError(response.statusCode ?? 0, body)));
      });
      socket.once('error', reject);
    });
  }

  /** Sends a close frame as a stopped process would leave it: what comes after is not read, and nothing is closed. */
  closeHalf(): void {
    this.socket.close();
    this.socket.pause();
  }

  send(frame: object | string | Uint8Array): void {
    const data = typeof frame === 'string' || frame instanceof Uint8Array ? frame : JSON.stringify(frame);
    this.socket.send(data);
  }

  /** The next frame that was not taken yet; rejects when the connection closes first. */
  async next(): Promise<string | Buffer> {
    for (;;) {
      const frame = this.frames[this.#seen];
      if (frame !== undefined) {
        this.#seen++;
        return frame;
      }
      if (this.socket.readyState === WebSocket.CLOSED) throw new Error('closed, and no frame left');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The next text frame, parsed; binary frames before it are skipped. */
  async nextJson(): Promise<Readonly<Record<string, unknown>>> {
    for (;;) {
      const frame = await this.next();
      if (typeof frame === 'string') return JSON.parse(frame) as Readonly<Record<string, unknown>>;
    }
  }
}

/** The upgrade was answered with something else than 101. */
export class RefusedError extends Error {
  readonly status: number;
  readonly body: string;

  constructor(status: number, body: string) {
    super(`refused with ${status}: ${body}`);
    this.name = 'RefusedError';
    this.status = status;
    this.body = body;
  }
}

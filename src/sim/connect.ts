import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import type { Wire, WireListener } from './far-end.ts';

/** The other side did not take the call: the answer it gave instead of 101. */
export class Refused extends Error {
  readonly status: number;
  /** The error code of the body, when it is one of ours. */
  readonly code: string | undefined;
  readonly retryAfterS: number | undefined;

  constructor(status: number, body: string, retryAfter: string | undefined) {
    const told = answerIn(body);
    super(`the call was refused with ${status}${told ? ` ${told.error}: ${told.message}` : ''}`);
    this.name = 'Refused';
    this.status = status;
    this.code = told?.error;
    this.retryAfterS = retryAfter && /^\d+$/.test(retryAfter) ? Number(retryAfter) : undefined;
  }
}

export interface ConnectOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly subprotocols?: readonly string[];
  /** How long the handshake may take, in milliseconds. */
  readonly handshakeMs?: number;
}

const MAX_ANSWER_BYTES = 4096;

/**
 * Opens a WebSocket and lays a protocol on it.
 * @param url ws:, wss:, http:, https:, or ws+unix:/path/to.sock:/media/…
 * @throws Refused when the answer was not 101; the network's own error when there was none
 */
export async function connect<P extends WireListener>(
  url: string,
  options: ConnectOptions,
  protocol: (wire: Wire) => P,
): Promise<P> {
  const socket = new WebSocket(url, [...(options.subprotocols ?? [])], {
    headers: { ...options.headers },
    handshakeTimeout: options.handshakeMs ?? 10_000,
    perMessageDeflate: false,
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
    socket.once('unexpected-response', (_request, response) => {
      void answerOf(response).then((body) => {
        reject(new Refused(response.statusCode ?? 0, body, response.headers['retry-after']));
        socket.terminate();
      });
    });
  });
  const far = protocol({
    send: (message) => socket.send(message),
    close: (code) => socket.close(code),
    pause: () => socket.pause(),
    terminate: () => socket.terminate(),
  });
  socket.on('message', (data, binary) =>
    far.message(binary ? bytesOf(data) : bytesOf(data).toString('utf8')),
  );
  socket.on('error', () => undefined); // a close event follows and says it all
  socket.on('close', (code) => far.closed(code));
  return far;
}

function bytesOf(data: Buffer | ArrayBuffer | Buffer[]): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}

async function answerOf(response: IncomingMessage): Promise<string> {
  let body = '';
  try {
    for await (const chunk of response) {
      body += String(chunk);
      if (body.length > MAX_ANSWER_BYTES) break;
    }
  } catch {
    // Half an answer is enough: the status says what matters.
  }
  return body;
}

function answerIn(body: string): { error: string; message: string } | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed !== 'object' || parsed === null || !('error' in parsed) || !('message' in parsed))
      return undefined;
    return { error: String(parsed.error), message: String(parsed.message) };
  } catch {
    return undefined; // a page of some proxy; the status alone has to do
  }
}

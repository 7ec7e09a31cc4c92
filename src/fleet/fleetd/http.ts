import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { ERRORS, type ErrorCode, errorBody } from '../../contract/errors.ts';
import type { Log } from '../../kit/log.ts';

/** A request whose body has arrived whole. */
export interface Asked {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** An answer that goes on for as long as there is something to say. */
export interface Stream {
  readonly status: 200;
  readonly headers: Readonly<Record<string, string>>;
  /**
   * Says it piece by piece until it resolves or `closed` is aborted: the reader has gone, or does not keep up.
   */
  run(write: (text: string) => void, closed: AbortSignal): Promise<void>;
}

export type Handler = (asked: Asked) => Promise<Reply | Stream> | Reply | Stream;

export function jsonReply(
  body: unknown,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return { status, headers, body: `${JSON.stringify(body)}\n` };
}

export function errorReply(
  code: ErrorCode,
  message: string,
  options: {
    readonly status?: number;
    readonly retryAfterS?: number;
    readonly headers?: Readonly<Record<string, string>>;
  } = {},
): Reply {
  const { status = ERRORS[code].status, retryAfterS, headers = {} } = options;
  if (retryAfterS === undefined) return { status, headers, body: errorBody(code, message) };
  return {
    status,
    headers: { ...headers, 'Retry-After': String(retryAfterS) },
    body: errorBody(code, message, { retry_after_s: retryAfterS }),
  };
}

/** How long a request may take to arrive; the front has read it before, so this is for a client that is none. */
const ARRIVE_MS = 10_000;

/** An HTTP server that hands whole requests to `handle`, and turns whatever goes wrong in it into an answer. */
export function serve(handle: Handler, maxBodyBytes: number, log: Log): Server {
  const server = createServer(
    { requestTimeout: ARRIVE_MS, headersTimeout: ARRIVE_MS },
    (request, response) => {
      request.on('error', () => response.destroy());
      response.on('error', () => response.destroy());
      answer(request, response).catch((error: unknown) => {
        log.error('a request failed', { error, method: request.method, path: pathOf(request) });
        if (response.headersSent) response.destroy();
        else write(response, errorReply('internal', 'A fault of ours; the log of fleetd has the details.'));
      });
    },
  );

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await wholeBody(request, maxBodyBytes);
    if (body === undefined) {
      return write(response, errorReply('too_large', 'The body is larger than CXBCORE_MAX_BODY_KB allows.'));
    }
    const [path = '', query = ''] = (request.url ?? '').split('?', 2);
    const reply = await handle({
      method: request.method ?? '',
      path,
      query: new URLSearchParams(query),
      headers: request.headers,
      body,
    });
    if ('run' in reply) await writeStream(request, response, reply);
    else write(response, reply);
  };
  return server;
}

/** What a reader may be behind; one that reads slower is cut off, and can come back for the rest. */
const BEHIND_MAX_BYTES = 1_048_576;

async function writeStream(
  request: IncomingMessage,
  response: ServerResponse,
  stream: Stream,
): Promise<void> {
  const closed = new AbortController();
  response.once('close', () => closed.abort());
  response.writeHead(stream.status, stream.headers);
  response.flushHeaders();
  if (request.method === 'HEAD') closed.abort();
  // Run in any case: what was set aside for it is given back there.
  await stream.run((text) => {
    if (closed.signal.aborted) return;
    response.write(text);
    if (response.writableLength > BEHIND_MAX_BYTES) response.destroy();
  }, closed.signal);
  response.end();
}

function write(response: ServerResponse, { status, headers = {}, body }: Reply): void {
  response.writeHead(status, {
    'Content-Type': 'application/json',
    ...headers,
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(body);
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?', 1)[0] ?? '';
}

/** Undefined when it is larger than allowed; what is too much is read and dropped, so that the answer arrives. */
async function wholeBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size <= maxBytes) parts.push(part);
  }
  return size > maxBytes ? undefined : Buffer.concat(parts);
}

import { type IncomingHttpHeaders, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { ERRORS, type ErrorCode, errorBody, type Refusal } from '../contract/errors.ts';
import { INGRESS_REFUSAL_STATUS } from '../contract/front-answers.ts';
import type { Clock } from '../kit/clock.ts';

/** An answer that ends its connection: every answer of a worker's call socket does. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** How long a client may take to read an answer and close, before its connection is cut. */
const LINGER_MS = 200;

export function errorAnswer(
  code: ErrorCode,
  message: string,
  options: {
    readonly retryAfterS?: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly callId?: string;
  } = {},
): Answer {
  const { retryAfterS, headers = {}, callId } = options;
  return {
    status: ERRORS[code].status,
    headers: { ...headers, ...(retryAfterS !== undefined && { 'Retry-After': String(retryAfterS) }) },
    body: errorBody(code, message, {
      ...(callId !== undefined && { call_id: callId }),
      ...(retryAfterS !== undefined && { retry_after_s: retryAfterS }),
    }),
  };
}

export function jsonAnswer(status: number, body: object): Answer {
  return { status, headers: {}, body: `${JSON.stringify(body)}\n` };
}

const REFUSALS: Record<Refusal, { readonly message: string; readonly retryAfterS: number }> = {
  at_capacity: {
    message: "This worker's seat is taken. Nothing has happened; try again, or another worker.",
    retryAfterS: 1,
  },
  draining: {
    message: 'This worker takes no new calls. Nothing has happened; try another worker.',
    retryAfterS: 5,
  },
  warming: { message: 'This worker is still loading. Nothing has happened; try again.', retryAfterS: 2 },
  no_workers: { message: 'No worker is running. Nothing has happened; try again.', retryAfterS: 5 },
};

/** @param headers of the request: the front marks those that come from an ingress, which knows a refusal by its 503 */
export function refusalAnswer(refusal: Refusal, headers: IncomingHttpHeaders): Answer {
  const { message, retryAfterS } = REFUSALS[refusal];
  const answer = errorAnswer(refusal, message, { retryAfterS });
  return headers['x-cxb-ingress'] ? { ...answer, status: INGRESS_REFUSAL_STATUS } : answer;
}

/**
 * Writes an answer on a connection that Node's HTTP server no longer manages, and sees that it goes: what the client
 * still sends is read and dropped, because closing over unread bytes would reset the connection and lose the answer.
 */
export function answerRaw(socket: Duplex, answer: Answer, clock: Clock): void {
  socket.on('error', () => socket.destroy());
  if (socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const cancel = clock.after(LINGER_MS, () => socket.destroy());
  socket.once('close', cancel);
  socket.once('end', () => socket.destroy());
  socket.resume();
  socket.end(head(answer) + answer.body);
}

function head(answer: Answer): string {
  const headers: Record<string, string> = {
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(answer.body)),
    Connection: 'close',
    ...answer.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}\r\n${lines.join('')}\r\n`;
}

import { WebSocket } from 'ws';
import { type Clock, sleep } from '../../kit/clock.ts';
import { parseJson } from '../../kit/json.ts';

export interface SmokeOptions {
  /** The ingress's own entry for test calls, such as `127.0.0.1:8404`. */
  readonly local: string;
  readonly server: string;
  /** Fleets in production take calls over plain audio with one of their CXBCORE_API_KEYS. */
  readonly apiKey: string | undefined;
  readonly clock: Clock;
}

/** How long the test call may take to open: a start with every retry of nginx. */
const LIMIT_MS = 8000;
/** How long its end is waited for; the host ends it in any case. */
const CLOSE_MS = 2000;

/**
 * One call over plain audio through the ingress to one fleet, opened and hung up: the worker must have said that the
 * call is open, and the ingress that it was this fleet. Returns what went wrong, or undefined.
 */
export async function smokeCall({ local, server, apiKey, clock }: SmokeOptions): Promise<string | undefined> {
  const socket = new WebSocket(`ws://${local}/media/pcm`, {
    headers: { 'X-CXB-Pin': server, ...(apiKey === undefined ? {} : { Authorization: `Bearer ${apiKey}` }) },
    perMessageDeflate: false,
  });
  const limit = new AbortController();
  const outcome = new Promise<string | undefined>((resolve) => {
    socket.on('error', (error) => resolve(`the test call failed: ${error.message}`));
    socket.on('close', (code) => resolve(`the test call was closed with ${code} before it was open`));
    socket.on('upgrade', ({ headers }) => {
      const by = headers['x-cxb-server'];
      if (by !== server)
        resolve(`the test call for ${server} was answered by ${String(by ?? 'nobody known')}`);
    });
    socket.on('unexpected-response', (_request, answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (part: string) => {
        body = (body + part).slice(0, 400);
      });
      answer.on('end', () => resolve(refusal(server, answer.statusCode ?? 0, body)));
    });
    socket.on('open', () => socket.send('{"event":"start","rate":8000}'));
    socket.on('message', (data: Buffer, binary) => {
      if (!binary && eventOf(data.toString()) === 'ready') resolve(undefined);
    });
    sleep(clock, LIMIT_MS, limit.signal).then(
      () => resolve(`the test call was not open within ${LIMIT_MS / 1000} s`),
      () => undefined,
    );
  });
  const failed = await outcome;
  limit.abort(new Error('over'));
  await hangUp(socket, clock);
  return failed;
}

function refusal(server: string, status: number, body: string): string {
  const advice = status === 401 ? ' Set CXBCORE_API_KEYS to one of the fleet.' : '';
  return `${server} answers the test call with ${status}: ${body.trim()}${advice}`;
}

function eventOf(text: string): unknown {
  const message = parseJson(text);
  return typeof message === 'object' && message !== null && 'event' in message ? message['event'] : undefined;
}

async function hangUp(socket: WebSocket, clock: Clock): Promise<void> {
  if (socket.readyState === WebSocket.OPEN) socket.send('{"event":"stop"}');
  if (socket.readyState === WebSocket.CLOSED) return;
  const closed = new Promise<void>((resolve) => void socket.once('close', () => resolve()));
  if (socket.readyState === WebSocket.OPEN) socket.close();
  const limit = new AbortController();
  await Promise.race([closed, sleep(clock, CLOSE_MS, limit.signal).catch(() => undefined)]);
  limit.abort(new Error('over'));
  socket.terminate();
}

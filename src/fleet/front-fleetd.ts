import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { FRONT_ANSWERS, type FrontAnswer } from '../contract/front-answers.ts';
import type { Clock } from '../kit/clock.ts';
import { parseJson } from '../kit/json.ts';
import { askSocket } from './ask-socket.ts';

/** What the built-in front asks fleetd, and what it answers when fleetd does not. */
export interface FleetdQuestion {
  readonly asking: IncomingMessage;
  readonly body?: Buffer;
  readonly limitMs: number;
  readonly otherwise: FrontAnswer;
}

/** How long a refused start waits for its cause, and others for their answer. */
const REFUSED_MS = 300;
/** How long the check of a load balancer waits for it. */
const LIVE_MS = 500;
/** How long a question about calls waits for its answer to begin. */
const API_MS = 10_000;

const API = /^\/(health\/capacity|metrics|webhooks\/livekit|api\/.*)$/;

/** The question a request is for fleetd; undefined when it is none of fleetd's. */
export function controlQuestion(
  asking: IncomingMessage,
  path: string,
): Omit<FleetdQuestion, 'body'> | undefined {
  if (path === '/health/live')
    return { asking, limitMs: LIVE_MS, otherwise: FRONT_ANSWERS.liveWithoutFleetd };
  return API.test(path) ? { asking, limitMs: API_MS, otherwise: FRONT_ANSWERS.withoutFleetd } : undefined;
}

export function refusedQuestion(asking: IncomingMessage, body?: Buffer): FleetdQuestion {
  return { asking, ...(body && { body }), limitMs: REFUSED_MS, otherwise: FRONT_ANSWERS.atCapacity };
}

/** Hands a request that no worker took to fleetd. Never rejects. */
export async function askFleetd(
  socketDir: string,
  { asking, body, limitMs, otherwise }: FleetdQuestion,
  clock: Clock,
): Promise<FrontAnswer> {
  const told = await askSocket(
    {
      socket: join(socketDir, 'cxbcore_fleetd.http'),
      path: asking.url ?? '/',
      method: asking.method === 'POST' ? 'POST' : 'GET',
      headers: headersFor(asking),
      ...(body && { body: body.toString() }),
      limitMs,
    },
    clock,
  );
  if (told.kind !== 'answer') return otherwise;
  const said = parseJson(told.body);
  const after = typeof said === 'object' && said !== null && 'retry_after_s' in said ? said.retry_after_s : 0;
  return {
    status: told.status,
    body: told.body,
    ...(typeof after === 'number' && after > 0 && { retryAfterS: after }),
  };
}

export const isStream = (path: string): boolean => /^\/api\/.*\/events$/.test(path);

/** Passes on what fleetd says as it says it; whoever leaves takes fleetd's side with them. */
export function passStream(socketDir: string, asking: IncomingMessage, answering: ServerResponse): void {
  const socketPath = join(socketDir, 'cxbcore_fleetd.http');
  const { url: path, method } = asking;
  const inner = request({ socketPath, path, method, headers: headersFor(asking), agent: false }, (told) => {
    answering.writeHead(told.statusCode ?? 502, told.headers);
    told.on('error', () => answering.destroy());
    told.pipe(answering);
  });
  inner.on('error', () => {
    if (answering.headersSent) return void answering.destroy();
    const { status, body } = FRONT_ANSWERS.withoutFleetd;
    answering.writeHead(status, { 'Content-Type': 'application/json' }).end(body);
  });
  answering.once('close', () => inner.destroy());
  inner.end();
}

/** What fleetd is told of a request. */
function headersFor(asking: IncomingMessage): Record<string, string> {
  const from = asking.socket.remoteAddress ?? '';
  const before = asking.headers['x-forwarded-for'];
  return {
    Host: asking.headers.host ?? '',
    'X-Forwarded-For': before === undefined ? from : `${String(before)}, ${from}`,
    ...passed(asking, 'authorization'),
    ...passed(asking, 'idempotency-key'),
    ...passed(asking, 'last-event-id'),
    ...passed(asking, 'origin'),
  };
}

function passed(asking: IncomingMessage, name: string): Record<string, string> {
  const value = asking.headers[name];
  return typeof value === 'string' ? { [name]: value } : {};
}

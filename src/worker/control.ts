import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import type { WorkerStatus } from '../contract/worker-status.ts';
import type { Clock } from '../kit/clock.ts';
import { type Answer, errorAnswer } from './answer.ts';
import { Listener } from './listener.ts';
import { readMemory } from './memory.ts';

export interface Controlled {
  status(): Omit<WorkerStatus, 'memory' | 'pid'>;
  metricsPage(): string;
  drain(): void;
  undrain(): void;
  /** Ends the process when the seat has no call; being told twice changes nothing. */
  leave(why: string): void;
  /** Reads agents and secrets again, at once or after the call. */
  reload(): void;
  /** The id of the call that was told to end; null when there was none. */
  hangUp(): string | null;
}

const CONTROL_ROUTES = {
  '/health/live': 'GET',
  '/status': 'GET',
  '/metrics': 'GET',
  '/drain': 'POST',
  '/undrain': 'POST',
  '/reload': 'POST',
  '/leave': 'POST',
  '/hangup': 'POST',
} as const;

type ControlPath = keyof typeof CONTROL_ROUTES;

/**
 * @param query of the request: `call_id` lets a hang-up reach that call alone, not the next one on the seat
 */
export function controlAnswer(
  worker: Controlled,
  method: string,
  path: string,
  query = new URLSearchParams(),
): Answer {
  if (!Object.hasOwn(CONTROL_ROUTES, path)) {
    return errorAnswer('not_found', 'There is nothing at this path on the control socket.');
  }
  const known = path as ControlPath;
  const allowed = CONTROL_ROUTES[known];
  if (method !== allowed) {
    return errorAnswer('method_not_allowed', `This path takes ${allowed}.`, { headers: { Allow: allowed } });
  }
  switch (known) {
    case '/health/live':
      return json({ status: 'live', ...pulse(worker) });
    case '/status':
      return json(fullStatus(worker));
    case '/metrics':
      return {
        status: 200,
        headers: { 'Content-Type': 'text/plain; version=0.0.4' },
        body: worker.metricsPage(),
      };
    case '/drain':
      worker.drain();
      return json(fullStatus(worker));
    case '/undrain':
      worker.undrain();
      return json(fullStatus(worker));
    case '/reload':
      worker.reload();
      return json(fullStatus(worker));
    case '/leave':
      worker.leave('told to on the control socket');
      return json(fullStatus(worker));
    case '/hangup':
      return json({ call_id: meansOther(worker, query.get('call_id')) ? null : worker.hangUp() });
  }
}

/** TCP mode shares its port: only what harms nobody is answered there. */
export function openAnswer(worker: Controlled, method: string, path: string): Answer | undefined {
  return path === '/status' || path === '/health/live' ? controlAnswer(worker, method, path) : undefined;
}

/** The sign of life that fleetd asks for twice a second: from memory alone, because it must not cost a call anything. */
function pulse(worker: Controlled): object {
  const { worker: number, state, draining, call } = worker.status();
  return { worker: number, state, draining, pid: process.pid, call_id: call?.call_id ?? null };
}

function meansOther(worker: Controlled, callId: string | null): boolean {
  return callId !== null && worker.status().call?.call_id !== callId;
}

function fullStatus(worker: Controlled): WorkerStatus {
  const { call, ...rest } = worker.status();
  return { ...rest, pid: process.pid, memory: readMemory(), call };
}

function json(body: object): Answer {
  return { status: 200, headers: {}, body: `${JSON.stringify(body)}\n` };
}

/** How long a client of the control socket may take for its whole exchange. */
const EXCHANGE_MS = 5000;

/** The control socket: always open, this user only. */
export function openControl(path: string, worker: Controlled, clock: Clock): Listener {
  const http = createServer({ headersTimeout: 0, requestTimeout: 0 }, (request, response) => {
    request.resume();
    request.on('error', () => request.socket.destroy());
    request.on('end', () => {
      const [path = '', query = ''] = (request.url ?? '').split('?', 2);
      const answer = controlAnswer(worker, request.method ?? '', path, new URLSearchParams(query));
      response.writeHead(answer.status, {
        'Content-Type': 'application/json',
        ...answer.headers,
        'Content-Length': Buffer.byteLength(answer.body),
        Connection: 'close',
      });
      response.end(answer.body);
    });
  });
  const onConnection = (socket: Socket) => {
    const cancel = clock.after(EXCHANGE_MS, () => socket.destroy());
    socket.once('close', cancel);
    http.emit('connection', socket);
  };
  const listener = new Listener({ path, mode: 0o600, clock, onConnection });
  listener.start();
  return listener;
}

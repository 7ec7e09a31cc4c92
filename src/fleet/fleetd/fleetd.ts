import { join, resolve } from 'node:path';
import { Claims, deadKeptMs } from '../../claims/claims.ts';
import type { Settings } from '../../contract/settings.ts';
import { type Clock, sleep } from '../../kit/clock.ts';
import type { Log } from '../../kit/log.ts';
import { SETTLE } from '../settle.ts';
import { refusedAccess } from './access.ts';
import { agentCheckServer } from './agent-check.ts';
import { openCallList } from './call-list.ts';
import { type CallsOptions, callReply, hangUpReply } from './calls.ts';
import { Dispatcher } from './dispatcher.ts';
import { type EventStreams, openEventStreams } from './events.ts';
import { guard } from './guard.ts';
import { healthCapacity, healthLive } from './health.ts';
import { watchHost } from './host-watch.ts';
import { type Asked, errorReply, type Handler, type Reply, type Stream, serve } from './http.ts';
import { type FleetdMetrics, openFleetdMetrics } from './metrics.ts';
import { openApiReply } from './open-api.ts';
import { Overflow } from './overflow.ts';
import { answerRefused, startRouteOf } from './refused.ts';
import { watchForDeaths } from './resurrect.ts';
import { type RouteEntry, router } from './routes.ts';
import { Settling } from './settling.ts';
import { listening, listenOnFd, listenOnPath, type OpenSocket } from './sockets.ts';

export interface FleetdOptions {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly log: Log;
  /** Sockets that systemd holds for us, by name. */
  readonly held: ReadonlyMap<string, number>;
}

export interface Fleetd {
  /** Takes no more requests; resolves when those under way are answered or their time is over. */
  close(): Promise<void>;
}

/** How often claims that count no longer are removed. */
const SWEEP_EVERY_MS = 60_000;
/** Records of calls whose worker died are due soon after, and again for those that could have gone on elsewhere. */
const SETTLE_EVERY_MS = 5000;
/** How long what is under way may take at the end of the process. */
const CLOSE_LIMIT_MS = 2000;

/**
 * The always-free process of a host: says why a start got no seat, how much room there is, and what became of a call;
 * writes the records of dead workers, and sweeps claims. No call passes through it, and none needs it.
 * @throws the error of a socket that cannot be opened
 */
export async function openFleetd({ settings, clock, log, held }: FleetdOptions): Promise<Fleetd> {
  const socketDir = resolve(settings.socketDir);
  const host = watchHost(socketDir, settings.workers, clock);
  const claims = new Claims({ socketDir, clock, deadKeptMs: deadKeptMs(settings) });
  const metrics = openFleetdMetrics(socketDir, host, clock);
  const { dataDir, fleet } = settings;
  const calls: CallsOptions = { host, claims, clock, socketDir, dataDir, fleet };
  const announced = (outcome: string) => metrics.announced(outcome);
  const overflow = Overflow.open({ settings, clock, log, count: announced });
  const dispatcher = Dispatcher.open({
    settings,
    claims,
    clock,
    log,
    count: (outcome) => metrics.dispatched(outcome),
    overflow,
  });
  const stop = new AbortController();
  const streams = openEventStreams(calls, { clock, most: settings.maxStreams, stop: stop.signal });
  const settling = new Settling({ settings, clock, log, count: (reason) => metrics.settled(reason) });
  const routes = [...controlRoutes(settings, calls, metrics, streams), ...webhookRoutes(dispatcher)];
  const count = (route: string, cause: string) => metrics.refused(route, cause);
  const refused = { host, claims, settings, clock, count };
  const handle: Handler = router(routes, (asked) => {
    const route = startRouteOf(asked.path);
    return route === undefined ? undefined : answerRefused(asked, route, refused);
  });
  const control = controlHandler(settling, metrics, handle);
  // Nothing is said of the seats before they have been looked at once: an unknown host is not an empty one.
  await host.look(0);
  const http = serve(handle, settings.maxBodyKb * 1024, log);
  const fd = held.get('http');
  const sockets: OpenSocket[] = [
    fd === undefined
      ? await listenOnPath(http, join(socketDir, 'cxbcore_fleetd.http'), 0o660)
      : await listenOnFd(http, fd),
    await listenOnPath(
      serve(control, settings.maxBodyKb * 1024, log),
      join(socketDir, 'cxbcore_fleetd.ctl'),
      0o600,
    ),
  ];
  if (settings.checkListen !== 'off') {
    const check = agentCheckServer(host, clock);
    await listening(check, settings.checkListen);
    sockets.push({ close: () => void check.close() });
  }
  void every(clock, SWEEP_EVERY_MS, stop.signal, () => claims.sweep(), log);
  void every(clock, SETTLE_EVERY_MS, stop.signal, () => settling.run().then(() => undefined), log);
  const guarded = (act: string) => metrics.guarded(act);
  void guard({ host, settings, socketDir, clock, log, count: guarded }, stop.signal);
  const continued = (outcome: string) => metrics.continued(outcome);
  if (dispatcher && overflow) {
    void dispatcher.catchUp();
    const watching = { host, claims, settings, socketDir, clock, log, count: continued, overflow };
    void watchForDeaths(watching, stop.signal);
  }
  return {
    async close() {
      stop.abort();
      dispatcher?.close();
      for (const socket of sockets) socket.close();
      http.closeIdleConnections();
      const over = new Promise<void>((done) => void http.once('close', () => done()));
      await Promise.race([Promise.all([over, overflow?.close()]), sleep(clock, CLOSE_LIMIT_MS)]);
    },
  };
}

function webhookRoutes(dispatcher: Dispatcher | undefined): readonly RouteEntry[] {
  if (!dispatcher) return [];
  return [{ method: 'POST', path: '/webhooks/livekit', handle: (asked) => dispatcher.webhook(asked) }];
}

function controlRoutes(
  settings: Settings,
  calls: CallsOptions,
  metrics: FleetdMetrics,
  streams: EventStreams,
): readonly RouteEntry[] {
  type Answer = (asked: Asked, parameters: Readonly<Record<string, string>>) => Promise<Reply | Stream>;
  const withKey =
    (answer: Answer): RouteEntry['handle'] =>
    (asked, parameters) =>
      refusedAccess(asked.headers, settings) ?? answer(asked, parameters);
  const { host } = calls;
  const list = openCallList(calls);
  return [
    { method: 'GET', path: '/health/live', handle: () => healthLive(host) },
    { method: 'GET', path: '/health/capacity', handle: () => healthCapacity(host, settings.fleet) },
    {
      method: 'GET',
      path: '/metrics',
      handle: withKey(() => metricsReply(metrics)),
    },
    { method: 'GET', path: '/api/openapi.json', handle: openApiReply },
    { method: 'GET', path: '/api/calls', handle: withKey((asked) => list(asked)) },
    { method: 'GET', path: '/api/calls/{id}', handle: withKey((_, { id = '' }) => callReply(id, calls)) },
    {
      method: 'GET',
      path: '/api/calls/{id}/events',
      handle: withKey((asked, { id = '' }) => streams.open(id, asked)),
    },
    {
      method: 'GET',
      path: '/api/fleets/{fleet}/calls/{id}',
      handle: withKey((_, { fleet = '', id = '' }) => here(fleet, calls) ?? callReply(id, calls)),
    },
    {
      method: 'GET',
      path: '/api/fleets/{fleet}/calls/{id}/events',
      handle: withKey((asked, { fleet = '', id = '' }) => here(fleet, calls) ?? streams.open(id, asked)),
    },
    {
      method: 'POST',
      path: '/api/calls/{id}/hangup',
      handle: withKey((_, { id = '' }) => hangUpReply(id, calls)),
    },
  ];
}

/** Only whoever started this host reaches the control socket, and needs no key there. */
function controlHandler(settling: Settling, metrics: FleetdMetrics, otherwise: Handler): Handler {
  return (asked) => {
    if (asked.method === 'POST' && asked.path === SETTLE) return settling.reply(asked);
    return asked.method === 'GET' && asked.path === '/metrics' ? metricsReply(metrics) : otherwise(asked);
  };
}

async function metricsReply(metrics: FleetdMetrics): Promise<Reply> {
  const headers = { 'Content-Type': 'text/plain; version=0.0.4' };
  return { status: 200, headers, body: await metrics.page() };
}

/** The answer to a question for another fleet; undefined when this host is the one. */
function here(fleet: string, calls: CallsOptions): Promise<Reply> | undefined {
  if (decoded(fleet) === calls.fleet) return undefined;
  const message = `This host is the fleet ${calls.fleet}; the call is asked for at another one.`;
  return Promise.resolve(errorReply('not_found', message));
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined; // not a name anybody has
  }
}

/** Does something again and again until told to stop; what fails once is tried again the next time. */
async function every(
  clock: Clock,
  intervalMs: number,
  signal: AbortSignal,
  run: () => void | Promise<void>,
  log: Log,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await sleep(clock, intervalMs, signal);
      await run();
    } catch (error) {
      if (!signal.aborted) log.error('a regular task of fleetd failed', { error });
    }
  }
}

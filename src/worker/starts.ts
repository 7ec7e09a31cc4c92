import type { Duplex } from 'node:stream';
import { pcmDial } from '../carriers/pcm/dial.ts';
import { Claims, deadKeptMs } from '../claims/claims.ts';
import type { Settings } from '../contract/settings.ts';
import type { Clock } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';
import type { RequestCarrier } from '../ports/requested.ts';
import type { Answer } from './answer.ts';
import { Calls } from './calls.ts';
import { type Guest, socketGuest } from './guest.ts';
import type { Identity } from './identity.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { WorkerMetrics } from './metrics.ts';
import { Orphans } from './orphans.ts';
import { Posts } from './posts.ts';
import { Promises } from './promises.ts';
import type { RequestKind } from './requests.ts';
import { Reservations } from './reservations.ts';
import type { Seat } from './seat.ts';
import { StartServer } from './server.ts';
import type { Services } from './services.ts';
import { Upgrades } from './upgrades.ts';

export interface StartsOptions {
  readonly settings: Settings;
  readonly identity: Identity;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: WorkerMetrics;
  readonly life: Lifecycle;
  readonly seat: Seat;
  /** Undefined until the worker has warmed up. */
  readonly services: () => Services | undefined;
  /** The connection has its answer: no start can come of it any more. */
  readonly answered: (socket: Duplex) => void;
  readonly extra?: (method: string, path: string) => Answer | undefined;
}

/** Joins everything that can become a call in this worker: connections, reservations, and requests. */
export function openStarts(options: StartsOptions): StartServer {
  const { settings, identity, clock, log, metrics, life, seat, services, answered, extra } = options;
  const claims = openClaims(options);
  const calls = new Calls({
    claims,
    log,
    worker: identity.worker,
    fleet: settings.fleet,
    openCall: (line, admission) => ready(services).openCall(line, admission),
  });
  const reservations = new Reservations({
    identity,
    onConnection: (socket) => server.connection(socket),
  });
  const carrierOf = (kind: RequestKind): RequestCarrier | undefined => {
    if (kind === 'expect') return reservations;
    return kind === 'dial' ? pcmDial : services()?.livekit;
  };
  const shared = { settings, clock, log, claims, metrics };
  const refusal = () => life.refusal();
  const claim = () => life.claim();
  const freeSeat = () => {
    seat.forget();
    life.send({ kind: 'no-line' });
  };
  const count = (route: string, outcome: string) => metrics.start(route, outcome);
  const promises = new Promises({
    ...shared,
    worker: identity.worker,
    calls,
    services,
    carrier: carrierOf,
    claimSeat: claim,
    freeSeat,
    seat: (guest) => seat.take(guest),
  });
  const take = (guest: Guest) => seat.take(guest);
  const noLine = (carrier: string) => metrics.noLine(carrier);
  const context = { settings, clock, log };
  const { worker } = identity;
  const orphans = new Orphans({ context, worker, claims, calls, services, seat: take, freeSeat, noLine });
  const upgrades = new Upgrades({
    ...shared,
    carrier: (name) => services()?.carriers.find((carrier) => carrier.name === name),
    refusal,
    claim,
    seat: (arrival) =>
      take(socketGuest({ ...arrival, context, open: (line) => calls.forLine(line), noLine })),
    gone: freeSeat,
    reserved: (callId, carrier) => reservations.place(callId, carrier) ?? orphans.place(callId, carrier),
    count,
    answered,
  });
  const posts = new Posts({ ...shared, promises, refusal, carrier: carrierOf });
  const server = new StartServer({
    settings,
    clock,
    upgrades,
    posts,
    count,
    answered,
    ...(extra && { extra }),
  });
  return server;
}

function openClaims({ identity, settings, clock, log }: StartsOptions): Claims {
  const claims = new Claims({
    socketDir: identity.folder,
    clock,
    deadKeptMs: deadKeptMs(settings),
    onTrouble: (error) => log.error('a claim could not be changed', { error }),
  });
  // Nobody else may be there to do it, such as on a host without fleetd.
  claims.sweep();
  return claims;
}

function ready(services: () => Services | undefined): Services {
  const now = services();
  if (!now) throw new Error('a call was opened before the worker was ready');
  return now;
}

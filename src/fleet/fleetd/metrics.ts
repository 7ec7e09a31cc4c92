import type { Clock } from '../../kit/clock.ts';
import { Registry } from '../../kit/registry.ts';
import { askSocket } from '../ask-socket.ts';
import type { HostWatch } from './host-watch.ts';
import { mergedPages } from './metrics-page.ts';
import { capacityOf, type SeatView, socketOf } from './seats.ts';

export interface FleetdMetrics {
  /** A start that got no seat, or the answer it got in a seat's place. */
  refused(route: string, cause: string): void;
  settled(reason: string): void;
  guarded(act: string): void;
  dispatched(outcome: string): void;
  continued(outcome: string): void;
  announced(outcome: string): void;
  /** Everything this host can count: its own, and each worker's. */
  page(): Promise<string>;
}

/** How long a worker may take for its metrics; the page comes without those that are late. */
const PAGE_LIMIT_MS = 1000;
/** How old the look at the seats may be that the metrics are made of. */
const LOOK_AGE_MS = 500;

export function openFleetdMetrics(socketDir: string, host: HostWatch, clock: Clock): FleetdMetrics {
  const registry = new Registry();
  const refusals = registry.counter(
    'cxbcore_refusals_total',
    'Starts that no worker took, by route and what they were answered.',
  );
  const settled = registry.counter('cxbcore_settled_total', 'Records written for dead workers, by reason.');
  const dispatched = registry.counter(
    'cxbcore_dispatches_total',
    'Callers who rang over LiveKit, by what became of them.',
  );
  const continued = registry.counter(
    'cxbcore_continuations_total',
    'Calls whose worker died and whose caller was still there, by what became of them.',
  );
  const announced = registry.counter(
    'cxbcore_announcements_total',
    'Callers who were to be told that no seat is free, by whether they were.',
  );
  const guarded = registry.counter('cxbcore_guard_total', 'What was done to workers that were silent.');
  const started = clock.now();
  registry.gauge('cxbcore_fleetd_seconds', 'How long fleetd has been running.', () =>
    Math.round((clock.now() - started) / 1000),
  );
  let seats: readonly SeatView[] = [];
  registry.gauge('cxbcore_seats', 'Seats of the host, by what they are; silent ones are unknown.', () =>
    seatCounts(seats),
  );
  registry.gauge(
    'cxbcore_worker_up',
    'Whether the worker answers (1), is silent (0), or does not run (-1).',
    () => seats.map(({ worker, at }) => [{ worker: String(worker) }, UP[at]] as const),
  );
  registry.gauge('cxbcore_host_draining', 'Whether no worker of the host takes a new call.', () =>
    capacityOf(seats).draining ? 1 : 0,
  );
  return {
    refused: (route, cause) => refusals.add({ route, cause }),
    dispatched: (outcome) => dispatched.add({ outcome }),
    continued: (outcome) => continued.add({ outcome }),
    announced: (outcome) => announced.add({ outcome }),
    guarded: (act) => guarded.add({ act }),
    settled: (reason) => settled.add({ reason }),
    async page() {
      seats = (await host.look(LOOK_AGE_MS)).seats;
      const pages = await Promise.all(
        seats.map(async ({ worker, at }) => {
          if (at !== 'answers') return { worker, page: undefined };
          const socket = socketOf(socketDir, worker, 'ctl');
          const told = await askSocket({ socket, path: '/metrics', limitMs: PAGE_LIMIT_MS }, clock);
          return { worker, page: told.kind === 'answer' && told.status === 200 ? told.body : undefined };
        }),
      );
      return registry.text() + mergedPages(pages);
    },
  };
}

const UP = { answers: 1, silent: 0, gone: -1 } as const;

function seatCounts(seats: readonly SeatView[]): [{ state: string }, number][] {
  const counts = new Map<string, number>();
  for (const seat of seats) {
    const state = wordFor(seat);
    counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  return [...counts].map(([state, count]) => [{ state }, count]);
}

function wordFor(seat: SeatView): string {
  if (seat.at !== 'answers') return seat.at === 'silent' ? 'unknown' : 'gone';
  const { state, draining } = seat.pulse;
  return draining && state === 'free' ? 'parked' : state;
}

import type { HostWatch } from './host-watch.ts';
import { jsonReply, type Reply } from './http.ts';
import { alive, capacityOf } from './seats.ts';

/** How old the look at the seats may be that health is told from. */
const LOOK_AGE_MS = 500;
const NO_STORE = { 'Cache-Control': 'no-store' };

/** Whether the host runs at all. Never depends on how full it is, or on a drain: an ingress would drop its calls. */
export async function healthLive(host: HostWatch): Promise<Reply> {
  const { seats } = await host.look(LOOK_AGE_MS);
  const workers = alive(seats);
  return jsonReply(
    { status: workers > 0 ? 'live' : 'no_workers', workers },
    workers > 0 ? 200 : 503,
    NO_STORE,
  );
}

/** Whether the host takes another call, for people, dashboards and other balancers. */
export async function healthCapacity(host: HostWatch, fleet: string): Promise<Reply> {
  const capacity = capacityOf((await host.look(LOOK_AGE_MS)).seats);
  // The ingress compares the name with its own for this host.
  return jsonReply({ fleet, ...capacity }, capacity.free > 0 && !capacity.draining ? 200 : 503, NO_STORE);
}

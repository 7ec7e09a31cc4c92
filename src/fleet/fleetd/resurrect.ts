import type { Claims, Found } from '../../claims/claims.ts';
import type { Claim } from '../../contract/claim.ts';
import type { Settings } from '../../contract/settings.ts';
import { type Clock, sleep } from '../../kit/clock.ts';
import type { Log } from '../../kit/log.ts';
import { isAlive } from '../../kit/owner.ts';
import { askSocket } from '../ask-socket.ts';
import type { HostWatch } from './host-watch.ts';
import type { Overflow } from './overflow.ts';
import { socketOf } from './seats.ts';

export interface ResurrectOptions {
  readonly host: HostWatch;
  readonly claims: Claims;
  readonly settings: Pick<Settings, 'apiKeys' | 'resurrectMax' | 'resurrectWaitS'>;
  readonly socketDir: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly count: (outcome: string) => void;
  /** What becomes of a caller with whom nobody goes on. */
  readonly overflow: Overflow;
}

/** How often the owners of calls are looked at, and how often the list of calls is read anew. */
const OWNER_MS = 100;
const CLAIMS_EVERY = 10;
/** Between two tries to find a worker that goes on with a call. */
const AGAIN_MS = 250;
/** A worker joins the room before it answers. */
const CONTINUE_MS = 10_000;

/** Sees at once that a worker died in a call whose caller is still in a room, and has another worker go on with it. */
export async function watchForDeaths(options: ResurrectOptions, signal: AbortSignal): Promise<void> {
  const { claims, clock, log } = options;
  const handled = new Set<string>();
  let calls: readonly Found[] = [];
  for (let round = 0; !signal.aborted; round++) {
    try {
      if (round % CLAIMS_EVERY === 0) calls = claims.all().filter(couldGoOn);
      for (const { claim, n } of calls) {
        const key = `${claim.call_id}.${n}`;
        if (handled.has(key) || isAlive(claim.owner)) continue;
        handled.add(key);
        void goOnOrEnd(claim, options, signal).catch((error: unknown) =>
          log.error('a call could not go on in another worker', { call_id: claim.call_id, error }),
        );
      }
      await sleep(clock, OWNER_MS, signal);
    } catch (error) {
      if (!signal.aborted) log.error('the calls of this host could not be looked at', { error });
    }
  }
}

/** Others end with their worker: their audio went through it. */
function couldGoOn({ claim, standing }: Found): boolean {
  return standing !== 'ended' && claim.room !== undefined;
}

async function goOnOrEnd(claim: Claim, options: ResurrectOptions, signal: AbortSignal): Promise<void> {
  const { claims, overflow, count } = options;
  const outcome = await goOn(claim.call_id, options, signal);
  if (outcome === undefined) return;
  count(outcome);
  if (outcome === 'continued' || claims.find(claim.call_id)?.standing !== 'dead') return;
  await overflow.abandoned(claim);
}

/** What came of it; undefined when there was nothing to do. */
async function goOn(
  callId: string,
  options: ResurrectOptions,
  signal: AbortSignal,
): Promise<'continued' | 'over' | 'no_seat' | undefined> {
  const { claims, clock, log, settings } = options;
  const deadline = clock.now() + settings.resurrectWaitS * 1000;
  while (!signal.aborted && clock.now() < deadline) {
    // Somebody else may have been faster, or the call is over: then there is nothing to do.
    if (claims.find(callId)?.standing !== 'dead') return undefined;
    const status = await askOne(callId, options);
    if (status !== undefined && status < 300) {
      log.warn('a call goes on in another worker', { call_id: callId });
      return 'continued';
    }
    if (status !== undefined && status !== 429 && status < 500) {
      log.warn('a call whose worker died does not go on', { call_id: callId, status });
      return 'over';
    }
    await sleep(clock, AGAIN_MS, signal);
  }
  return signal.aborted ? undefined : 'no_seat';
}

/** The answer of a free worker; undefined when there is none. */
async function askOne(callId: string, options: ResurrectOptions): Promise<number | undefined> {
  const { host, socketDir, clock, settings } = options;
  const [key] = settings.apiKeys;
  for (const seat of (await host.look(0)).seats) {
    if (seat.at !== 'answers' || seat.pulse.state !== 'free' || seat.pulse.draining) continue;
    const told = await askSocket(
      {
        socket: socketOf(socketDir, seat.worker, 'sock'),
        path: '/continue',
        method: 'POST',
        headers: {
          Host: 'localhost',
          'Content-Type': 'application/json',
          ...(key !== undefined && { Authorization: `Bearer ${key}` }),
        },
        body: JSON.stringify({ call_id: callId, cause: 'its worker died' }),
        limitMs: CONTINUE_MS,
      },
      clock,
    );
    if (told.kind === 'answer') return told.status;
    // One that took the question and did not answer may have begun: its claim says so, and is looked at first.
    if (told.kind === 'silent') return undefined;
  }
  return undefined;
}

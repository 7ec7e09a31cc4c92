import { availableParallelism } from 'node:os';
import type { Settings } from '../contract/settings.ts';
import { type Clock, sleep } from '../kit/clock.ts';
import { type Lock, lockHolder, lockName, tryLock } from '../kit/host-lock.ts';
import type { Log } from '../kit/log.ts';

/** Sixteen that wait ask no more than eighty times a second together. */
const POLL_MS = 200;

export interface TurnContext {
  readonly settings: Pick<Settings, 'socketDir' | 'turnS'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** `load` keeps a core busy; `prove` is one call, which needs a tenth of a core for three seconds. */
export type TurnKind = 'load' | 'prove';

/** How many workers of this host may do it at a time: loading may take half of the cores, and at least one. */
function placesFor(kind: TurnKind): number {
  const loading = Math.max(1, Math.floor(availableParallelism() / 2));
  return kind === 'load' ? loading : 4 * loading;
}

/**
 * Waits for a turn: sixteen workers that warmed up at once would be heard by whoever is in a call on this host. A turn
 * ends with its process, however that ends; one that is held for too long, such as by a process that is suspended, keeps
 * nobody from going ahead without.
 *
 * @param places how many may have a turn of this kind at a time
 * @returns the turn; undefined when it did not come in time
 */
export async function waitForTurn(
  { settings, clock, log }: TurnContext,
  kind: TurnKind,
  places = placesFor(kind),
): Promise<Lock | undefined> {
  const names = Array.from({ length: places }, (_, place) =>
    lockName(`${kind}-${place}`, settings.socketDir),
  );
  const deadlineMs = clock.now() + settings.turnS * 1000;
  for (;;) {
    for (const name of names) {
      const lock = await tryLock(name);
      if (lock) return lock;
    }
    if (clock.now() >= deadlineMs) break;
    await sleep(clock, POLL_MS);
  }
  const holder = await Promise.race([lockHolder(names[0] ?? ''), sleep(clock, POLL_MS)]);
  log.warn('a turn to warm up did not come in time; going ahead without one', {
    kind,
    waited_s: settings.turnS,
    holder,
  });
  return undefined;
}

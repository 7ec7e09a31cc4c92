import type { Settings } from '../contract/settings.ts';
import { type Lock, lockName, tryLock } from '../kit/host-lock.ts';
import type { Log } from '../kit/log.ts';
import { type Memory, readMemory } from './memory.ts';
import type { RecycleMark } from './recycle-mark.ts';

const BYTES_PER_MB = 1_048_576;

/** Why a worker should be replaced now; undefined: it should not. Memory that is shared with others is not counted. */
export function wornOut(
  { recycleMb, recycleCalls }: Pick<Settings, 'recycleMb' | 'recycleCalls'>,
  calls: number,
  memory: () => Memory,
): string | undefined {
  if (recycleCalls > 0 && calls >= recycleCalls) return `it has carried ${calls} calls`;
  if (recycleMb === 0) return undefined;
  const { rss, pss } = memory();
  const used = pss ?? rss;
  return used > recycleMb * BYTES_PER_MB
    ? `it has grown to ${Math.round(used / BYTES_PER_MB)} MiB`
    : undefined;
}

export interface RecycleOptions {
  readonly settings: Settings;
  readonly log: Log;
  readonly mark: RecycleMark;
  readonly calls: () => number;
  readonly memory?: () => Memory;
}

/**
 * Replaces a worker that is worn out, at most one of a host at a time: whoever is being replaced, and whoever is not
 * yet ready, holds the host's one place for it. The kernel frees the place when the process ends; from there until its
 * successor is ready, a mark keeps the others from going.
 */
export class Recycle {
  readonly #options: RecycleOptions;
  #starting: Promise<Lock | undefined> | undefined;

  constructor(options: RecycleOptions) {
    this.#options = options;
  }

  /** From the start until `ready`: while a seat is on its way back, no other should go. */
  start(): void {
    this.#starting = this.#place();
  }

  ready(): void {
    this.#options.mark.clear();
    void this.#starting?.then((lock) => lock?.release());
    this.#starting = undefined;
  }

  /** Between two calls: whether this process should end now. Once true, the place is held until it has. */
  async due(): Promise<boolean> {
    const { settings, log, mark, calls, memory = readMemory } = this.#options;
    const why = wornOut(settings, calls(), memory);
    if (why === undefined || mark.isOther()) return false;
    const place = await this.#place();
    if (place === undefined) return false;
    // One that has just gone set its mark before it gave the place back.
    if (mark.isOther()) {
      await place.release();
      return false;
    }
    mark.set();
    log.info('worn out; another process takes the seat over', { why });
    return true;
  }

  async #place(): Promise<Lock | undefined> {
    try {
      return await tryLock(lockName('recycle', this.#options.settings.socketDir));
    } catch (error) {
      this.#options.log.error('whether another worker is being replaced cannot be seen', { error });
      return undefined;
    }
  }
}

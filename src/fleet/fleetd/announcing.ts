import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Announcement } from '../../contract/announcement.ts';
import type { Settings } from '../../contract/settings.ts';
import type { Clock } from '../../kit/clock.ts';
import { entryPath } from '../../kit/entry.ts';
import type { Log } from '../../kit/log.ts';

export interface AnnouncingOptions {
  readonly settings: Pick<Settings, 'busyMost' | 'busyS'>;
  readonly clock: Clock;
  readonly log: Log;
}

export type Announced = 'done' | 'failed' | 'too_many';

/**
 * Tells callers that no seat is free, each by a process of its own that lives as long as the announcement: what plays
 * audio may fail or hang, and must take nothing of fleetd with it.
 */
export class Announcing {
  readonly #options: AnnouncingOptions;
  readonly #running = new Map<ChildProcess, Promise<unknown>>();

  constructor(options: AnnouncingOptions) {
    this.#options = options;
  }

  /** Resolves when nothing of it is left; then the caller has been put out if it went well. */
  async tell(announcement: Announcement): Promise<Announced> {
    const { settings, clock, log } = this.#options;
    if (this.#running.size >= settings.busyMost) return 'too_many';
    const child = spawn(process.execPath, [entryPath('announcer/main')], {
      stdio: ['pipe', 'inherit', 'inherit'],
    });
    const over = once(child, 'exit');
    this.#running.set(child, over);
    const cancel = clock.after(settings.busyS * 1000, () => child.kill('SIGKILL'));
    try {
      // It may end before it has read: its exit says so.
      child.stdin?.on('error', () => undefined).end(JSON.stringify(announcement));
      const [code] = await over;
      return code === 0 ? 'done' : 'failed';
    } catch (error) {
      log.error('the process of an announcement could not be started', { error });
      return 'failed';
    } finally {
      cancel();
      this.#running.delete(child);
    }
  }

  /** Those that speak stop, and hang up. Resolves when they have. */
  async close(): Promise<void> {
    for (const child of this.#running.keys()) child.kill('SIGTERM');
    await Promise.allSettled(this.#running.values());
  }
}

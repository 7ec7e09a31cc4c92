import type { Clock } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';
import { within } from '../kit/within.ts';
import type { Services } from './services.ts';

/** What became of the last request to read agents and secrets again. */
export interface ReloadStatus {
  /** `pending`: it comes after the call, or is under way. `failed`: the old ones are in force, for the reason beside. */
  readonly state: 'pending' | 'done' | 'failed';
  readonly why: string | null;
}

export interface ReloadOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly limitMs: number;
  readonly rereadSecrets: () => void;
}

/** Reads agents and secrets again between two calls. What cannot be used changes nothing, and is said. */
export class Reload {
  readonly #options: ReloadOptions;
  #status: ReloadStatus | null = null;
  #running: Promise<void> | undefined;

  constructor(options: ReloadOptions) {
    this.#options = options;
  }

  get status(): ReloadStatus | null {
    return this.#status;
  }

  /** @param services where it can be done now; undefined: `run` is called when it can */
  ask(services: Services | undefined): void {
    this.#status = { state: 'pending', why: null };
    if (services) void this.run(services);
  }

  /** Does what was asked for, if anything was. Never rejects. */
  async run(services: Services): Promise<void> {
    await this.#running;
    if (this.#status?.state !== 'pending') return;
    this.#running = this.#run(services);
    await this.#running;
    this.#running = undefined;
  }

  async #run(services: Services): Promise<void> {
    const { clock, log, limitMs, rereadSecrets } = this.#options;
    try {
      await within(clock, limitMs, 'reading the agents again', services.reload());
      rereadSecrets();
      this.#status = { state: 'done', why: null };
      log.info('agents and secrets read again', { agents: services.agents() });
    } catch (error) {
      this.#status = { state: 'failed', why: error instanceof Error ? error.message : String(error) };
      log.error('agents or secrets cannot be used; the old ones stay in force', { error });
    }
  }
}

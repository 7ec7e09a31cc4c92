import type { Settings } from '../../contract/settings.ts';
import type { Settled } from '../../journal/record.ts';
import type { Clock } from '../../kit/clock.ts';
import { parseJson } from '../../kit/json.ts';
import type { Log } from '../../kit/log.ts';
import { isAlive } from '../../kit/owner.ts';
import { type SeenDeath, seenDeath, settleHere } from '../settle.ts';
import { type Asked, jsonReply, type Reply } from './http.ts';

export interface SettlingOptions {
  readonly settings: Pick<Settings, 'dataDir'>;
  readonly clock: Clock;
  readonly log: Log;
  /** A record more, with its end reason. */
  readonly count: (reason: string) => void;
}

/** Whoever saw a worker die writes its cause down meanwhile: systemd's stop hook, or the supervisor. */
const CAUSE_MS = 2000;

/** Gives the calls of dead workers their records; one run at a time, because each reads all open journals. */
export class Settling {
  readonly #options: SettlingOptions;
  /** By process, when a worker was first found dead. */
  #deadSince = new Map<string, number>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: SettlingOptions) {
    this.#options = options;
  }

  /** @param death one that somebody saw just now: its record is written at once, with its cause */
  run(death?: SeenDeath): Promise<Settled> {
    const running = this.#last.then(() => this.#run(death));
    this.#last = running.catch(() => undefined);
    return running;
  }

  /** The supervisor of a host tells of a death, and is told which calls have their record now. */
  async reply({ body }: Asked): Promise<Reply> {
    const death = seenDeath.safeParse(parseJson(body.toString()));
    return jsonReply(await this.run(death.data));
  }

  async #run(death: SeenDeath | undefined): Promise<Settled> {
    const { settings, clock, log, count } = this.#options;
    const before = this.#deadSince;
    const deadSince = new Map<string, number>();
    const done = await settleHere(settings.dataDir, clock, death, (owner) => {
      if (isAlive(owner)) return true;
      if (owner.pid === death?.pid) return false;
      const key = `${owner.pid} ${owner.started}`;
      const since = before.get(key) ?? clock.now();
      deadSince.set(key, since);
      return clock.now() - since < CAUSE_MS;
    });
    this.#deadSince = deadSince;
    for (const { callId, reason } of done.settled) {
      count(reason);
      log.warn('record written for a dead worker', { call_id: callId, reason });
    }
    for (const { path, why } of done.failed) log.error('journal could not be settled', { path, why });
    return done;
  }
}

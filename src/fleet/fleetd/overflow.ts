import { type Participant, rings, takesPart } from '../../carriers/livekit/participant.ts';
import {
  deleteRoom,
  listParticipants,
  removeParticipant,
  type ServerAccess,
  serverAccess,
} from '../../carriers/livekit/rooms.ts';
import type { Claim } from '../../contract/claim.ts';
import type { Settings } from '../../contract/settings.ts';
import type { Clock } from '../../kit/clock.ts';
import { newId, realChance } from '../../kit/ids.ts';
import type { Log } from '../../kit/log.ts';
import { type Announced, Announcing } from './announcing.ts';

export interface OverflowOptions {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly log: Log;
  /** One announcement more that came to this. */
  readonly count: (outcome: Announced) => void;
}

/**
 * What becomes of a caller in a LiveKit room for whom there is no seat, as `CXBCORE_DISPATCH_BUSY` has it. This is the
 * only place that says busy. A room with an agent in it that we do not know is never touched: it may be another host's.
 */
export class Overflow {
  readonly #options: OverflowOptions;
  readonly #access: ServerAccess;
  readonly #announcing: Announcing;

  private constructor(options: OverflowOptions, access: ServerAccess) {
    this.#options = options;
    this.#access = access;
    this.#announcing = new Announcing(options);
  }

  /** Undefined when this host has no LiveKit server. */
  static open(options: OverflowOptions): Overflow | undefined {
    const access = serverAccess(options.settings, options.clock);
    return access && new Overflow(options, access);
  }

  /** A caller who rings, and whose time is over. @throws LiveKitError */
  async unanswered(room: string, caller: string): Promise<void> {
    const { dispatchBusy } = this.#options.settings;
    if (dispatchBusy === 'nobody' || !(await this.#isAlone(room, caller))) return;
    const ours = dispatchBusy === 'announce' ? await this.#announce(room, caller) : undefined;
    if (await this.#isAlone(room, caller, ours)) await removeParticipant(this.#access, room, caller);
  }

  /**
   * A caller whose worker died, and with whom no other worker goes on. They have been answered, so that nobody else
   * ends their call; one who rings still is the dispatcher's. @throws LiveKitError
   */
  async abandoned({ room, participants: dead = [], route }: Claim): Promise<void> {
    if (room === undefined) return;
    const isDead = ({ identity }: Participant) => dead.includes(identity);
    const there = await listParticipants(this.#access, room);
    for (const { identity } of there.filter(isDead)) await removeParticipant(this.#access, room, identity);
    const people = there.filter((who) => takesPart(who) && !isDead(who));
    const [caller] = people;
    // Somebody else who is there may be the agent of another call: a room may have the same name again.
    if (!caller || people.length > 1 || rings(caller)) return;
    if (this.#options.settings.dispatchBusy === 'announce') await this.#announce(room, caller.identity);
    // As when the agent hangs up: a room of ours ends with the call, and of another's room only its caller is put out.
    if (route === '/attach') await removeParticipant(this.#access, room, caller.identity);
    else await deleteRoom(this.#access, room);
  }

  /** Resolves when nobody is being spoken to any more. */
  close(): Promise<void> {
    return this.#announcing.close();
  }

  /** @returns under which name it was told, so that a process that was killed does not count as somebody */
  async #announce(room: string, caller: string): Promise<string> {
    const { settings, log, count } = this.#options;
    const identity = newId(`busy-${settings.fleet}`, realChance, 8);
    const outcome = await this.#announcing.tell({ room, caller, identity });
    count(outcome);
    log.info('a caller was told that no seat is free', { room, outcome });
    return identity;
  }

  async #isAlone(room: string, caller: string, ours?: string): Promise<boolean> {
    const people = (await listParticipants(this.#access, room)).filter(takesPart);
    return people.every(({ identity }) => identity === caller || identity === ours);
  }
}

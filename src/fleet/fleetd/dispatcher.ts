import { livekitKeys } from '../../carriers/livekit/keys.ts';
import { rings } from '../../carriers/livekit/participant.ts';
import {
  listParticipants,
  listRooms,
  removeParticipant,
  type ServerAccess,
  serverAccess,
} from '../../carriers/livekit/rooms.ts';
import { readWebhook, type WebhookEvent } from '../../carriers/livekit/webhook.ts';
import type { Claims } from '../../claims/claims.ts';
import type { Settings } from '../../contract/settings.ts';
import { type Clock, sleep } from '../../kit/clock.ts';
import type { Log } from '../../kit/log.ts';
import { type Asked, errorReply, jsonReply, type Reply } from './http.ts';
import type { Overflow } from './overflow.ts';

export interface DispatcherOptions {
  readonly settings: Settings;
  readonly claims: Claims;
  readonly clock: Clock;
  readonly log: Log;
  readonly count: (outcome: string) => void;
  readonly overflow: Overflow | undefined;
}

type Caller = NonNullable<WebhookEvent['participant']>;

/** Between two tries to find a seat for a caller who rings. */
const AGAIN_MS = 250;
/** How long one try may take; a worker joins the room before it answers. */
const TRY_MS = 12_000;
/** Events whose repetitions are known; a server repeats one for 15 s. */
const KEPT_EVENTS = 1000;

/**
 * Takes what LiveKit tells about its rooms, and starts a call for each caller who rings: at the address of starts, again
 * and again while no seat is free, until the deadline, or until the caller gives up.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #access: ServerAccess;
  readonly #seen = new Set<string>();
  /** By room and identity. */
  readonly #ringing = new Map<string, AbortController>();

  private constructor(options: DispatcherOptions, access: ServerAccess) {
    this.#options = options;
    this.#access = access;
  }

  /** Undefined when this host has no LiveKit server. */
  static open(options: DispatcherOptions): Dispatcher | undefined {
    const access = serverAccess(options.settings, options.clock);
    return access && new Dispatcher(options, access);
  }

  /** Answered at once: the server holds back the room's other events until then. */
  webhook({ body, headers }: Asked): Reply {
    const { settings, clock, log } = this.#options;
    const read = readWebhook(body, headers.authorization, livekitKeys(settings), clock.wall());
    if (!read.ok) {
      log.warn('a webhook of LiveKit was refused', { why: read.why });
      return errorReply(read.code, `The webhook was not accepted: ${read.why}.`);
    }
    const { event } = read;
    if (!this.#isNew(event.id)) return jsonReply({ status: 'repeated' });
    const { participant } = event;
    if (event.event === 'participant_joined' && participant && canBeDispatched(participant)) {
      this.#dispatch(event.room, participant, event.createdAtMs);
    }
    if (event.event === 'participant_left' && participant) this.#left(event.room, participant.identity);
    return jsonReply({ status: 'taken' });
  }

  /** Callers who began to ring while nobody listened here. */
  async catchUp(): Promise<void> {
    const { log } = this.#options;
    try {
      for (const room of await listRooms(this.#access)) {
        const all = await listParticipants(this.#access, room);
        const caller = all.find(canBeDispatched);
        if (caller && all.length === 1) this.#dispatch(room, caller, undefined);
      }
    } catch (error) {
      log.warn('the rooms could not be looked at for callers who ring', { error });
    }
  }

  close(): void {
    for (const controller of this.#ringing.values()) controller.abort();
  }

  #isNew(id: string): boolean {
    if (this.#seen.has(id)) return false;
    this.#seen.add(id);
    const [oldest] = this.#seen;
    if (this.#seen.size > KEPT_EVENTS && oldest !== undefined) this.#seen.delete(oldest);
    return true;
  }

  #left(room: string, identity: string): void {
    this.#ringing.get(keyOf(room, identity))?.abort();
  }

  #dispatch(room: string, caller: Caller, sinceMs: number | undefined): void {
    const { clock, log, count } = this.#options;
    const key = keyOf(room, caller.identity);
    if (this.#ringing.has(key)) return;
    const controller = new AbortController();
    this.#ringing.set(key, controller);
    const receivedAt = Math.min(sinceMs ?? clock.wall(), clock.wall());
    void this.#untilAnswered(room, caller, receivedAt, controller.signal)
      .catch((error: unknown) => {
        if (controller.signal.aborted) return 'left';
        log.error('a caller could not be dispatched', { room, error });
        return 'failed';
      })
      .then((outcome) => {
        this.#ringing.delete(key);
        count(outcome);
        log.info('a caller was dispatched', { room, outcome });
      });
  }

  async #untilAnswered(
    room: string,
    caller: Caller,
    receivedAt: number,
    signal: AbortSignal,
  ): Promise<string> {
    const { clock, settings, overflow } = this.#options;
    const deadlineMs = settings.dispatchS * 1000;
    const body = JSON.stringify(dispatchBody(room, caller, receivedAt, deadlineMs));
    while (clock.wall() < receivedAt + deadlineMs) {
      const status = await this.#tryOnce(body, signal);
      if (status === 202 || status === 200) return 'answered';
      if (status === 409 && !(await this.#freedOfTheDead(room))) return 'taken';
      if (status >= 400 && status < 500 && status !== 409 && status !== 429) return `refused_${status}`;
      await sleep(clock, AGAIN_MS, signal);
    }
    await overflow?.unanswered(room, caller.identity);
    return 'no_seat';
  }

  /** The status of one try; 0 when there was none. */
  async #tryOnce(body: string, signal: AbortSignal): Promise<number> {
    const { clock, settings } = this.#options;
    const [key] = settings.apiKeys;
    const limit = new AbortController();
    const cancel = clock.after(TRY_MS, () => limit.abort());
    try {
      const answer = await fetch(`${startUrl(settings)}/livekit/dispatch`, {
        method: 'POST',
        body,
        headers: {
          'Content-Type': 'application/json',
          ...(key !== undefined && { Authorization: `Bearer ${key}` }),
        },
        signal: AbortSignal.any([signal, limit.signal]),
      });
      await answer.arrayBuffer();
      return answer.status;
    } catch {
      signal.throwIfAborted();
      return 0; // lost on the way: the same id again finds out whether it had arrived
    } finally {
      cancel();
    }
  }

  /**
   * Whether whoever holds the room is an agent of a worker of this host that died: it is put out, and the caller can be
   * dispatched again. Nobody else is ever touched: an agent that we do not know may be another host's.
   */
  async #freedOfTheDead(room: string): Promise<boolean> {
    const { claims } = this.#options;
    const dead = claims
      .all()
      .filter(({ claim, standing }) => standing === 'dead' && claim.room === room)
      .flatMap(({ claim }) => claim.participants ?? []);
    const there = (await listParticipants(this.#access, room)).filter(
      ({ identity, kind }) => kind !== 'sip' && dead.includes(identity),
    );
    for (const { identity } of there) await removeParticipant(this.#access, room, identity);
    return there.length > 0;
  }
}

function keyOf(room: string, identity: string): string {
  return `${room}\n${identity}`;
}

function canBeDispatched(caller: Caller): boolean {
  return rings(caller) && caller.attributes['sip.callID'] !== undefined;
}

function startUrl(settings: Settings): string {
  return settings.startUrl ?? `http://127.0.0.1:${settings.httpPort}`;
}

function dispatchBody(room: string, caller: Caller, receivedAt: number, deadlineMs: number): object {
  const { attributes, identity } = caller;
  const named = (member: string, attribute: string) => {
    const value = attributes[attribute];
    return value === undefined || value === '' ? {} : { [member]: value.slice(0, 128) };
  };
  return {
    room,
    participant_identity: identity,
    sip_call_id: attributes['sip.callID'],
    received_at: receivedAt,
    deadline_ms: deadlineMs,
    ...named('from', 'sip.phoneNumber'),
    ...named('to', 'sip.trunkPhoneNumber'),
    ...named('trunk_id', 'sip.trunkID'),
    ...named('rule_id', 'sip.ruleID'),
  };
}

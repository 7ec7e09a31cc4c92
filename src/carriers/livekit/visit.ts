import type { EndReason } from '../../contract/end-reasons.ts';
import { newId, realChance } from '../../kit/ids.ts';
import type { Json } from '../../kit/json.ts';
import { within } from '../../kit/within.ts';
import type { Line, LineFacts } from '../../ports/line.ts';
import { NoCaller, type Prepared, type RequestContext } from '../../ports/requested.ts';
import { LiveKitLine } from './line.ts';
import type { Rtc } from './load.ts';
import type { Participant } from './participant.ts';
import { Playout } from './playout.ts';
import { JoinedRoom, redacted } from './room.ts';
import { deleteRoom, listParticipants, removeParticipant, type ServerAccess } from './rooms.ts';
import { transferSipParticipant } from './sip.ts';
import { joinToken, type RoomConfig } from './tokens.ts';
import { WaitedInVain } from './wait.ts';

/** Same both ways. The client converts to and from 48 kHz anyway, so that others cost as much; voices have no more. */
const RATE = 24_000;
/** How far audio is handed over ahead of its playing; the queue behind it holds three times as much. */
const SEND_AHEAD_MS = 1000;
/** A join token has to last as long as a call may: the client uses it to come back after a lost connection. */
const TOKEN_S = 6 * 3600;
/** How long the server may take to accept our audio; it needs some tens of milliseconds. */
const PUBLISH_MS = 3000;

export interface Here {
  readonly rtc: Rtc;
  readonly access: ServerAccess;
  /** `LIVEKIT_URL`. */
  readonly url: string;
}

/** What one kind of start does in a room. */
export interface Plan {
  readonly room: string;
  /** Our own name in it, different in every try: a second one of the same name would throw out the first. */
  readonly identity: string;
  /** The room is there for this call alone: it is deleted with it. */
  readonly ours: boolean;
  readonly roomConfig?: RoomConfig;
  /** Another server, or a token we were given. */
  readonly url?: string;
  readonly token?: string;
  readonly answer: Readonly<Record<string, Json>>;
  readonly limitMs: number;
  /** After our audio is in the room: waits for the caller. @throws NoCaller, WaitedInVain */
  find(room: JoinedRoom, signal: AbortSignal): Promise<Participant>;
  /** What waiting in vain means for the call. */
  vain(error: WaitedInVain): NoCaller;
}

export function ownIdentity({ settings, worker }: RequestContext): string {
  return newId(`agent-${settings.fleet}-${worker}`, realChance, 8);
}

/** One start in one room, from the join to the line. */
export class Visit implements Prepared {
  readonly answer: Readonly<Record<string, Json>>;
  readonly limitMs: number;
  readonly #here: Here;
  readonly #plan: Plan;
  readonly #context: RequestContext;
  #room: JoinedRoom | undefined;
  #playout: Playout | undefined;
  #gone: () => void = () => undefined;

  constructor(here: Here, plan: Plan, context: RequestContext) {
    this.#here = here;
    this.#plan = plan;
    this.#context = context;
    this.answer = plan.answer;
    this.limitMs = plan.limitMs + context.settings.livekitJoinMs + PUBLISH_MS;
    context.claim({ room: plan.room, participants: [plan.identity] });
  }

  /** @throws JoinFailed */
  async join(): Promise<JoinedRoom> {
    const { rtc, access, url } = this.#here;
    const { room, identity, roomConfig, ...plan } = this.#plan;
    const { clock, log, settings } = this.#context;
    const token =
      plan.token ??
      joinToken(
        access.key,
        {
          room,
          identity,
          role: 'agent',
          ttlS: TOKEN_S,
          attributes: {
            'cxb.call_id': this.#context.known.callId,
            'cxb.agent': this.#context.known.agent ?? '',
          },
          ...(roomConfig && { roomConfig }),
        },
        clock.wall(),
      );
    const joined = await JoinedRoom.join(rtc, {
      url: plan.url ?? url,
      token,
      limitMs: settings.livekitJoinMs,
      clock,
      log,
    });
    joined.listen((news) => {
      if (news.kind === 'gone') this.#gone();
    });
    this.#room = joined;
    return joined;
  }

  async board(signal: AbortSignal): Promise<Line> {
    const { clock, event } = this.#context;
    try {
      const room = this.#room ?? (await this.join());
      if (signal.aborted) throw new WaitedInVain('stopped', 'the call was to end');
      const playout = new Playout(this.#here.rtc, RATE, clock, this.#context.log);
      this.#playout = playout;
      await within(clock, PUBLISH_MS, 'publishing our audio', room.publish(playout.track));
      event('published', { room: this.#plan.room });
      const caller = await this.#plan.find(room, signal);
      event('connected', { identity: caller.identity, kind: caller.kind });
      return this.#line(room, playout, caller);
    } catch (error) {
      const failed = this.#failed(error);
      await this.#letGo(this.#plan.ours);
      throw failed;
    }
  }

  async undo(): Promise<void> {
    const room = this.#room;
    const alone = room?.people().length === 0;
    await this.#letGo(alone && this.#plan.ours);
  }

  onGone(listener: () => void): void {
    this.#gone = listener;
    if (this.#room?.gone !== undefined) listener();
  }

  async release(): Promise<void> {
    await this.#letGo(false);
  }

  /** Ends every leg there is because of us, and leaves. */
  async #letGo(deleting: boolean): Promise<void> {
    const room = this.#room;
    const playout = this.#playout;
    this.#room = undefined;
    this.#playout = undefined;
    await room?.leave();
    await playout?.close();
    if (deleting) await this.#quietly(deleteRoom(this.#here.access, this.#plan.room));
  }

  async #quietly(work: Promise<unknown>): Promise<void> {
    await work.catch((error: unknown) =>
      this.#context.log.warn('a room could not be cleared', {
        error: redacted(error instanceof Error ? error.message : String(error)),
      }),
    );
  }

  #failed(error: unknown): NoCaller {
    if (error instanceof NoCaller) return error;
    if (error instanceof WaitedInVain) return this.#plan.vain(error);
    const message = redacted(error instanceof Error ? error.message : String(error));
    return new NoCaller('line.join_failed', message, { outcome: 'join_failed', why: message });
  }

  #line(room: JoinedRoom, playout: Playout, caller: Participant): Line {
    const { access, rtc } = this.#here;
    const { clock, log } = this.#context;
    const { room: name, ours } = this.#plan;
    const foreign = this.#plan.url !== undefined && this.#plan.url !== this.#here.url;
    const facts = lineFacts(this.#context, caller, foreign);
    // A room of ours ends with the call. In a room of others only the caller is hung up.
    const hangUp = async () => {
      if (foreign) return;
      if (!ours) return removeParticipant(access, name, caller.identity);
      // Whoever else we were connected to is hung up with it; nobody is left in it to ring or to wait.
      await deleteRoom(access, name);
    };
    return new LiveKitLine({
      rtc,
      room,
      caller: caller.identity,
      facts,
      playout,
      clock,
      log,
      hangUp,
      refer: (to) => transferSipParticipant(access, name, caller.identity, to),
    });
  }
}

function lineFacts({ known }: RequestContext, caller: Participant, foreign: boolean): LineFacts {
  const { attributes, kind } = caller;
  const from = known.from ?? attributes['sip.phoneNumber'];
  const to = known.to ?? attributes['sip.trunkPhoneNumber'];
  const carrierCallId = attributes['sip.callID'];
  return {
    carrier: 'livekit',
    callId: known.callId,
    ...(carrierCallId !== undefined && { carrierCallId }),
    ...(known.agent !== undefined && { agent: known.agent }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    direction: known.direction,
    vars: known.vars,
    rate: RATE,
    omitsSilence: false,
    sendAheadMaxMs: SEND_AHEAD_MS,
    outlivesWorker: true,
    can: {
      pause: false,
      marks: true,
      dtmfOut: true,
      transfer: kind === 'sip' && !foreign ? 'cold' : 'none',
    },
  };
}

/** What waiting in vain means where there is nothing special to it. */
export function vainly(
  error: WaitedInVain,
  late: { readonly reason: EndReason; readonly outcome: string },
): NoCaller {
  switch (error.kind) {
    case 'late':
      return new NoCaller(late.reason, error.message, { outcome: late.outcome });
    case 'left':
      return new NoCaller('caller.hung_up', error.message, { outcome: 'caller_left', left: error.reason });
    case 'gone':
      return new NoCaller('line.lost', error.message, { outcome: 'room_lost', why: error.reason });
    case 'stopped':
      return new NoCaller('operator.stopped', error.message, { outcome: 'stopped' });
  }
}

/** Empty when the room is not there, or the server does not say. */
export async function whoIsIn(access: ServerAccess, room: string): Promise<readonly Participant[]> {
  return listParticipants(access, room).catch(() => []);
}

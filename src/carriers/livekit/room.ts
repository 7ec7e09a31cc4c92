import type { LocalAudioTrack, RemoteParticipant, RemoteTrack, Room } from '@livekit/rtc-node';
import type { Clock } from '../../kit/clock.ts';
import type { Log } from '../../kit/log.ts';
import { within } from '../../kit/within.ts';
import type { Rtc } from './load.ts';
import { kindOf, type Participant } from './participant.ts';

/** What happens in a room, as far as a call cares. */
export type RoomNews =
  | { readonly kind: 'joined' | 'changed'; readonly who: Participant }
  | { readonly kind: 'left'; readonly who: Participant; readonly reason: string }
  | { readonly kind: 'track'; readonly identity: string; readonly track: RemoteTrack }
  | { readonly kind: 'no-track'; readonly identity: string }
  | { readonly kind: 'dtmf'; readonly identity: string; readonly digit: string }
  | { readonly kind: 'reconnecting' | 'reconnected' }
  /** Nothing comes after it. */
  | { readonly kind: 'gone'; readonly reason: string };

/** Why a room could not be joined. The server does not say `full` in so many words: it has to be looked up who is there. */
export class JoinFailed extends Error {
  readonly kind: 'no-room' | 'maybe-full' | 'refused' | 'late' | 'unreachable';

  constructor(kind: JoinFailed['kind'], detail: string) {
    super(`the room could not be joined: ${detail}`);
    this.name = 'JoinFailed';
    this.kind = kind;
  }
}

export interface JoinOptions {
  readonly url: string;
  readonly token: string;
  readonly limitMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** How long the server may take to say goodbye; it notices a lost connection by itself. */
const LEAVE_MS = 500;

/** A room we are in. Owns the connection; in: `leave`, `publish`; out: `RoomNews`. Leaves once. */
export class JoinedRoom {
  readonly #rtc: Rtc;
  readonly #room: Room;
  readonly #clock: Clock;
  readonly #listeners = new Set<(news: RoomNews) => void>();
  readonly #tracks = new Map<string, RemoteTrack>();
  #gone: string | undefined;
  #left: Promise<void> | undefined;

  /** @throws JoinFailed; a join that succeeds after its limit is undone */
  static async join(rtc: Rtc, options: JoinOptions): Promise<JoinedRoom> {
    const room = new rtc.Room();
    const joined = new JoinedRoom(rtc, room, options.clock);
    const connecting = room.connect(options.url, options.token, { autoSubscribe: true, dynacast: false });
    try {
      await within(options.clock, options.limitMs, 'joining', connecting);
    } catch (error) {
      // Joining cannot be called off; what comes of it later is undone.
      connecting.then(
        () => {
          options.log.warn('a join succeeded after its limit and was undone', { limitMs: options.limitMs });
          return joined.leave();
        },
        () => undefined,
      );
      throw joinFailed(error);
    }
    return joined;
  }

  private constructor(rtc: Rtc, room: Room, clock: Clock) {
    this.#rtc = rtc;
    this.#room = room;
    this.#clock = clock;
    const { RoomEvent } = rtc;
    room.on(RoomEvent.ParticipantConnected, (who) => this.#tell({ kind: 'joined', who: seen(who) }));
    room.on(RoomEvent.ParticipantDisconnected, (who) => {
      const reason = this.#reason(who.disconnectReason);
      this.#tracks.delete(who.identity);
      this.#tell({ kind: 'left', who: seen(who), reason });
    });
    room.on(RoomEvent.ParticipantAttributesChanged, (_changed, who) => {
      const other = room.remoteParticipants.get(who.identity);
      if (other) this.#tell({ kind: 'changed', who: seen(other) });
    });
    room.on(RoomEvent.TrackSubscribed, (track, _publication, who) => {
      if (track.kind !== rtc.TrackKind.KIND_AUDIO) return;
      this.#tracks.set(who.identity, track);
      this.#tell({ kind: 'track', identity: who.identity, track });
    });
    room.on(RoomEvent.TrackUnsubscribed, (track, _publication, who) => {
      if (this.#tracks.get(who.identity) !== track) return;
      this.#tracks.delete(who.identity);
      this.#tell({ kind: 'no-track', identity: who.identity });
    });
    room.on(RoomEvent.DtmfReceived, (_code, digit, who) =>
      this.#tell({ kind: 'dtmf', identity: who?.identity ?? '', digit }),
    );
    room.on(RoomEvent.Reconnecting, () => this.#tell({ kind: 'reconnecting' }));
    room.on(RoomEvent.Reconnected, () => this.#tell({ kind: 'reconnected' }));
    room.on(RoomEvent.Disconnected, (reason) => this.#over(this.#reason(reason)));
  }

  /** Why we are not in it any more, such as `ROOM_DELETED`; undefined while we are. */
  get gone(): string | undefined {
    return this.#gone;
  }

  /** Everybody else. */
  people(): Participant[] {
    return [...this.#room.remoteParticipants.values()].map(seen);
  }

  audioOf(identity: string): RemoteTrack | undefined {
    return this.#tracks.get(identity);
  }

  /** Returns a function that stops the telling. */
  listen(listener: (news: RoomNews) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** From here on the others hear us; an incoming telephone call is answered by it. */
  async publish(track: LocalAudioTrack): Promise<void> {
    const options = new this.#rtc.TrackPublishOptions();
    options.source = this.#rtc.TrackSource.SOURCE_MICROPHONE;
    // A telephone bridge counts packets to know that the line lives, so silence is sent too.
    options.dtx = false;
    const { localParticipant } = this.#room;
    if (!localParticipant || this.#gone !== undefined) throw new Error('we are not in the room');
    await localParticipant.publishTrack(track, options);
  }

  async sendDtmf(code: number, digit: string): Promise<void> {
    await this.#room.localParticipant?.publishDtmf(code, digit);
  }

  /** Resolves when the others know, or soon after. */
  leave(): Promise<void> {
    this.#left ??= this.#leave();
    return this.#left;
  }

  async #leave(): Promise<void> {
    this.#listeners.clear();
    const putOut = this.#gone !== undefined;
    this.#gone ??= 'CLIENT_INITIATED';
    if (putOut) forget(this.#room);
    else await within(this.#clock, LEAVE_MS, 'leaving', this.#room.disconnect()).catch(() => undefined);
    this.#tracks.clear();
  }

  #over(reason: string): void {
    if (this.#gone !== undefined) return;
    this.#gone = reason;
    this.#tell({ kind: 'gone', reason });
  }

  #tell(news: RoomNews): void {
    // Whoever stops listening while being told is taken out of the set safely; a set allows that.
    for (const listener of this.#listeners) listener(news);
  }

  #reason(reason: number | undefined): string {
    return this.#rtc.DisconnectReason[reason ?? 0] ?? 'UNKNOWN_REASON';
  }
}

/** What the client keeps inside of a room, beyond its public face. */
interface Inside {
  readonly ffiHandle?: { dispose(): void };
  readonly onFfiEvent?: (event: unknown) => void;
}

/**
 * Lets go of a room that the server put us out of. The client itself only does so when we leave; otherwise a listener
 * for every event and the connection's handle stay for ever. One thread of our audio source still does (client 1.1.0),
 * which is why a room is left before it is deleted wherever we are the ones who end it.
 */
function forget(room: Room): void {
  const { ffiHandle, onFfiEvent } = room as unknown as Inside;
  const { _ffiClientInstance: client } = globalThis as unknown as {
    readonly _ffiClientInstance?: { off(event: 'ffi_event', listener: (event: unknown) => void): void };
  };
  if (onFfiEvent) client?.off('ffi_event', onFfiEvent);
  room.removeAllListeners();
  ffiHandle?.dispose();
}

function seen(who: RemoteParticipant): Participant {
  return {
    sid: who.sid ?? '',
    identity: who.identity,
    kind: kindOf(who.kind),
    attributes: { ...who.attributes },
    disconnectReason: undefined,
  };
}

function joinFailed(error: unknown): JoinFailed {
  const text = redacted(error instanceof Error ? error.message : String(error));
  if (error instanceof Error && error.name === 'TooLate') return new JoinFailed('late', text);
  if (/\b404\b/.test(text)) return new JoinFailed('no-room', text);
  if (/handshake error: 500/.test(text)) return new JoinFailed('maybe-full', text);
  if (/\b40[0-9]\b/.test(text)) return new JoinFailed('refused', text);
  return new JoinFailed('unreachable', text);
}

/** The client's errors quote addresses with the whole token in them, which must not reach a log. */
export function redacted(text: string): string {
  return text
    .replace(/eyJ[\w-]+(\.[\w-]*){0,2}/g, '<token>')
    .replace(/(access_token|token)=[^&\s"']+/gi, '$1=<token>');
}

import './quiet.ts';
import {
  AudioFrame,
  AudioSource,
  AudioStream,
  DisconnectReason,
  LocalAudioTrack,
  type RemoteParticipant,
  type RemoteTrack,
  Room,
  RoomEvent,
  TrackPublishOptions,
  TrackSource,
} from '@livekit/rtc-node';
import { AccessToken, RoomConfiguration } from 'livekit-server-sdk';
import { KEY } from './server.ts';

export interface PartyOptions {
  readonly room: string;
  readonly identity: string;
  readonly kind?: 'sip' | 'standard';
  readonly attributes?: Readonly<Record<string, string>>;
  /** As a dispatch rule would set it, when this party makes the room. */
  readonly maxParticipants?: number;
  readonly rate?: number;
}

/** The other party of a call, played by LiveKit's own client: a telephone leg when its kind is sip. */
export class Party {
  readonly room = new Room();
  readonly identity: string;
  readonly rate: number;
  /** Everything heard of the agent. */
  heard: Int16Array[] = [];
  /** When each frame of the agent's audio that was not silence came. */
  readonly loudAt: number[] = [];
  /** When each agent was first heard, by its identity: one that goes on with a call has a name of its own. */
  readonly firstLoudOf = new Map<string, number>();
  readonly digits: string[] = [];
  readonly #source: AudioSource;
  readonly #track: LocalAudioTrack;
  #gone: (reason: string) => void = () => undefined;
  readonly gone: Promise<string>;

  constructor(options: PartyOptions) {
    this.identity = options.identity;
    this.rate = options.rate ?? 16_000;
    this.#source = new AudioSource(this.rate, 1, 20_000);
    this.#track = LocalAudioTrack.createAudioTrack('caller', this.#source);
    this.gone = new Promise((resolve) => {
      this.#gone = resolve;
    });
    this.room.on(RoomEvent.Disconnected, (reason) => this.#gone(DisconnectReason[reason] ?? ''));
    this.room.on(RoomEvent.DtmfReceived, (_code, digit) => this.digits.push(digit));
    this.room.on(
      RoomEvent.TrackSubscribed,
      (track, _publication, who) => void this.#hear(track, who.identity),
    );
  }

  /** Joins, publishes, and with `sip` rings until `answerWhenHeard`. */
  static async join(url: string, options: PartyOptions): Promise<Party> {
    const party = new Party(options);
    const token = new AccessToken(KEY.key, KEY.secret, {
      identity: options.identity,
      ttl: 300,
      attributes: { ...options.attributes },
    });
    if (options.kind === 'sip') token.kind = 'sip';
    token.addGrant({
      roomJoin: true,
      room: options.room,
      canPublish: true,
      canSubscribe: true,
      canPublishData: true,
      canUpdateOwnMetadata: true,
    });
    if (options.maxParticipants !== undefined)
      token.roomConfig = new RoomConfiguration({
        maxParticipants: options.maxParticipants,
        departureTimeout: 5,
      });
    await party.enter(url, await token.toJwt());
    return party;
  }

  async enter(url: string, token: string): Promise<void> {
    await this.room.connect(url, token, { autoSubscribe: true, dynacast: false });
    const options = new TrackPublishOptions();
    options.source = TrackSource.SOURCE_MICROPHONE;
    await this.room.localParticipant?.publishTrack(this.#track, options);
  }

  /** Plays telephone: connected as soon as it is subscribed to the agent's audio. */
  answerWhenHeard(): void {
    // The room may be deleted while it is said.
    const answer = () => void this.setStatus('active').catch(() => undefined);
    if (
      [...this.room.remoteParticipants.values()].some((who) =>
        [...who.trackPublications.values()].some((p) => p.subscribed),
      )
    )
      answer();
    else this.room.once(RoomEvent.TrackSubscribed, answer);
  }

  async setStatus(status: string): Promise<void> {
    const old = this.room.localParticipant?.attributes ?? {};
    await this.room.localParticipant?.setAttributes({ ...old, 'sip.callStatus': status });
  }

  /** Says it, in order; resolves when it is queued. */
  async say(samples: Int16Array): Promise<void> {
    const step = this.rate / 10;
    for (let at = 0; at < samples.length; at += step) {
      const part = samples.slice(at, at + step);
      await this.#source.captureFrame(new AudioFrame(part, this.rate, 1, part.length));
    }
  }

  said(): Promise<void> {
    return this.#source.waitForPlayout();
  }

  async press(digit: string): Promise<void> {
    await this.room.localParticipant?.publishDtmf('0123456789*#'.indexOf(digit), digit);
  }

  agent(): RemoteParticipant | undefined {
    return [...this.room.remoteParticipants.values()].find(({ identity }) => identity.startsWith('agent-'));
  }

  async leave(): Promise<void> {
    await this.room.disconnect();
    await this.#track.close();
  }

  async #hear(track: RemoteTrack, identity: string): Promise<void> {
    const stream = this.#streamOf(track);
    if (!stream) return;
    const reader = stream.getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      const { data } = next.value;
      this.heard.push(data);
      if (!data.some((sample) => Math.abs(sample) > 1000)) continue;
      const now = performance.now();
      this.loudAt.push(now);
      if (!this.firstLoudOf.has(identity)) this.firstLoudOf.set(identity, now);
    }
  }

  /** The client throws for a track that has ended already, or whose room is being left; nobody hears that one. */
  #streamOf(track: RemoteTrack): AudioStream | undefined {
    try {
      return new AudioStream(track, { sampleRate: this.rate, numChannels: 1, frameSizeMs: 20 });
    } catch {
      return undefined;
    }
  }
}

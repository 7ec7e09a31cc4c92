import { decodeMulaw, encodeMulaw } from '../audio/g711.ts';
import type { Clock } from '../kit/clock.ts';
import { type Chance, realChance } from '../kit/ids.ts';
import { type Json, parseJson } from '../kit/json.ts';
import type { FarEnd, FarEndEnd, FarNews, Wire, WireListener } from './far-end.ts';
import { Loudspeaker } from './loudspeaker.ts';
import { Mouth } from './mouth.ts';
import { Network, type NetworkOptions } from './network.ts';
import { startTicker } from './ticker.ts';

export interface TwilioOptions extends NetworkOptions {
  readonly clock: Clock;
  readonly chance?: Chance;
  /** What TwiML's `<Parameter>`s carry; values arrive as text. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Media messages are left out while the caller is silent, as Twilio sometimes does. */
  readonly omitSilence?: boolean;
}

const RATE = 8000;
const FRAME_MS = 20;
const FRAME = (RATE * FRAME_MS) / 1000;

/**
 * The carrier's side of Twilio Media Streams, bidirectional, written from the description of the protocol.
 *
 * It owns the call's time axis (origin: the start message), numbers its messages, sends 20 ms of mu-law every 20 ms,
 * plays what comes through a loudspeaker with a buffer, echoes marks when their audio has been played and all of them
 * when it is told to clear. What the other side sends against the protocol is noted as a fault and has no effect.
 */
export class TwilioCarrier implements FarEnd, WireListener {
  readonly protocol = 'twilio';
  readonly callId: string;
  readonly mouth = new Mouth(RATE);
  readonly loudspeaker: Loudspeaker;
  readonly ended: Promise<FarEndEnd>;
  readonly faults: string[] = [];
  readonly #wire: Wire;
  readonly #clock: Clock;
  readonly #originMs: number;
  readonly #streamSid: string;
  readonly #accountSid: string;
  readonly #out: Network;
  readonly #in: Network;
  readonly #omitSilence: boolean;
  readonly #stopTicker: () => void;
  readonly #listeners: ((news: FarNews) => void)[] = [];
  #sequence = 0;
  #chunk = 0;
  #state: 'open' | 'hung-up' | 'vanished' | 'ended' = 'open';
  #settle: (end: FarEndEnd) => void = () => undefined;

  /** The connection is open: sends `connected` and `start`, and begins to send audio. */
  constructor(wire: Wire, options: TwilioOptions) {
    const chance = options.chance ?? realChance;
    this.#wire = wire;
    this.#clock = options.clock;
    this.#originMs = options.clock.now();
    this.#omitSilence = options.omitSilence ?? false;
    this.#out = new Network(options.clock, options, 'out');
    this.#in = new Network(options.clock, options, 'in');
    this.#streamSid = sid('MZ', chance);
    this.#accountSid = sid('AC', chance);
    this.callId = sid('CA', chance);
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.loudspeaker = new Loudspeaker({
      clock: options.clock,
      rate: RATE,
      originMs: this.#originMs,
      onMark: (name) => this.#send('mark', { mark: { name } }),
    });
    this.#transmit({ event: 'connected', protocol: 'Call', version: '1.0.0' });
    this.#send('start', {
      start: {
        streamSid: this.#streamSid,
        accountSid: this.#accountSid,
        callSid: this.callId,
        tracks: ['inbound'],
        mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: RATE, channels: 1 },
        customParameters: { ...options.parameters },
      },
    });
    this.#stopTicker = startTicker(options.clock, FRAME_MS, (count) => this.#frame(count));
  }

  nowMs(): number {
    return this.#clock.now() - this.#originMs;
  }

  onNews(listener: (news: FarNews) => void): void {
    this.#listeners.push(listener); // Twilio's protocol says nothing about words, so nothing is ever told
  }

  key(digit: string): void {
    this.#send('dtmf', { dtmf: { track: 'inbound_track', digit } });
  }

  hangUp(): void {
    if (this.#state !== 'open') return;
    this.#send('stop', { stop: { accountSid: this.#accountSid, callSid: this.callId } });
    this.#state = 'hung-up';
    this.#stopTicker();
    this.#out.pass(() => this.#wire.close(1000));
    this.#end({ by: 'caller', closeCode: 1000 });
  }

  vanish(): void {
    if (this.#state !== 'open') return;
    this.#state = 'vanished';
    this.#stopTicker();
    this.#wire.pause();
    this.#end({ by: 'caller', closeCode: 1006 });
  }

  release(): void {
    this.#stopTicker();
    this.loudspeaker.close();
    this.#wire.terminate();
  }

  message(data: string | Uint8Array): void {
    this.#in.pass(() => {
      if (this.#state !== 'open') return;
      if (typeof data === 'string') this.#receive(parseJson(data));
      else this.#fault('a binary message: the protocol is text only (Twilio error 31950)');
    });
  }

  closed(code: number): void {
    this.#in.pass(() => {
      if (this.#state === 'open') this.#end({ by: 'agent', closeCode: code });
    });
  }

  #receive(message: Json | undefined): void {
    const body = record(message);
    const event = body?.['event'];
    if (!body || typeof event !== 'string')
      return this.#fault('a message without an event (Twilio error 31924)');
    if (body['streamSid'] !== this.#streamSid) return this.#fault(`${event} without this stream's streamSid`);
    if (event === 'media') {
      const payload = record(body['media'])?.['payload'];
      if (typeof payload !== 'string') return this.#fault('media without a payload');
      this.loudspeaker.audio(decodeMulaw(Buffer.from(payload, 'base64')));
    } else if (event === 'mark') {
      const name = record(body['mark'])?.['name'];
      if (typeof name !== 'string' || name === '') return this.#fault('a mark without a name');
      this.loudspeaker.mark(name);
    } else if (event === 'clear') this.loudspeaker.clear();
    else this.#fault(`the unknown event ${JSON.stringify(event)} (Twilio error 31924)`);
  }

  #fault(what: string): void {
    if (this.faults.length < 100) this.faults.push(what);
  }

  #frame(count: number): void {
    const quiet = this.mouth.isQuiet(FRAME);
    const samples = this.mouth.take(FRAME);
    if (quiet && this.#omitSilence) return;
    this.#send('media', {
      media: {
        track: 'inbound',
        chunk: String(++this.#chunk),
        timestamp: String(count * FRAME_MS),
        payload: Buffer.from(encodeMulaw(samples)).toString('base64'),
      },
    });
  }

  #send(event: string, body: Readonly<Record<string, Json>>): void {
    if (this.#state !== 'open') return;
    this.#transmit({ event, sequenceNumber: String(++this.#sequence), streamSid: this.#streamSid, ...body });
  }

  #transmit(message: Json): void {
    const text = JSON.stringify(message);
    this.#out.pass(() => {
      if (this.#state !== 'vanished' && this.#state !== 'ended') this.#wire.send(text);
    });
  }

  #end(how: { by: FarEndEnd['by']; closeCode: number }): void {
    const atMs = this.nowMs();
    this.#stopTicker();
    this.loudspeaker.close();
    if (how.by === 'agent') this.#state = 'ended';
    this.#settle({ ...how, atMs });
  }
}

function sid(prefix: string, chance: Chance): string {
  return prefix + Buffer.from(chance.bytes(16)).toString('hex');
}

function record(value: Json | undefined): Readonly<Record<string, Json>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, Json>>)
    : undefined;
}

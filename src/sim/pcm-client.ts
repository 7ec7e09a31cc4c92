import { bytesFromSamples, PcmReader } from '../audio/pcm.ts';
import type { Clock } from '../kit/clock.ts';
import { type Json, parseJson } from '../kit/json.ts';
import type { FarEnd, FarEndEnd, FarNews, Wire, WireListener } from './far-end.ts';
import { Loudspeaker } from './loudspeaker.ts';
import { Mouth } from './mouth.ts';
import { Network, type NetworkOptions } from './network.ts';
import { startTicker } from './ticker.ts';

export type PcmRate = 8000 | 16000 | 24000 | 48000;

export interface PcmOptions extends NetworkOptions {
  readonly clock: Clock;
  readonly rate?: PcmRate;
  readonly agent?: string;
  readonly callId?: string;
  readonly from?: string;
  readonly to?: string;
  readonly vars?: Readonly<Record<string, Json>>;
}

const FRAME_MS = 20;

/**
 * The client's side of the plain-audio protocol: a start message, binary 16-bit samples both ways, marks that are sent
 * back when their audio has been heard, all open ones at once on `clear`.
 */
export class PcmClient implements FarEnd, WireListener {
  readonly protocol = 'pcm';
  readonly mouth: Mouth;
  readonly loudspeaker: Loudspeaker;
  readonly ended: Promise<FarEndEnd>;
  readonly faults: string[] = [];
  readonly #wire: Wire;
  readonly #clock: Clock;
  readonly #originMs: number;
  readonly #out: Network;
  readonly #in: Network;
  readonly #reader = new PcmReader();
  readonly #listeners: ((news: FarNews) => void)[] = [];
  readonly #stopTicker: () => void;
  #callId: string | undefined;
  #reason: string | undefined;
  #open = true;
  #settle: (end: FarEndEnd) => void = () => undefined;

  /** The connection is open: sends the start message and begins to send audio. */
  constructor(wire: Wire, options: PcmOptions) {
    const { clock, rate = 16_000, agent, callId, from, to, vars } = options;
    this.#wire = wire;
    this.#clock = clock;
    this.#originMs = clock.now();
    this.#callId = callId;
    this.mouth = new Mouth(rate);
    this.#out = new Network(clock, options, 'out');
    this.#in = new Network(clock, options, 'in');
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.loudspeaker = new Loudspeaker({
      clock,
      rate,
      originMs: this.#originMs,
      onMark: (name) => this.#say({ event: 'mark', name }),
    });
    this.#say({
      event: 'start',
      rate,
      ...(agent === undefined ? {} : { agent }),
      ...(callId === undefined ? {} : { call_id: callId }),
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      ...(vars === undefined ? {} : { vars }),
    });
    const frame = (rate * FRAME_MS) / 1000;
    this.#stopTicker = startTicker(clock, FRAME_MS, () =>
      this.#transmit(bytesFromSamples(this.mouth.take(frame))),
    );
  }

  get callId(): string | undefined {
    return this.#callId;
  }

  nowMs(): number {
    return this.#clock.now() - this.#originMs;
  }

  onNews(listener: (news: FarNews) => void): void {
    this.#listeners.push(listener);
  }

  key(digit: string): void {
    this.#say({ event: 'dtmf', digit });
  }

  hangUp(): void {
    if (!this.#open) return;
    this.#say({ event: 'stop' });
    this.#out.pass(() => this.#wire.close(1000));
    this.#end({ by: 'caller', closeCode: 1000 });
  }

  vanish(): void {
    if (!this.#open) return;
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
      if (!this.#open) return;
      if (typeof data === 'string') this.#receive(parseJson(data));
      else {
        if (data.length % 2 === 1) this.#fault('a binary message that ends in half a sample');
        this.loudspeaker.audio(this.#reader.push(data));
      }
    });
  }

  closed(code: number): void {
    this.#in.pass(() => {
      const reason = this.#reason;
      if (this.#open)
        this.#end({ by: 'agent', closeCode: code, ...(reason === undefined ? {} : { reason }) });
    });
  }

  #receive(message: Json | undefined): void {
    if (typeof message !== 'object' || message === null || !('event' in message))
      return this.#fault('a text message without an event');
    const text = (key: string) => (typeof message[key] === 'string' ? message[key] : '');
    switch (text('event')) {
      case 'ready':
        this.#callId = text('call_id');
        return this.#tell({ kind: 'ready', callId: this.#callId });
      case 'mark':
        if (text('name') === '') return this.#fault('a mark without a name');
        return this.loudspeaker.mark(text('name'));
      case 'clear':
        return this.loudspeaker.clear();
      case 'transcript':
        return this.#tell({
          kind: 'transcript',
          who: message['who'] === 'caller' ? 'caller' : 'agent',
          text: text('text'),
          final: message['final'] === true,
          atMs: this.nowMs(),
        });
      case 'end':
        this.#reason = text('reason');
        return;
      default: // dtmf and events of later versions: nothing to do for a telephone
    }
  }

  #fault(what: string): void {
    if (this.faults.length < 100) this.faults.push(what);
  }

  #tell(news: FarNews): void {
    for (const listener of this.#listeners) listener(news);
  }

  #say(message: Json): void {
    this.#transmit(JSON.stringify(message));
  }

  #transmit(message: string | Uint8Array): void {
    if (this.#open) this.#out.pass(() => this.#wire.send(message));
  }

  #end(how: Omit<FarEndEnd, 'atMs'>): void {
    this.#open = false;
    this.#stopTicker();
    this.loudspeaker.close();
    this.#settle({ ...how, atMs: this.nowMs() });
  }
}

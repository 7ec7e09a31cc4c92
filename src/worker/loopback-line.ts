import { decodeMulaw, encodeMulaw } from '../audio/g711.ts';
import type { EndReason } from '../contract/end-reasons.ts';
import type { Clock } from '../kit/clock.ts';
import type { Line, LineEvent, LineFacts, LineNews } from '../ports/line.ts';

const RATE = 8000;
const FRAME = 160;
const FRAME_MS = 20;
/** Between the end of the agent's audio and the caller's first word. */
const PAUSE_MS = 200;
/** A caller who was never greeted speaks anyway. */
const PATIENCE_MS = 3000;
/** The loudest sample of a frame that counts as sound: about -40 dBFS. */
const AUDIBLE = 328;

const FACTS: LineFacts = {
  carrier: 'twilio',
  direction: 'inbound',
  vars: {},
  rate: RATE,
  omitsSilence: false,
  sendAheadMaxMs: 1000,
  can: { pause: false, marks: true, dtmfOut: false, transfer: 'none' },
};

/**
 * A telephone line with both ends in this process: a caller who waits for the greeting and then says one recording,
 * and a loudspeaker that plays as fast as a real one. All audio goes through G.711 as on a carrier's line.
 */
export class LoopbackLine implements Line {
  readonly facts = FACTS;
  /** Final transcripts of the caller's speech. */
  readonly heard: string[] = [];
  /** Resolves when the first audio of the agent has been played. */
  readonly greeted: Promise<void>;
  readonly #clock: Clock;
  readonly #speech: Int16Array;
  #listener: ((event: LineEvent) => void) | undefined;
  #startedMs = 0;
  /** Caller samples handed over so far. */
  #at = 0;
  #spoken = 0;
  #speaking = false;
  /** When the loudspeaker has played all it was given. */
  #playedMs = 0;
  #marks: { name: string; generation: number; at: number }[] = [];
  #audible = false;
  #greet: () => void = () => undefined;
  #sent = false;

  constructor(clock: Clock, recording: { readonly channels: readonly Int16Array[] }) {
    this.#clock = clock;
    this.#speech = decodeMulaw(encodeMulaw(recording.channels[0] ?? new Int16Array()));
    this.greeted = new Promise((resolve) => {
      this.#greet = resolve;
    });
  }

  /** Whether anything but silence came out of the loudspeaker. */
  get wasAudible(): boolean {
    return this.#audible;
  }

  open(listener: (event: LineEvent) => void): void {
    this.#listener = listener;
    this.#startedMs = this.#clock.now();
    this.#playedMs = this.#startedMs;
    this.#tick();
  }

  send(samples: Int16Array, _generation: number): void {
    this.#sent = true;
    this.#playedMs = Math.max(this.#playedMs, this.#clock.now()) + (samples.length / RATE) * 1000;
    for (const sample of decodeMulaw(encodeMulaw(samples)))
      if (Math.abs(sample) > AUDIBLE) this.#audible = true;
  }

  mark(name: string, generation: number): void {
    this.#marks.push({ name, generation, at: this.#playedMs });
  }

  flush(_generation: number): void {
    this.#playedMs = this.#clock.now();
    for (const mark of this.#marks.splice(0))
      this.#report({ kind: 'mark', leg: 'caller', how: 'cleared', ...mark });
  }

  tell(news: LineNews): void {
    if (news.kind === 'transcript' && news.who === 'caller' && news.final) this.heard.push(news.text);
  }

  dtmf(): void {}

  transfer(): void {}

  ping(): void {
    this.#report({ kind: 'alive', leg: 'caller' });
  }

  backlogBytes(): number {
    return 0;
  }

  end(_reason: EndReason): Promise<void> {
    this.#listener = undefined;
    this.#greet();
    return Promise.resolve();
  }

  #tick(): void {
    const nowMs = this.#clock.now();
    while (this.#listener && (this.#at / RATE) * 1000 <= nowMs - this.#startedMs) {
      this.#report({ kind: 'media', leg: 'caller', at: this.#at, samples: this.#frame(nowMs) });
      this.#at += FRAME;
    }
    const due = this.#marks.filter((mark) => mark.at <= nowMs);
    this.#marks = this.#marks.filter((mark) => mark.at > nowMs);
    for (const { name, generation } of due)
      this.#report({ kind: 'mark', leg: 'caller', name, generation, how: 'played' });
    if (this.#sent && nowMs >= this.#playedMs) this.#greet();
    if (this.#listener) this.#clock.after(FRAME_MS, () => this.#tick());
  }

  /** The caller's next 20 ms: silence until the greeting has been heard, then the recording, then silence. */
  #frame(nowMs: number): Int16Array {
    const greeted = this.#sent && nowMs >= this.#playedMs + PAUSE_MS;
    if (greeted || nowMs - this.#startedMs > PATIENCE_MS) this.#speaking = true;
    const frame = new Int16Array(FRAME);
    if (!this.#speaking) return frame;
    frame.set(this.#speech.subarray(this.#spoken, this.#spoken + FRAME));
    this.#spoken += FRAME;
    return frame;
  }

  #report(event: LineEvent): void {
    this.#listener?.(event);
  }
}

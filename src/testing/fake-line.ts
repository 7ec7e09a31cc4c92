import type { EndReason } from '../contract/end-reasons.ts';
import type { Clock } from '../kit/clock.ts';
import type { Line, LineEvent, LineFacts, LineNews } from '../ports/line.ts';
import type { CallerScript } from './caller-script.ts';

const FRAME_MS = 20;

/** What happens to a transfer on the fake line. */
export type TransferPlan =
  | { readonly kind: 'answers'; readonly afterMs: number }
  | { readonly kind: 'fails'; readonly afterMs: number; readonly why: string }
  /** Rings and rings. */
  | { readonly kind: 'rings' };

/** Tells which word a sample of the agent's sound belongs to; asked for each sample the loudspeaker plays, in order. */
export interface AudibleWords {
  /**
   * The word, its number in the order of synthesis, and its whole length where that is known; undefined for silence and
   * anything unknown.
   */
  word(sample: number): { readonly text: string; readonly n: number; readonly samples?: number } | undefined;
}

export interface FakeLineOptions {
  readonly clock: Clock;
  readonly script: CallerScript;
  readonly lexicon: AudibleWords;
  readonly facts?: Partial<LineFacts>;
  readonly transfer?: TransferPlan;
  /** What the caller's side sounds like, instead of the script. */
  readonly audio?: Int16Array;
  /** One way, each way. */
  readonly delayMs?: number;
  /** Every n-th mark is lost; 0 = none. */
  readonly loseMarks?: number;
}

/** A word that came out of the caller's loudspeaker. */
export interface HeardWord {
  readonly text: string;
  /** Its number in the order of synthesis: the same again when the agent repeats itself after a hold. */
  readonly n: number;
  readonly fromMs: number;
}

/**
 * A line whose far end is a scripted caller with a loudspeaker: it plays what is sent in real time from its buffer,
 * remembers which words came out, echoes marks late and loses some, and can ring, answer and fail.
 */
export class FakeLine implements Line {
  readonly facts: LineFacts;
  readonly #options: FakeLineOptions;
  #listener: ((event: LineEvent) => void) | undefined;
  #ended: EndReason | undefined;
  #position = 0;
  #generation = 0;
  #buffer: ({ samples: Int16Array; from: number } | { mark: string; generation: number })[] = [];
  #marks = 0;
  #heard: HeardWord[] = [];
  #current: { n: number; samples: number; whole: number; fromMs: number; text: string } | undefined;
  #quietSinceMs = 0;
  #gone = false;
  /** The caller's side, frame by frame. */
  readonly recording: Int16Array[] = [];
  readonly transcript: LineNews[] = [];
  /** Everything handed to the line after it ended: there must be none. */
  afterEnd = 0;
  /** Silence is sent as nothing. */
  muted = false;

  constructor(options: FakeLineOptions) {
    this.#options = options;
    this.facts = {
      carrier: 'pcm',
      direction: 'inbound',
      from: '+15550101',
      to: '+15550102',
      vars: {},
      rate: 8000,
      omitsSilence: false,
      sendAheadMaxMs: 1000,
      can: { pause: false, marks: true, dtmfOut: false, transfer: options.transfer ? 'cold' : 'none' },
      ...options.facts,
    };
  }

  /** Samples of the caller's audio so far. */
  get position(): number {
    return this.#position;
  }

  get endReason(): EndReason | undefined {
    return this.#ended;
  }

  /** The words heard so far, each repetition too. */
  get heard(): readonly HeardWord[] {
    return this.#heard;
  }

  /** Virtual time since which nothing has come out of the loudspeaker; undefined while something does. */
  get quietSinceMs(): number | undefined {
    return this.#current || this.#buffer.some((entry) => 'samples' in entry) ? undefined : this.#quietSinceMs;
  }

  open(listener: (event: LineEvent) => void): void {
    this.#listener = listener;
    this.#frame();
  }

  /** The caller presses a key. */
  key(digit: string): void {
    this.#tell({ kind: 'dtmf', leg: 'caller', digit });
  }

  /** The far end is gone without a word. */
  vanish(): void {
    this.#gone = true;
  }

  /** The caller hangs up. */
  hangUp(): void {
    this.#tell({
      kind: 'end',
      leg: 'caller',
      reason: 'caller.hung_up',
      detail: 'the scripted caller hung up',
    });
    this.#ended ??= 'caller.hung_up';
  }

  send(samples: Int16Array, generation: number): void {
    if (this.#ended) {
      this.afterEnd++;
      return;
    }
    if (generation < this.#generation) return;
    this.#later(() => {
      if (generation >= this.#generation) this.#buffer.push({ samples, from: 0 });
    });
  }

  mark(name: string, generation: number): void {
    if (this.#ended) return;
    if (generation < this.#generation) return;
    this.#later(() => {
      if (generation < this.#generation) this.#return(name, generation, 'cleared');
      else this.#buffer.push({ mark: name, generation });
    });
  }

  flush(generation: number): void {
    if (this.#ended) return;
    this.#later(() => {
      this.#generation = Math.max(this.#generation, generation);
      const cleared = this.#buffer;
      this.#buffer = [];
      for (const entry of cleared) if ('mark' in entry) this.#return(entry.mark, entry.generation, 'cleared');
    });
  }

  dtmf(): void {
    // It has no keypad to hear with.
  }

  transfer(): void {
    const plan = this.#options.transfer;
    if (!plan || this.#ended) return;
    this.#tell({ kind: 'transfer', leg: 'caller', state: 'ringing' });
    if (plan.kind === 'rings') return;
    this.#options.clock.after(plan.afterMs, () =>
      this.#tell(
        plan.kind === 'answers'
          ? { kind: 'transfer', leg: 'caller', state: 'answered' }
          : { kind: 'transfer', leg: 'caller', state: 'failed', why: plan.why },
      ),
    );
  }

  tell(news: LineNews): void {
    if (!this.#ended) this.transcript.push(news);
  }

  ping(): void {
    this.#later(() => this.#tell({ kind: 'alive', leg: 'caller' }));
  }

  backlogBytes(): number {
    return 0;
  }

  end(reason: EndReason): Promise<void> {
    this.#ended ??= reason;
    return Promise.resolve();
  }

  #tell(event: LineEvent): void {
    if (!this.#ended && !this.#gone) this.#listener?.(event);
  }

  #later(run: () => void): void {
    const { clock, delayMs = 25 } = this.#options;
    clock.after(delayMs, () => {
      if (!this.#ended) run();
    });
  }

  #return(name: string, generation: number, how: 'played' | 'cleared'): void {
    const { loseMarks = 0 } = this.#options;
    this.#marks++;
    if (loseMarks > 0 && this.#marks % loseMarks === 0) return;
    this.#later(() => this.#tell({ kind: 'mark', leg: 'caller', name, generation, how }));
  }

  /** Every 20 ms: a frame of the caller, and a frame of the loudspeaker. */
  #frame(): void {
    const { clock } = this.#options;
    if (this.#ended) return;
    const size = (this.facts.rate * FRAME_MS) / 1000;
    const samples = this.#callerFrame(size);
    const at = this.#position;
    this.#position += size;
    const silent = samples.every((sample) => sample === 0);
    if (!(this.muted || (this.facts.omitsSilence && silent)))
      this.#tell({ kind: 'media', leg: 'caller', at, samples });
    this.#play(size);
    clock.after(FRAME_MS, () => this.#frame());
  }

  #callerFrame(size: number): Int16Array {
    const { audio, script } = this.#options;
    const samples = audio
      ? Int16Array.from({ length: size }, (_, i) => audio[this.#position + i] ?? 0)
      : script.frame(this.#position, size);
    this.recording.push(samples);
    return samples;
  }

  #play(size: number): void {
    let left = size;
    const nowMs = this.#options.clock.now();
    while (left > 0) {
      const entry = this.#buffer[0];
      if (!entry) break;
      if ('mark' in entry) {
        this.#buffer.shift();
        this.#return(entry.mark, entry.generation, 'played');
        continue;
      }
      const run = Math.min(left, entry.samples.length - entry.from);
      for (let i = 0; i < run; i++)
        this.#sound(entry.samples[entry.from + i] ?? 0, nowMs + ((size - left + i) / size) * FRAME_MS);
      entry.from += run;
      left -= run;
      if (entry.from >= entry.samples.length) this.#buffer.shift();
    }
    // Marks right behind the last sample are reached with it.
    for (let entry = this.#buffer[0]; entry && 'mark' in entry; entry = this.#buffer[0]) {
      this.#buffer.shift();
      this.#return(entry.mark, entry.generation, 'played');
    }
    if (left === size) {
      if (this.#current) this.#quietSinceMs = nowMs;
      this.#wordOver();
    }
  }

  #sound(sample: number, atMs: number): void {
    const word = this.#options.lexicon.word(sample);
    if (word?.n !== this.#current?.n) this.#wordOver();
    if (!word) return;
    this.#current ??= {
      n: word.n,
      text: word.text,
      samples: 0,
      whole: word.samples ?? (word.text.length + 1) * 0.06 * this.facts.rate,
      fromMs: atMs,
    };
    this.#current.samples++;
  }

  /** A word was heard when half of its letters were. */
  #wordOver(): void {
    const current = this.#current;
    this.#current = undefined;
    if (!current) return;
    if (current.samples >= current.whole / 2)
      this.#heard.push({ text: current.text, n: current.n, fromMs: current.fromMs });
  }
}

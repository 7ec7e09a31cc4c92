import type { Clock } from '../kit/clock.ts';
import type { Segment, VoiceEngine, VoiceEvent, VoiceSession } from '../ports/voice.ts';

/** What a sample of the fake voice means: the loudspeaker turns samples back into the words they stand for. */
export class Lexicon {
  readonly #words: string[] = [];

  /** A loudness that stands for this very word in this very place. */
  add(word: string): number {
    this.#words.push(word);
    return this.#words.length;
  }

  /** The word, and its number in the order of synthesis; undefined for silence and anything unknown. */
  word(sample: number): { readonly text: string; readonly n: number } | undefined {
    const text = this.#words[sample - 1];
    return text === undefined ? undefined : { text, n: sample };
  }
}

export interface SlowVoiceOptions {
  readonly clock: Clock;
  readonly lexicon: Lexicon;
  /** From a segment to its first audio. */
  readonly firstMs?: number;
  /** Audio comes in pieces of this length … */
  readonly pieceMs?: number;
  /** … each so long after the one before: shorter than `pieceMs`, or there will be breaks. */
  readonly everyMs?: number;
  readonly msPerLetter?: number;
  /** How long after `cancel` audio may still come. */
  readonly cancelMs?: number;
}

/**
 * A voice that takes its time: the first audio is late, the rest dribbles in, and after a cancel it goes on for a
 * while. Its samples are no sound; they say which word they belong to.
 */
export function slowVoice(options: SlowVoiceOptions): VoiceEngine {
  return {
    name: 'slow',
    can: { streamsText: false, wordTimes: false, rates: [8000, 16_000, 24_000, 48_000] },
    prepare: () => Promise.resolve(),
    open: ({ rate, listener }) => new SlowVoiceSession(options, rate, listener),
    close: () => Promise.resolve(),
  };
}

class SlowVoiceSession implements VoiceSession {
  readonly #options: SlowVoiceOptions;
  readonly #rate: number;
  readonly #listener: (event: VoiceEvent) => void;
  #queue: { readonly segment: Segment; readonly samples: Int16Array; sent: number }[] = [];
  #running = false;
  #closed = false;
  #generation = 0;

  constructor(options: SlowVoiceOptions, rate: number, listener: (event: VoiceEvent) => void) {
    this.#options = options;
    this.#rate = rate;
    this.#listener = listener;
  }

  segment(segment: Segment): void {
    this.#queue.push({ segment, samples: this.#speak(segment.spoken), sent: 0 });
    if (this.#running) return;
    this.#running = true;
    this.#step(this.#options.firstMs ?? 120, this.#generation);
  }

  flush(): void {
    // Nothing is ever held back.
  }

  cancel(): void {
    const generation = this.#generation++;
    const late = this.#queue;
    this.#queue = [];
    this.#running = false;
    // What was under way goes on for a moment, as it would with an engine behind a network.
    const stopAt = this.#options.clock.now() + (this.#options.cancelMs ?? 150);
    const dribble = () => {
      const entry = late[0];
      if (!entry || this.#closed || this.#options.clock.now() >= stopAt) return;
      this.#piece(entry);
      if (entry.sent >= entry.samples.length) late.shift();
      this.#options.clock.after(this.#options.everyMs ?? 30, dribble);
    };
    if (generation >= 0) this.#options.clock.after(this.#options.everyMs ?? 30, dribble);
  }

  close(): void {
    this.#closed = true;
  }

  #step(inMs: number, generation: number): void {
    this.#options.clock.after(inMs, () => {
      if (this.#closed || generation !== this.#generation) return;
      const entry = this.#queue[0];
      if (!entry) {
        this.#running = false;
        return;
      }
      this.#piece(entry);
      if (entry.sent < entry.samples.length) return this.#step(this.#options.everyMs ?? 30, generation);
      this.#queue.shift();
      this.#listener({ kind: 'segment-done', segment: entry.segment.id });
      this.#step(this.#options.firstMs ?? 120, generation);
    });
  }

  #piece(entry: { readonly segment: Segment; readonly samples: Int16Array; sent: number }): void {
    const size = Math.round(((this.#options.pieceMs ?? 60) / 1000) * this.#rate);
    const samples = entry.samples.subarray(entry.sent, entry.sent + size);
    entry.sent += samples.length;
    if (samples.length > 0)
      this.#listener({ kind: 'audio', segment: entry.segment.id, chunk: { samples, rate: this.#rate } });
  }

  #speak(text: string): Int16Array {
    const words = text.split(/\s+/).filter(Boolean);
    const perLetter = ((this.#options.msPerLetter ?? 60) / 1000) * this.#rate;
    const lengths = words.map((word) => Math.round(perLetter * (word.length + 1)));
    const samples = new Int16Array(lengths.reduce((sum, length) => sum + length, 0));
    let at = 0;
    for (const [i, word] of words.entries()) {
      const length = lengths[i] ?? 0;
      samples.fill(this.#options.lexicon.add(word), at, at + length);
      at += length;
    }
    return samples;
  }
}

import type { Clock } from '../kit/clock.ts';
import type { RecogniserEngine, RecogniserEvent, RecogniserSession } from '../ports/recogniser.ts';
import type { VoiceActivityEngine } from '../ports/voice-activity.ts';
import type { CallerScript } from './caller-script.ts';

/** Hears speech wherever a frame is not silent. */
export function loudnessVoiceActivity(): VoiceActivityEngine {
  return {
    name: 'loudness',
    frameSamples: 512,
    open: () => ({
      process(frame) {
        let sum = 0;
        for (const sample of frame) sum += sample * sample;
        return sum / frame.length > 1e-5 ? 0.95 : 0.02;
      },
      reset: () => undefined,
    }),
  };
}

export interface SlowRecogniserOptions {
  readonly clock: Clock;
  readonly script: CallerScript;
  /** From `finalize` to the final text. */
  readonly finalMs?: number;
  /** How far partial texts lag behind the audio. */
  readonly partialLagMs?: number;
}

/**
 * A recogniser that knows the scripted caller's words and takes its time: words appear late in partial texts, and the
 * final text comes 300 ms after it was asked for.
 */
export function slowRecogniser(options: SlowRecogniserOptions): RecogniserEngine {
  return {
    name: 'slow',
    listens: 'speech',
    prepare: () => Promise.resolve(),
    open: ({ from, listener }) => new SlowSession(options, from, listener),
    reset: () => undefined,
    close: () => Promise.resolve(),
  };
}

class SlowSession implements RecogniserSession {
  readonly #options: SlowRecogniserOptions;
  readonly #from: number;
  readonly #listener: (event: RecogniserEvent) => void;
  #to: number;
  #partial = '';
  #closed = false;
  #finalised = false;

  constructor(options: SlowRecogniserOptions, from: number, listener: (event: RecogniserEvent) => void) {
    this.#options = options;
    this.#from = from;
    this.#to = from;
    this.#listener = listener;
  }

  audio(samples: Int16Array): void {
    if (this.#closed || this.#finalised) return;
    this.#to += samples.length;
    const { script, partialLagMs = 60, clock } = this.#options;
    const known = this.#to - (partialLagMs / 1000) * script.rate;
    const text = script
      .wordsIn(this.#from, known)
      .filter((word) => word.to <= known)
      .map((word) => word.text)
      .join(' ');
    const changed = text !== this.#partial;
    this.#partial = text;
    const to = this.#to;
    // Engines answer from another thread: never within the call that gave them audio.
    clock.after(0, () => {
      if (this.#closed || this.#finalised) return;
      this.#listener({ kind: 'progress', to });
      if (changed && text !== '') this.#listener({ kind: 'partial', text, from: this.#from, to });
    });
  }

  expect(): void {
    // It understands everything whatever is expected.
  }

  finalize(upTo: number): void {
    if (this.#closed || this.#finalised) return;
    this.#finalised = true;
    const words = this.#options.script.wordsIn(this.#from, Math.max(upTo, this.#to));
    this.#options.clock.after(this.#options.finalMs ?? 300, () => {
      if (this.#closed) return;
      const span = { from: words[0]?.from ?? this.#from, to: words.at(-1)?.to ?? upTo };
      if (words.length === 0) this.#listener({ kind: 'rejected', ...span });
      else this.#listener({ kind: 'final', text: words.map((word) => word.text).join(' '), words, ...span });
    });
  }

  close(): void {
    this.#closed = true;
  }
}

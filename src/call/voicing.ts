import { Resampler } from '../audio/resample.ts';
import type { Segment, SpokenWord, VoiceEngine, VoiceEvent, VoiceSession } from '../ports/voice.ts';

/** What comes of text, at the line's rate. */
export type VoicedEvent =
  | { readonly kind: 'audio'; readonly segment: string; readonly samples: Int16Array }
  | { readonly kind: 'words'; readonly segment: string; readonly words: readonly SpokenWord[] }
  | { readonly kind: 'done'; readonly segment: string }
  /** The voice cannot speak, and trying again did not help. */
  | { readonly kind: 'failed'; readonly message: string };

/** A voice that fails is asked again so often within one utterance. */
const MAX_RETRIES = 2;

/**
 * The call's session with its voice. Owns the session, the segments under way, and the one conversion from the voice's
 * rate to the line's. A session that fails is opened again, and segments without any audio are given to it again.
 */
export class Voicing {
  readonly #engine: VoiceEngine;
  readonly #voice: string;
  readonly #rate: number;
  readonly #lineRate: number;
  readonly #listener: (event: VoicedEvent) => void;
  #session: VoiceSession | undefined;
  #resampler: Resampler | undefined;
  #underWay: { readonly segment: Segment; sounded: boolean }[] = [];
  #retries = 0;

  constructor(engine: VoiceEngine, voice: string, lineRate: number, listener: (event: VoicedEvent) => void) {
    this.#engine = engine;
    this.#voice = voice;
    this.#lineRate = lineRate;
    this.#rate = voiceRate(engine.can.rates, lineRate);
    this.#listener = listener;
  }

  /** Opens the session ahead of the first segment. */
  open(): void {
    this.#session ??= this.#open();
  }

  segment(segment: Segment): void {
    this.#underWay.push({ segment, sounded: false });
    this.open();
    this.#session?.segment(segment);
  }

  flush(): void {
    this.#session?.flush();
  }

  /** Drops everything under way. */
  cancel(): void {
    if (this.#underWay.length === 0) return;
    this.#underWay = [];
    this.#resampler?.reset();
    this.#session?.cancel();
  }

  close(): void {
    this.#underWay = [];
    this.#session?.close();
    this.#session = undefined;
  }

  #open(): VoiceSession {
    const session: VoiceSession = this.#engine.open({
      voice: this.#voice,
      rate: this.#rate,
      listener: (event) => {
        if (this.#session === session || this.#session === undefined) this.#take(event);
      },
    });
    return session;
  }

  #take(event: VoiceEvent): void {
    if (event.kind === 'failed') return this.#failed(event.retryable, event.message);
    const known = this.#underWay.find((entry) => entry.segment.id === event.segment);
    if (!known) return;
    switch (event.kind) {
      case 'audio': {
        known.sounded = true;
        this.#retries = 0;
        const samples = this.#convert(event.chunk.samples, event.chunk.rate);
        if (samples.length > 0) this.#listener({ kind: 'audio', segment: event.segment, samples });
        break;
      }
      case 'words':
        this.#listener({ kind: 'words', segment: event.segment, words: event.words });
        break;
      case 'segment-done':
        this.#done(known);
        break;
    }
  }

  #done(entry: { readonly segment: Segment }): void {
    const rest = this.#resampler?.flush();
    if (rest && rest.length > 0) this.#listener({ kind: 'audio', segment: entry.segment.id, samples: rest });
    this.#underWay = this.#underWay.filter((other) => other !== entry);
    this.#listener({ kind: 'done', segment: entry.segment.id });
  }

  #failed(retryable: boolean, message: string): void {
    this.#drop();
    if (!retryable || this.#retries >= MAX_RETRIES) {
      this.#underWay = [];
      this.#listener({ kind: 'failed', message });
      return;
    }
    this.#retries++;
    // Half a sentence cannot be taken up in the middle: what sounded already has to do.
    for (const entry of this.#underWay.filter(({ sounded }) => sounded)) this.#done(entry);
    this.open();
    for (const { segment } of this.#underWay) this.#session?.segment(segment);
    this.flush();
  }

  #drop(): void {
    this.#session?.close();
    this.#session = undefined;
    this.#resampler?.reset();
  }

  #convert(samples: Int16Array, rate: number): Int16Array {
    if (rate === this.#lineRate) return samples;
    if (this.#resampler?.from !== rate) this.#resampler = new Resampler(rate, this.#lineRate);
    return this.#resampler.push(samples);
  }
}

/** The line's own rate where the voice has it, else the next higher one, else its highest. */
function voiceRate(rates: readonly number[], lineRate: number): number {
  const higher = rates.filter((rate) => rate >= lineRate);
  return higher.length > 0 ? Math.min(...higher) : Math.max(...rates, 0) || lineRate;
}

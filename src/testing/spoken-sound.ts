import type { VoiceEngine, VoiceEvent } from '../ports/voice.ts';
import type { AudibleWords } from './fake-line.ts';

/** How many samples make it certain where in everything spoken a sound comes from: 3 ms at 8 kHz. */
const CERTAIN = 24;

/** A word with its place in everything spoken, numbered in the order of synthesis. */
interface PlacedWord {
  readonly text: string;
  readonly n: number;
  readonly from: number;
  readonly to: number;
}

/** One segment, from its first sample on; -1 while there is none. */
interface Spoken {
  readonly text: string;
  from: number;
  to: number;
}

/**
 * What a real voice has said, so that the loudspeaker at the other end of the line knows which word it is playing: the
 * samples that come out of it are looked for in the samples that went in. Engines that do not say when each word is
 * spoken have their words spread over the loud parts of their sound by the number of letters, some 100 ms off at worst.
 *
 * Needs a line whose rate is among the rates of the voice: resampled sound is not found again.
 */
export class SpokenSound implements AudibleWords {
  #sound = new Int16Array(8000 * 30);
  #length = 0;
  readonly #words: PlacedWord[] = [];
  /** Where the next sample is expected. */
  #at = 0;
  #strange: number[] = [];

  /** The same voice, listened to on its way to the call. */
  hear(engine: VoiceEngine): VoiceEngine {
    return {
      name: engine.name,
      can: engine.can,
      prepare: (voices) => engine.prepare(voices),
      close: () => engine.close(),
      open: (options) => {
        const open = new Map<string, Spoken>();
        const session = engine.open({
          ...options,
          listener: (event) => {
            this.#note(event, open);
            options.listener(event);
          },
        });
        return {
          segment: (segment) => {
            open.set(segment.id, { text: segment.spoken, from: -1, to: -1 });
            session.segment(segment);
          },
          flush: () => session.flush(),
          cancel: () => session.cancel(),
          close: () => session.close(),
        };
      },
    };
  }

  word(sample: number): ReturnType<AudibleWords['word']> {
    if (sample === 0 && this.#strange.length === 0) return this.#wordAt(this.#at);
    if (this.#strange.length === 0) {
      // Silence is sent for pauses too, and cannot be told from the zeros inside a sound.
      while (this.#at < this.#length && this.#sound[this.#at] === 0) this.#at++;
      if (this.#at < this.#length && this.#sound[this.#at] === sample) return this.#wordAt(this.#at++);
    }
    this.#strange.push(sample);
    if (this.#strange.length < CERTAIN) return undefined;
    const found = this.#find(this.#strange);
    this.#strange = found === undefined ? this.#strange.slice(1) : [];
    if (found === undefined) return undefined;
    this.#at = found + CERTAIN;
    return this.#wordAt(this.#at - 1);
  }

  #note(event: VoiceEvent, open: Map<string, Spoken>): void {
    if (event.kind === 'failed' || event.kind === 'words') return;
    const spoken = open.get(event.segment);
    if (!spoken) return;
    if (event.kind === 'audio') {
      if (spoken.from < 0) spoken.from = this.#length;
      this.#append(event.chunk.samples);
      spoken.to = this.#length;
    } else if (spoken.from >= 0) {
      this.#spread(spoken);
      open.delete(event.segment);
    }
  }

  /** Places the words of a segment that is complete: letters take time, silence takes none. */
  #spread({ text, from, to }: Spoken): void {
    const words = text.split(/\s+/).filter(Boolean);
    const letters = words.reduce((sum, word) => sum + word.length + 1, 0);
    const loud = this.#sound.subarray(from, to).reduce((sum, sample) => sum + (isLoud(sample) ? 1 : 0), 0);
    let at = from;
    let passed = 0;
    let due = 0;
    for (const [i, word] of words.entries()) {
      const start = at;
      due += ((word.length + 1) / letters) * loud;
      while (at < to && passed < due) if (isLoud(this.#sound[at++] ?? 0)) passed++;
      if (i === words.length - 1) at = to;
      this.#words.push({ text: word, n: this.#words.length + 1, from: start, to: at });
    }
  }

  #wordAt(at: number): ReturnType<AudibleWords['word']> {
    const word = this.#words.findLast(({ from }) => from <= at);
    return word && at < word.to ? { text: word.text, n: word.n, samples: word.to - word.from } : undefined;
  }

  /** Where these samples are: soon after what was played last, or before it when something is said again. */
  #find(samples: readonly number[]): number | undefined {
    const last = this.#length - samples.length;
    for (let at = this.#at; at <= last; at++) if (this.#isAt(samples, at)) return at;
    for (let at = Math.min(this.#at, last); at >= 0; at--) if (this.#isAt(samples, at)) return at;
    return undefined;
  }

  #isAt(samples: readonly number[], at: number): boolean {
    return samples.every((sample, i) => this.#sound[at + i] === sample);
  }

  #append(samples: Int16Array): void {
    if (this.#length + samples.length > this.#sound.length) {
      const larger = new Int16Array(Math.max(this.#sound.length * 2, this.#length + samples.length));
      larger.set(this.#sound);
      this.#sound = larger;
    }
    this.#sound.set(samples, this.#length);
    this.#length += samples.length;
  }
}

function isLoud(sample: number): boolean {
  return sample > 200 || sample < -200;
}

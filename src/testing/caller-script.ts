/** A word of the scripted caller, in samples of the caller's audio. */
export interface ScriptedWord {
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

const LOUD = 3000;

/**
 * What the scripted caller says and when. Shared by the line, which makes a sound of it, and by the recogniser, which
 * knows what that sound means. Words are added while the call goes on.
 */
export class CallerScript {
  readonly rate: number;
  #words: ScriptedWord[] = [];
  /** Sounds without words: a cough, noise. */
  #sounds: { readonly from: number; readonly to: number }[] = [];
  /** What sounds as it does on a telephone. */
  #recordings: { readonly from: number; readonly samples: Int16Array }[] = [];
  #to = 0;

  constructor(rate: number) {
    this.rate = rate;
  }

  /** The end of everything planned so far. */
  get end(): number {
    return this.#to;
  }

  /**
   * Plans words from position `from` on, evenly over `ms`.
   * @returns the position after the last
   */
  say(text: string, from: number, ms: number): number {
    const words = text.split(/\s+/).filter(Boolean);
    const length = Math.round((ms / 1000) * this.rate);
    words.forEach((word, i) => {
      this.#words.push({
        text: word,
        from: from + Math.round((length * i) / words.length),
        to: from + Math.round((length * (i + 1)) / words.length),
      });
    });
    this.#to = Math.max(this.#to, from + length);
    return from + length;
  }

  /** Plans a sound that is speech for the ear and no word for anyone. */
  mumble(from: number, ms: number): number {
    const to = from + Math.round((ms / 1000) * this.rate);
    this.#sounds.push({ from, to });
    this.#to = Math.max(this.#to, to);
    return to;
  }

  /**
   * Plans a recording, at the caller's rate, from position `from` on.
   * @returns the position after it
   */
  play(samples: Int16Array, from: number): number {
    const to = from + samples.length;
    this.#recordings.push({ from, samples });
    this.#to = Math.max(this.#to, to);
    return to;
  }

  /** What the caller's side sounds like from a position on: recordings as they are, a buzz for words and sounds. */
  frame(from: number, size: number): Int16Array {
    const frame = new Int16Array(size);
    for (let i = 0; i < size; i++) if (this.sounds(from + i)) frame[i] = i % 8 < 4 ? LOUD : -LOUD;
    for (const recording of this.#recordings) {
      const start = Math.max(from, recording.from);
      const end = Math.min(from + size, recording.from + recording.samples.length);
      if (end > start)
        frame.set(recording.samples.subarray(start - recording.from, end - recording.from), start - from);
    }
    return frame;
  }

  /** Whether there is a buzz at a position. */
  sounds(at: number): boolean {
    const here = (span: { readonly from: number; readonly to: number }) => span.from <= at && at < span.to;
    return this.#words.some(here) || this.#sounds.some(here);
  }

  /** The words whose greater part lies between two positions. */
  wordsIn(from: number, to: number): readonly ScriptedWord[] {
    return this.#words.filter((word) => {
      const middle = (word.from + word.to) / 2;
      return middle >= from && middle < to;
    });
  }
}

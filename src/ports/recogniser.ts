import type { Expectation } from './expectation.ts';

/** A place in the caller's audio: samples at the line's rate since the line's start. */
export type Position = number;

export interface Word {
  readonly text: string;
  readonly from: Position;
  readonly to: Position;
}

export type RecogniserEvent =
  /** What has been understood so far; replaces the partial before. `stable` counts positions without change. */
  | { readonly kind: 'partial'; readonly text: string; readonly from: Position; readonly to: Position }
  | {
      readonly kind: 'final';
      readonly text: string;
      readonly words: readonly Word[];
      readonly from: Position;
      readonly to: Position;
    }
  /** Heard, and not understood: outside the grammar, or noise. Ends the stretch as `final` does. */
  | { readonly kind: 'rejected'; readonly from: Position; readonly to: Position }
  /** All audio up to here has been taken into account. */
  | { readonly kind: 'progress'; readonly to: Position }
  /** From recognisers that end turns themselves. */
  | {
      readonly kind: 'turn';
      readonly what: 'start' | 'eager-end' | 'resumed' | 'end';
      readonly at: Position;
      readonly p?: number;
    }
  | { readonly kind: 'failed'; readonly retryable: boolean; readonly message: string };

/** Turns the caller's audio into text. One per process; a session per stretch of speech, or per call. */
export interface RecogniserEngine {
  readonly name: string;
  /** `speech`: a session is opened when speech begins and ended with its final. `always`: one session per call. */
  readonly listens: 'speech' | 'always';
  /** At warm-up: dictionary, grammars. An engine may be asked to open only what it has prepared. */
  prepare(expectations: readonly Expectation[]): Promise<void>;
  /**
   * @param from the position of the first sample that will be handed to `audio`
   * @param rate samples per second of that audio and of all positions
   */
  open(options: {
    from: Position;
    rate: number;
    expect: Expectation;
    listener: (event: RecogniserEvent) => void;
  }): RecogniserSession;
  /** Forgets what it learned of the caller's channel; called between calls. */
  reset(): void;
  close(): Promise<void>;
}

/** Exactly one `final`, `rejected` or `failed` follows each `finalize`; nothing follows `close`. */
export interface RecogniserSession {
  /** The next samples, without a gap. */
  audio(samples: Int16Array): void;
  /** What is expected changed while the caller speaks. */
  expect(expectation: Expectation): void;
  /** No more speech is coming before `upTo`: say what was said. */
  finalize(upTo: Position): void;
  close(): void;
}

import type { Chunk } from './line.ts';

/** A stretch of an utterance that is synthesised as one: a sentence or clause. */
export interface Segment {
  readonly id: string;
  /** As the brain wrote it; what transcripts show. */
  readonly text: string;
  /** As it is to be spoken: numbers and signs written out. */
  readonly spoken: string;
}

export interface SpokenWord {
  readonly text: string;
  /** Milliseconds from the segment's first sample. */
  readonly fromMs: number;
  readonly toMs: number;
}

export type VoiceEvent =
  | { readonly kind: 'audio'; readonly segment: string; readonly chunk: Chunk }
  | { readonly kind: 'words'; readonly segment: string; readonly words: readonly SpokenWord[] }
  | { readonly kind: 'segment-done'; readonly segment: string }
  | { readonly kind: 'failed'; readonly retryable: boolean; readonly message: string };

export interface VoiceCan {
  readonly streamsText: boolean;
  readonly wordTimes: boolean;
  /** Rates it can deliver; the call asks for the line's rate when it is among them. */
  readonly rates: readonly number[];
}

/** Turns text into speech. One engine per process, one session per call. */
export interface VoiceEngine {
  readonly name: string;
  readonly can: VoiceCan;
  /** At warm-up: loads and warms these voices. */
  prepare(voices: readonly string[]): Promise<void>;
  open(options: { voice: string; rate: number; listener: (event: VoiceEvent) => void }): VoiceSession;
  close(): Promise<void>;
}

/**
 * Segments are spoken in the order given; each gets exactly one `segment-done` or a `failed`, unless cancelled.
 */
export interface VoiceSession {
  segment(segment: Segment): void;
  /** No more text for now: speak what is held back. */
  flush(): void;
  /** Drops everything under way; events of cancelled segments may still arrive and are ignored by their id. */
  cancel(): void;
  close(): void;
}

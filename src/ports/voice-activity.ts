/** Says how likely it is that somebody speaks, frame by frame. One engine per process, one detector per call. */
export interface VoiceActivityEngine {
  readonly name: string;
  /** Samples per frame at 16 kHz. */
  readonly frameSamples: number;
  open(): VoiceActivityDetector;
}

export interface VoiceActivityDetector {
  /** One frame of samples in -1…1 at 16 kHz; the probability of speech, 0…1. Synchronous, well under a millisecond. */
  process(frame: Float32Array): number;
  /** Forgets everything it heard. */
  reset(): void;
}

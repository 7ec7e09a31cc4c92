/** What a call counts. */
export type CallCounter =
  /** Turns of the caller that were answered. */
  | 'turns'
  /** Turns in which speech was heard and not understood. */
  | 'unclear_turns'
  /** Interruptions that cut a reply. */
  | 'interruptions'
  /** Interruptions that turned out to be none, after which the agent went on. */
  | 'false_interruptions'
  /** Recognised text that was the agent's own voice. */
  | 'echoes'
  /** Silence at the loudspeaker inside speech, by our own estimate. */
  | 'underruns'
  /** Stretches of the caller's audio that never arrived and were filled with silence. */
  | 'gaps'
  /** Times the line carried no media although it should. */
  | 'stalls'
  /** Speculative replies thrown away because the words changed. */
  | 'speculations_dropped'
  /** Speculative replies that were right. */
  | 'speculations_used';

/** What a call measures, each in milliseconds. */
export type CallTiming =
  /** From the estimated end of the caller's speech to the first sample of the answer handed to the line. */
  | 'response'
  /** From the decision that the turn is over to the first sample of the answer handed to the line. */
  | 'decision'
  /** From the question to the brain to its first text. */
  | 'brain'
  /** From a segment given to the voice to its first audio. */
  | 'voice'
  /** From the finalise of the recogniser to its final text. */
  | 'recogniser';

/** Where a call leaves its numbers; the worker turns them into its metrics page. */
export interface CallMetrics {
  count(what: CallCounter): void;
  observe(what: CallTiming, ms: number): void;
}

/** Keeps nothing. */
export const noMetrics: CallMetrics = { count: () => undefined, observe: () => undefined };

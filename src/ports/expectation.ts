import type { Hear } from '../agent/hear.ts';

/**
 * What the agent expects to hear next: shared by brain, recogniser, turn machine and turn model. The script's grammar
 * for a state travels this way.
 */
export interface Expectation {
  /** Names this expectation among all of the agent, such as `clinic/when`; a recogniser prepares by it. */
  readonly id: string;
  /** What may be heard, by slot name. Several may be said in one sentence, in any order. */
  readonly slots: Readonly<Record<string, Hear>>;
  /** A read-back is being confirmed: yes, no, and "no, …" with a correction of any slot are expected too. */
  readonly confirming: boolean;
  /** "repeat", "a person", "start over", "goodbye", "hang on" are expected too. */
  readonly universal: boolean;
}

/** Nothing particular is expected: the caller may say anything, or nothing. */
export const EXPECT_NOTHING: Expectation = { id: 'nothing', slots: {}, confirming: false, universal: true };

import type { Clock } from '../kit/clock.ts';
import type { ReplyId } from '../ports/brain.ts';
import type { CallMetrics } from './metrics.ts';

/**
 * Measures how long callers wait for an answer: from the end of their speech, and from the decision that it was the
 * end, to the first sample handed to the line. Owns which reply is awaited.
 */
export class AnswerTimes {
  readonly #clock: Clock;
  readonly #metrics: CallMetrics;
  /** The monotonic time at which that much of the caller's audio had been spoken. */
  readonly #timeOf: (ms: number) => number;
  #turnEndMs = 0;
  #awaited: { readonly reply: ReplyId; readonly endMs: number; readonly decidedAt: number } | undefined;

  constructor(clock: Clock, metrics: CallMetrics, timeOf: (ms: number) => number) {
    this.#clock = clock;
    this.#metrics = metrics;
    this.#timeOf = timeOf;
  }

  /** A turn of the caller ended there, in milliseconds of their audio. */
  turnEnded(endMs: number): void {
    this.#turnEndMs = endMs;
  }

  /** It is certain that this reply answers the turn. */
  decided(reply: ReplyId): void {
    this.#awaited = { reply, endMs: this.#turnEndMs, decidedAt: this.#clock.now() };
  }

  sounding(reply: ReplyId): void {
    const awaited = this.#awaited;
    if (awaited?.reply !== reply) return;
    this.#awaited = undefined;
    const now = this.#clock.now();
    this.#metrics.observe('decision', now - awaited.decidedAt);
    this.#metrics.observe('response', now - this.#timeOf(awaited.endMs));
  }
}

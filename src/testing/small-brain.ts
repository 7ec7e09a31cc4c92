import { type Clock, sleep } from '../kit/clock.ts';
import type { Json } from '../kit/json.ts';
import type { Ask, Part, ReplyId, TextBrain } from '../ports/brain.ts';

/** What a small brain does with each question; `n` counts the questions that were settled before. */
export type Answer = (
  ask: Ask,
  n: number,
) => readonly (Part | { readonly kind: 'wait'; readonly ms: number })[];

export interface Settled {
  readonly reply: ReplyId;
  readonly how: 'heard' | 'cut' | 'dropped';
  readonly heardText: string;
}

/** A brain whose answers a test writes down. It remembers what it was asked and told. */
export class SmallBrain implements TextBrain {
  readonly kind = 'text';
  readonly asks: Ask[] = [];
  readonly settlements: Settled[] = [];
  readonly #known = new Set<ReplyId>();
  readonly #answer: Answer;
  readonly #clock: Clock;

  constructor(answer: Answer, clock: Clock) {
    this.#answer = answer;
    this.#clock = clock;
  }

  async *reply(ask: Ask, signal: AbortSignal): AsyncGenerator<Part> {
    this.asks.push(ask);
    this.#known.add(ask.reply);
    for (const part of this.#answer(ask, this.#count())) {
      if (part.kind === 'wait') await sleep(this.#clock, part.ms);
      // A brain behind a network notices late that it is not wanted: `signal` is looked at after the wait only.
      else if (!signal.aborted) yield part;
    }
    if (!signal.aborted) yield { kind: 'done' };
  }

  snapshot(): Json {
    return { settled: this.#count() };
  }

  settled(reply: ReplyId, how: 'heard' | 'cut' | 'dropped', heardText: string): void {
    if (this.#known.delete(reply)) this.settlements.push({ reply, how, heardText });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #count(): number {
    return this.settlements.filter(({ how }) => how !== 'dropped').length;
  }
}

import { FILLERS, LEAD_INS } from '../../agent/hear/vocabulary.ts';

/** What a look at a stretch found best, whether it was taken for right or not. */
export interface Candidate {
  readonly text: string;
  /** Logarithm of the odds that it is right. */
  readonly odds: number;
}

/** Each of the two has to be at least this likely, and both together this much; fitted to the tuning half. */
const EACH = -2;
const TOGETHER = -3;

const AROUND: ReadonlySet<string> = new Set([
  ...FILLERS,
  ...LEAD_INS.filter((lead) => !lead.includes(' ')),
  'the',
]);

/** The words that carry the answer. */
const core = (text: string): string =>
  text
    .split(' ')
    .filter((word) => !AROUND.has(word))
    .join(' ');

/**
 * Whoever was not understood says it again. Two stretches that were each too unlike an answer to be taken, and are likest
 * to the same answer of the same question, are better evidence together than either alone.
 */
export class Repetition {
  #grammar = '';
  #before: readonly Candidate[] = [];

  /**
   * Takes note of a stretch that was refused; the one of its candidates that is now taken after all.
   *
   * @param grammar the id of what was expected
   */
  refused<C extends Candidate>(grammar: string, candidates: readonly C[]): C | undefined {
    const before = grammar === this.#grammar ? this.#before : [];
    this.#grammar = grammar;
    this.#before = candidates;
    const likely = candidates.filter(
      (now) =>
        core(now.text) !== '' &&
        before.some(
          (then) =>
            core(then.text) === core(now.text) &&
            Math.min(then.odds, now.odds) > EACH &&
            then.odds + now.odds > TOGETHER,
        ),
    );
    return likely.toSorted((a, b) => b.odds - a.odds)[0];
  }

  /** Something was understood, or another caller is there. */
  forget(): void {
    this.#before = [];
  }
}

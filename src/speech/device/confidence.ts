/**
 * Whether what was heard is what was said. A decoder that knows a grammar always finds an answer in it, and reports full
 * confidence in it; so a second one hears the same sound as any row of phones. How much better single phones explain the
 * sound than the answer does, word by word, tells answers from other speech.
 */

/** A piece of a path through the sound; frames of 10 ms, both ends included. */
export interface Segment {
  readonly word: string;
  readonly from: number;
  readonly to: number;
  /** Of the sound alone, in the decoder's units: about a tenth of a natural logarithm. */
  readonly score: number;
}

/** Silence and noises stand in brackets. */
export const isWord = (token: string): boolean => token !== '' && !/^[<[(]/.test(token);

/**
 * Fitted by logistic regression to the tuning half of the recordings (right answers against wrong ones, whole prompts,
 * words of other questions and sounds), both looks of each. Each bounded feature is bounded because beyond
 * that it says nothing more.
 */
const WEIGHT = { mean: 0.371, worst: 0.165, length: 3.895, words: -3.254, bias: -9.832 };
const MEAN_BOUNDS = [-25, 5] as const;
const WORST_BOUNDS = [-30, 5] as const;
/** Frames added to a word's length, because the mean over a short word says little. */
const SHORT_WORD = 10;

/**
 * Above this an answer is taken: rather right than not, which 3 % of the tuning half's other sounds are too. A second look
 * is a second chance for other sounds, so it has to be surer.
 */
export const CONFIDENT = { first: 0, again: 1 } as const;

/**
 * The logarithm of the odds that an answer is right; -Infinity without a word.
 *
 * @param answer the best path through the grammar
 * @param phones the best path through a loop of phones over the same sound
 */
export function confidence(answer: readonly Segment[], phones: readonly Segment[]): number {
  const words = answer.filter(({ word }) => isWord(word));
  if (words.length === 0) return -Infinity;
  const frames = Math.max(answer.at(-1)?.to ?? 0, phones.at(-1)?.to ?? 0) + 1;
  // What the phones score up to each frame, and whether they hear speech in it.
  const upTo = new Float64Array(frames + 1);
  const speech = new Uint8Array(frames);
  for (const { word, from, to, score } of phones) {
    for (let frame = from; frame <= to; frame++) {
      upTo[frame + 1] = score / (to - from + 1);
      speech[frame] = isWord(word) ? 1 : 0;
    }
  }
  for (let frame = 0; frame < frames; frame++) upTo[frame + 1] = at(upTo, frame + 1) + at(upTo, frame);
  const lead = ({ from, to, score }: Segment) => score - (at(upTo, to + 1) - at(upTo, from));
  let total = 0;
  let length = 0;
  let missed = 0;
  let worst = Infinity;
  for (const segment of answer) {
    total += lead(segment);
    const size = segment.to - segment.from + 1;
    if (isWord(segment.word)) {
      length += size;
      worst = Math.min(worst, lead(segment) / (size + SHORT_WORD));
    } else {
      for (let frame = segment.from; frame <= segment.to; frame++) missed += at(speech, frame);
    }
  }
  return (
    WEIGHT.bias +
    WEIGHT.mean * within(total / (length + missed), MEAN_BOUNDS) +
    WEIGHT.worst * within(worst, WORST_BOUNDS) +
    WEIGHT.length * Math.log(length) +
    WEIGHT.words * Math.log(words.length)
  );
}

const at = (list: Float64Array | Uint8Array, index: number): number => list[index] ?? 0;
const within = (value: number, [least, most]: readonly [number, number]): number =>
  Math.max(least, Math.min(most, value));

import type { TurnRules } from '../../agent/agent.ts';
import { lacksYear } from '../../agent/hear/dates.ts';
import { words } from '../../agent/hear/text.ts';
import { FILLERS, NO, YES } from '../../agent/hear/vocabulary.ts';
import type { Hear } from '../../agent/hear.ts';
import type { Expectation } from '../../ports/expectation.ts';
import { consistsOf, contains, normalise, spokenDigits, wordsOf } from './words.ts';

/**
 * What the words so far say about whether the turn is over. Pure.
 * `complete`: they answer what was asked and can hardly go on. `going-on`: they clearly do. `open`: neither.
 */
export type Completeness = 'complete' | 'open' | 'going-on';

/** A sentence that ends in one of these goes on. */
const DANGLING = new Set(
  (
    'a an the my your his her our their next at on in to from of for with by between about until and or but ' +
    'because so if when is are was am i we half quarter past um uh er hm like maybe perhaps could would can'
  ).split(' '),
);

export function completeness(text: string, expectation: Expectation): Completeness {
  const words = wordsOf(text);
  if (words.length === 0) return 'open';
  const slots = Object.values(expectation.slots);
  if (expectation.confirming || slots.some((slot) => slot.kind === 'yesno')) {
    const answer = yesOrNo(text);
    // "no" to a read-back is usually followed by what is right instead.
    if (answer === 'yes' || (answer === 'no' && !expectation.confirming)) return 'complete';
    if (answer === 'no') return 'open';
  }
  const judged = slots.map((slot) => ofSlot(text, slot));
  if (slots.length === 1 && judged[0] === 'complete') return 'complete';
  const last = words.at(-1) ?? '';
  if (judged.every((one) => one !== 'complete') && DANGLING.has(last)) return 'going-on';
  if (judged.length > 0 && judged.every((one) => one === 'going-on')) return 'going-on';
  return 'open';
}

function yesOrNo(text: string): 'yes' | 'no' | undefined {
  if (consistsOf(text, [...YES, ...FILLERS]) && !consistsOf(text, FILLERS)) return 'yes';
  if (consistsOf(text, [...NO, ...FILLERS]) && !consistsOf(text, FILLERS)) return 'no';
  return undefined;
}

function ofSlot(text: string, slot: Hear): Completeness {
  switch (slot.kind) {
    case 'date':
      // A birthday without its year goes on, however long its speaker thinks.
      return slot.lies === 'behind' && lacksYear(words(text)) ? 'going-on' : 'open';
    case 'yesno':
    case 'time':
    case 'free':
      return 'open';
    case 'choice':
    case 'name': {
      const plain = normalise(text);
      const said = slot.options.some((option) =>
        option.phrases.some((phrase) => endsWithPhrase(plain, normalise(phrase))),
      );
      return said ? 'complete' : 'open';
    }
    case 'digits': {
      const { length } = spokenDigits(text);
      if (length === slot.max) return 'complete';
      return length > 0 && length < slot.min ? 'going-on' : 'open';
    }
  }
}

/** An option that is named at the end of what was said; "book" in "book me a" is not yet an answer. */
function endsWithPhrase(plain: string, phrase: string): boolean {
  return contains(plain, phrase) && plain.endsWith(phrase);
}

/**
 * How much silence ends the turn, in milliseconds after the estimated end of the sound.
 * @param p the turn model's probability that the turn is complete; it only ever moves the timer
 */
export function endWait(
  text: string,
  expectation: Expectation,
  rules: TurnRules,
  p: number | undefined,
): number {
  switch (completeness(text, expectation)) {
    case 'complete':
      return rules.closedEndMs;
    case 'going-on':
      return rules.openEndMs;
    case 'open':
      if (p === undefined) return rules.endMs;
      if (p >= 0.5) return rules.endMs - (rules.endMs - rules.closedEndMs) * (p - 0.5) * 2;
      return rules.endMs + (rules.openEndMs - rules.endMs) * (0.5 - p) * 2;
  }
}

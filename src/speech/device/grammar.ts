import * as words from '../../agent/hear/vocabulary.ts';
import type { ChoiceOption, Hear } from '../../agent/hear.ts';
import type { Expectation } from '../../ports/expectation.ts';
import { any, compile, type Graph, maybe, oneOf, type Phrase, said, seq } from './graph.ts';

/**
 * From what an agent expects to what the decoder listens for. The words come from the list the parsers of
 * `agent/hear` read by; a test says every kind of phrase of these graphs to those parsers.
 */

/** An expectation as the decoder takes it: what answers it, and what may be said at any time. */
export interface Grammar {
  readonly id: string;
  readonly answers: Graph | undefined;
  readonly universal: Graph | undefined;
  /** What means nothing, and would be heard as something that does: "uh huh" as "the book". */
  readonly sounds: Graph;
}

/** One at most: a row of them is how a grammar that has to answer describes noise. */
const before = maybe(oneOf(words.FILLERS.filter((word) => !word.startsWith('thank'))));
const hesitation = maybe(oneOf(words.FILLERS.filter((word) => /^(?:u[mh]|erm?|please)$/.test(word))));
const after = maybe(oneOf(words.FILLERS.filter((word) => /^(?:please|thank)/.test(word))));
const digit = oneOf(Object.keys(words.DIGITS).filter((word) => word !== 'o'));
const keys = (table: Readonly<Record<string, unknown>>): string[] => Object.keys(table);

/** Cardinal numbers by value, such as 1…59, as callers say minutes and years: "oh five", "twenty one". */
function cardinals(from: number, to: number): Phrase {
  const phrases: Phrase[] = [];
  for (let value = from; value <= to; value++) phrases.push(...cardinal(value).map(said));
  return any(...phrases);
}

function cardinal(value: number): string[] {
  const named = [
    ...Object.entries(words.DIGITS),
    ...Object.entries(words.TEENS),
    ...Object.entries(words.TENS),
  ]
    .filter(([word, own]) => own === value && word !== 'o' && word !== 'oh')
    .map(([word]) => word);
  if (named.length > 0) return named;
  const ten = Object.entries(words.TENS).find(([, own]) => own === Math.floor(value / 10) * 10)?.[0];
  return ten ? cardinal(value % 10).map((unit) => `${ten} ${unit}`) : [];
}

/** "first" … "thirty first". */
function ordinals(): Phrase {
  const byValue = (from: number, to: number) =>
    Object.entries(words.ORDINALS)
      .filter(([, value]) => value >= from && value <= to)
      .map(([word]) => word);
  return any(
    oneOf(byValue(1, 20)),
    said('thirtieth'),
    seq(said('twenty'), oneOf(byValue(1, 9))),
    said('thirty first'),
  );
}

/** "nineteen eighty", "twenty twenty six", "two thousand six". */
function years(): Phrase {
  const within = any(cardinals(10, 99), seq(said('oh'), cardinals(1, 9)));
  return any(
    seq(oneOf(['nineteen', 'twenty']), within),
    seq(said('two thousand'), maybe(seq(maybe(said('and')), cardinals(1, 30)))),
  );
}

function date(): Phrase {
  const month = oneOf(words.MONTHS);
  const day = ordinals();
  // "may four" is not listened for: "third" was heard as "thirty", and a caller's "twelve" is heard as "twelfth".
  const dated = any(
    seq(month, maybe(said('the')), day),
    seq(maybe(said('the')), day, maybe(said('of')), month),
    seq(said('the'), day),
  );
  const weekday = seq(maybe(oneOf(['this', 'next', 'coming'])), oneOf(words.WEEKDAYS));
  return seq(
    maybe(said('on')),
    any(
      seq(weekday, maybe(any(said('next week'), seq(maybe(said('the')), dated)))),
      seq(dated, maybe(years())),
      oneOf(keys(words.RELATIVE_DAYS)),
    ),
  );
}

function time(): Phrase {
  const hour = cardinals(1, 12);
  const minutes = any(seq(said('oh'), cardinals(1, 9)), cardinals(10, 59));
  const partOfDay = any(
    ...keys(words.DAY_PARTS).map((part) => any(...leadInsOf(part).map((lead) => said(`${lead} ${part}`)))),
  );
  // Heard as one word each, because apart their letters are lost.
  const half: Phrase = any({ kind: 'word', word: 'a_m' }, { kind: 'word', word: 'p_m' });
  const hourFirst = any(hour, seq(hour, minutes));
  // Not with "a m": "five a m" was heard as "five to eight a m".
  const hourLast = any(
    seq(hour, said("o'clock")),
    seq(
      any(said('half'), said('quarter'), said('a quarter'), oneOf(['five', 'ten', 'twenty'])),
      oneOf(['past', 'to']),
      hour,
    ),
    seq(said('half'), hour),
  );
  return seq(
    maybe(oneOf(['at', 'around', 'about'])),
    any(
      seq(hourFirst, maybe(half, partOfDay)),
      seq(hourLast, maybe(partOfDay)),
      oneOf(keys(words.NAMED_TIMES)),
      oneOf(keys(words.DAY_PARTS)),
      partOfDay,
    ),
  );
}

function leadInsOf(part: string): string[] {
  if (part === 'tonight') return [];
  return words.DAY_PART_LEAD_INS.filter((lead) => part === 'night' || lead !== 'at');
}

function choice(options: readonly ChoiceOption[]): Phrase {
  const phrases = oneOf(options.flatMap((option) => option.phrases.map((phrase) => phrase.toLowerCase())));
  const nth = Object.entries(words.ORDINALS)
    .filter(([, value]) => value <= options.length)
    .map(([word]) => word);
  const place = any(
    seq(maybe(said('the')), oneOf(nth), maybe(oneOf(words.PLACE_NOUNS))),
    seq(maybe(said('the')), said('last'), oneOf(words.PLACE_NOUNS)),
    seq(oneOf(words.PLACE_LEAD_INS), cardinals(1, options.length)),
  );
  return seq(
    maybe(oneOf(words.LEAD_INS.filter((lead) => lead.includes(' ')))),
    maybe(oneOf(words.LEAD_INS.filter((lead) => !lead.includes(' ')))),
    any(phrases, place),
  );
}

/** "from Monday": the word that tells two dates of one sentence apart. */
function marked(after: readonly string[] | undefined, phrase: Phrase): Phrase {
  return !after || after.length === 0 ? phrase : seq(maybe(oneOf(after)), phrase);
}

function slot(hear: Hear): Phrase | undefined {
  switch (hear.kind) {
    case 'yesno':
      return oneOf([...words.YES, ...words.NO]);
    case 'choice':
    case 'name':
      return choice(hear.options);
    case 'digits':
      return {
        kind: 'counted',
        unit: digit,
        repeats: words.REPEATS,
        min: Math.max(1, hear.min),
        max: hear.max,
      };
    case 'date':
      return marked(hear.after, date());
    case 'time':
      return marked(hear.after, time());
    case 'free':
      return hear.keyTerms.length > 0 ? oneOf(hear.keyTerms.map((term) => term.toLowerCase())) : undefined;
  }
}

/** More slots than this in any order cost more states than callers use. */
const ANY_ORDER_MAX = 2;

/**
 * Many slots in one sentence, as callers order them: first what is wanted, then the day it is moved from, the day, the time. Each at most once, lest the end of a sentence be heard as the beginning of another.
 */
function severalOf(hears: readonly Hear[], joiner: Phrase): Phrase {
  const phrases = (which: (hear: Hear) => boolean) =>
    hears
      .filter(which)
      .map(slot)
      .filter((phrase) => phrase !== undefined);
  const isWhen = (hear: Hear) => hear.kind === 'date' || hear.kind === 'time';
  const isMarked = (hear: Hear) => 'after' in hear && (hear.after?.length ?? 0) > 0;
  const wishes = phrases((hear) => !isWhen(hear));
  const marked = phrases((hear) => isWhen(hear) && isMarked(hear));
  const dates = phrases((hear) => hear.kind === 'date' && !isMarked(hear));
  const times = phrases((hear) => hear.kind === 'time' && !isMarked(hear));
  const whens: Phrase[] = [...times];
  for (const date of dates) {
    const when = times.length === 0 ? date : seq(date, maybe(seq(joiner, any(...times))));
    whens.push(when, ...marked.map((from) => seq(from, joiner, when)));
  }
  whens.push(...marked);
  if (whens.length === 0) return any(...wishes);
  return wishes.length === 0
    ? any(...whens)
    : any(...whens, seq(any(...wishes), maybe(seq(joiner, any(...whens)))));
}

function answers(expectation: Expectation): Phrase | undefined {
  const hears = Object.values(expectation.slots);
  const slots = hears.map(slot).filter((phrase) => phrase !== undefined);
  const joiner = maybe(oneOf(['for', 'to']));
  const filled: Phrase | undefined =
    slots.length === 0
      ? undefined
      : slots.length <= ANY_ORDER_MAX
        ? { kind: 'inAnyOrder', of: slots, joiner }
        : severalOf(hears, joiner);
  // Before digits "for" is four, and "at" is eight.
  const onlyDigits = Object.values(expectation.slots).every((hear) => hear.kind === 'digits');
  const lead = maybe(oneOf(onlyDigits ? LEADS_OF_NUMBERS : LEADS_ANYWHERE));
  const filledWithLead = filled && seq(lead, filled);
  if (!expectation.confirming) return filledWithLead && seq(before, filledWithLead, after);
  const confirmed = any(
    oneOf(words.YES),
    seq(
      oneOf(words.NO),
      maybe(...(filledWithLead ? [seq(maybe(oneOf(['make it', 'i said', 'not'])), filledWithLead)] : [])),
    ),
    ...(filledWithLead ? [filledWithLead] : []),
  );
  return seq(before, confirmed, after);
}

/** Beginnings that fit any answer; what only fits a choice stands there. */
const LEADS_OF_NUMBERS = ["it's", 'it is', 'the number is', 'my number is'];
const LEADS_ANYWHERE = ["i'd like", 'i would like', "it's", 'it is', 'make it', 'how about'];

function universal(): Phrase {
  const person = seq(
    maybe(oneOf(words.LEAD_INS.filter((lead) => lead.includes(' ')))),
    maybe(oneOf(['speak to', 'speak with', 'talk to', 'talk with'])),
    oneOf(words.UNIVERSAL.person),
  );
  const rest = oneOf([
    ...words.UNIVERSAL.repeat,
    ...words.UNIVERSAL.restart,
    ...words.UNIVERSAL.goodbye,
    ...words.UNIVERSAL.hold,
  ]);
  // Nobody greets in the middle of a call, and "call waiting" was heard as "hello wait".
  return seq(hesitation, any(person, rest), after);
}

const SOUNDS = compile(oneOf(['uh_huh', 'mm_hm']));

/** Compiles an expectation. Pure; up to some tens of milliseconds for several slots at once. */
export function grammarOf(expectation: Expectation): Grammar {
  const phrase = answers(expectation);
  return {
    id: expectation.id,
    answers: phrase && compile(phrase),
    universal: expectation.universal ? compile(universal()) : undefined,
    sounds: SOUNDS,
  };
}

import { hear } from '../src/agent/hear.ts';
import type { Expectation } from '../src/ports/expectation.ts';
import { listRecordings, openRecordings, type Recording, readRecording } from '../src/sim/phrases.ts';

/** What is said to the recogniser, what it expects, and what would be right. */
export interface Utterance {
  readonly set: string;
  readonly expect: Expectation;
  /** The right text; undefined when nothing of it is expected and it must be rejected. */
  readonly right: string | undefined;
  readonly label: string;
  /** The sound, 8 kHz; `take` 1 is the second try: the same words with other pauses. */
  speech(take: 0 | 1): Int16Array;
}

const expectation = (id: string, slots: Expectation['slots'], confirming = false): Expectation => ({
  id,
  slots,
  confirming,
  universal: true,
});

/** Questions as agents of a clinic, a switchboard and a survey ask them. */
export const QUESTIONS = {
  yesNo: expectation('yes-no', { answer: hear.yesNo() }),
  want: expectation('want', {
    want: hear.choice({
      new: ['new', 'a new appointment', 'make an appointment', 'book an appointment'],
      change: ['change', 'change my appointment', 'move my appointment'],
      cancel: ['cancel', 'cancel my appointment'],
      message: ['leave a message'],
    }),
  }),
  department: expectation('department', {
    department: hear.choice({
      accounts: ['accounting', 'accounts', 'billing'],
      sales: ['sales', 'sales partnership'],
      directory: ['company directory', 'directory'],
      support: ['a customer advocate', 'customer service'],
    }),
  }),
  wishes: expectation('wishes', {
    want: hear.choice({
      book: ['book', 'book an appointment', 'make an appointment', 'a new appointment', 'new'],
      move: ['move', 'move my appointment', 'move it', 'change', 'change my appointment', 'to change'],
      cancel: ['cancel', 'cancel my appointment', 'cancel it', 'to cancel'],
      hours: ['opening hours', 'your opening hours', 'hours', 'when are you open'],
    }),
    from: hear.date({ after: ['from'] }),
    day: hear.date(),
    time: hear.time(),
  }),
  scale: expectation('scale', {
    rating: hear.choice({
      1: ['one', 'very bad'],
      2: ['two', 'bad'],
      3: ['three', 'all right'],
      4: ['four', 'good'],
      5: ['five', 'very good', 'perfect'],
    }),
  }),
  phonetic: expectation('phonetic', {
    name: hear.name(
      'hotel golf papa echo bravo kilo lima quebec tango uniform whiskey yankee zulu alpha foxtrot'.split(
        ' ',
      ),
    ),
  }),
  name: expectation('name', {
    name: hear.name(['charlie', 'juliet', 'mike', 'oscar', 'romeo', 'sierra', 'victor', 'india', 'delta']),
  }),
  rating: expectation('rating', { rating: hear.digits(1) }),
  pin: expectation('pin', { pin: hear.digits(4) }),
  phone: expectation('phone', { phone: hear.digits(7) }),
  account: expectation('account', { account: hear.digits(10) }),
  order: expectation('order', { order: hear.digits({ min: 3, max: 8 }) }),
  day: expectation('day', { day: hear.date() }),
  time: expectation('time', { time: hear.time() }),
  when: expectation('when', { day: hear.date(), time: hear.time() }),
  confirm: expectation('confirm', { day: hear.date(), time: hear.time() }, true),
} as const;

/** A small generator, so that every run says the same. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * The half of the recordings that one belongs to: with one the settings were fitted, with the other they are tested.
 * Clean recordings of a word exist once, so the words of the halves differ: even digits tune, odd ones test, and a hash of
 * the file's name decides for the rest. Digits cut out of menus belong to neither, because nobody speaks that fast to a
 * machine. Only "a m", "p m", "o'clock" and "yes" are in both.
 */
export type Half = 'tuning' | 'test';

const SHARED = /^(?:a m|p m|o'clock|yes)$/;

function halfOf({ use, kind, text, file }: Recording): Half | undefined {
  if (use === 'tuning') return kind === 'number' ? undefined : 'tuning';
  if (use === 'demo') return 'tuning';
  if (kind === 'prompt') return 'test';
  if (kind === 'number' && /^(?:zero|oh|two|four|six|eight)$/.test(text)) return 'tuning';
  if (kind === 'number' && /^(?:one|three|five|seven|nine)$/.test(text)) return 'test';
  return hash(file) % 2 === 1 ? 'tuning' : 'test';
}

function hash(text: string): number {
  let value = 2166136261;
  for (const letter of text) value = Math.imul(value ^ letter.charCodeAt(0), 16777619);
  value ^= value >>> 15;
  value = Math.imul(value, 0x2c1b3c6d);
  return (value ^ (value >>> 12)) >>> 0;
}

const list = (text: string): string[] => text.split(' ');
const DIGITS = list('oh one two three four five six seven eight nine zero');
const HOURS = list('one two three four five six seven eight nine ten eleven twelve');
const MINUTES =
  'oh five,ten,fifteen,twenty,twenty five,thirty,thirty five,forty,forty five,fifty,fifty five'.split(',');
const WEEKDAYS = list('monday tuesday wednesday thursday friday saturday sunday');
const MONTHS = list('january february march april may june july august september october november december');
const ORDINALS = list(
  'first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth thirtieth',
);
const ANSWERS = ['yes', 'no', 'correct', 'right', 'incorrect', 'no thank you', 'yes please'];
const CHANGES = ['new', 'change', 'cancel', 'to cancel', 'to change'];
const AT_ANY_TIME =
  'an operator,a representative,speak with a representative,start over,goodbye,repeat,one moment,one moment please,wait a moment,please wait a moment'.split(
    ',',
  );

interface Sentence {
  readonly set: string;
  readonly question: keyof typeof QUESTIONS;
  readonly text: string;
}

/**
 * Sentences that answer the questions; those that cannot be said are left out.
 *
 * @param sayable whether somebody recorded the words of a text
 */
function sentences(seed: number, sayable: (text: string) => boolean): Sentence[] {
  const random = seeded(seed);
  const pick = (from: readonly string[]) => from[Math.floor(random() * from.length)] ?? '';
  const times = (count: number, make: () => string) => Array.from({ length: count }, make);
  const all: Sentence[] = [];
  const add = (set: string, question: Sentence['question'], texts: readonly string[]) => {
    for (const text of new Set(texts)) if (sayable(text)) all.push({ set, question, text });
  };
  const oneOf = (words: readonly string[]) => {
    const own = words.filter((word) => sayable(word));
    return () => pick(own);
  };
  const [digit, hour, minutes] = [oneOf(DIGITS), oneOf(HOURS), oneOf(MINUTES)];
  const [weekday, month, ordinal] = [oneOf(WEEKDAYS), oneOf(MONTHS), oneOf(ORDINALS)];
  const half = () => pick(['a m', 'p m']);
  const clock = () => `${hour()} ${minutes()}`;
  const date = () => `${month()} ${ordinal()}`;
  const day = () => pick([weekday(), ...['tomorrow'].filter((word) => sayable(word)), date()]);
  const digits = (count: number) => times(count, digit).join(' ');

  add('yes, no', 'yesNo', [...ANSWERS, 'this is correct', 'perfect', 'no please']);
  add('choice', 'want', [...CHANGES, 'leave a message', 'the first one', 'the second one', 'the third one']);
  add('choice', 'want', ['number two', 'number one', 'change please', 'cancel please']);
  add('choice', 'department', ['accounting', 'sales', 'sales partnership', 'company directory']);
  add('choice', 'department', ['speak with a customer advocate', 'the second one', 'the first one']);
  add('choice', 'wishes', [...CHANGES, ...times(5, () => `change to ${weekday()}`)]);
  add(
    'choice',
    'wishes',
    times(4, () => `to change to ${weekday()} at ${hour()} ${half()}`),
  );
  add('choice', 'scale', ['one', 'two', 'three', 'four', 'five', 'good', 'perfect', 'number three']);
  add('name', 'name', list('charlie juliet mike oscar romeo sierra victor india delta'));
  add(
    'name',
    'phonetic',
    list('hotel golf papa echo bravo kilo lima quebec tango uniform whiskey yankee zulu alpha foxtrot'),
  );
  add('one digit', 'rating', DIGITS);
  for (const [count, question, length] of [
    [20, 'pin', 4],
    [16, 'phone', 7],
    [8, 'account', 10],
  ] as const)
    add(
      `${length} digits`,
      question,
      times(count, () => digits(length)),
    );
  add(
    '3 to 8 digits',
    'order',
    times(12, () => digits(3 + Math.floor(random() * 6))),
  );
  add('day', 'day', [...WEEKDAYS, 'today', 'tomorrow', ...times(14, date)]);
  add(
    'day',
    'day',
    times(6, () => `the ${ordinal()} of ${month()}`),
  );
  add(
    'day',
    'day',
    times(6, () => `${weekday()} ${date()}`),
  );
  add('time', 'time', [...times(8, () => `${clock()} ${half()}`), ...times(8, clock)]);
  add('time', 'time', [...times(6, () => `${hour()} ${half()}`), ...times(6, () => `${hour()} o'clock`)]);
  add(
    'day and time',
    'when',
    times(14, () => `${day()} at ${clock()} ${half()}`),
  );
  add(
    'day and time',
    'when',
    times(6, () => `${day()} at ${hour()} ${half()}`),
  );
  add(
    'day and time',
    'when',
    times(4, () => `${day()} at ${clock()}`),
  );
  add(
    'day and time',
    'when',
    times(4, () => `at ${clock()} ${half()} on ${weekday()}`),
  );
  add('confirmation', 'confirm', [...ANSWERS.slice(0, 6), ...times(8, () => `no ${day()}`)]);
  add(
    'confirmation',
    'confirm',
    times(4, () => `no at ${clock()} ${half()}`),
  );
  for (const question of ['yesNo', 'want', 'pin', 'when'] as const) add('at any time', question, AT_ANY_TIME);
  return all;
}

/** What the questions expect, said by joined recordings of one half. */
export function expectedUtterances(half: Half): Utterance[] {
  const voice = openRecordings(
    (recording) =>
      recording.speaker === 'Allison Smith' &&
      recording.kind !== 'prompt' &&
      recording.text !== '' &&
      (halfOf(recording) === half || SHARED.test(recording.text)),
  );
  const sayable = (text: string) => {
    try {
      return voice.say(text).length > 0;
    } catch {
      return false;
    }
  };
  return sentences(20_261, sayable).map(({ set, question, text }) => ({
    set,
    expect: QUESTIONS[question],
    right: text,
    label: text,
    speech: (take) => voice.say(text, { gapMs: take === 0 ? 60 : 110 }),
  }));
}

/** Whole prompts, answers to other questions, and sounds: nothing here is expected. */
export function unexpectedUtterances(half: Half): Utterance[] {
  const all: Utterance[] = [];
  const questions = Object.values(QUESTIONS);
  const add = (set: string, { text, file }: Recording, expects: readonly Expectation[]) => {
    for (const expect of expects)
      all.push({ set, expect, right: undefined, label: text || file, speech: () => readRecording(file) });
  };
  let prompts = 0;
  for (const recording of listRecordings().filter((one) => halfOf(one) === half)) {
    const { kind, text } = recording;
    if (kind === 'prompt' || kind === 'sentence') {
      // Two questions each: a prompt is as foreign to one as to another.
      add('other sentences', recording, [at(questions, prompts * 2), at(questions, prompts * 2 + 1)]);
      prompts++;
    }
    if (kind === 'sound') add('sounds', recording, [QUESTIONS.yesNo, QUESTIONS.pin, QUESTIONS.when]);
    if (kind === 'name')
      add('words of other questions', recording, [QUESTIONS.yesNo, QUESTIONS.pin, QUESTIONS.time]);
    if (kind === 'choice' && !/^(?:fine|perfect|next|the next)$/.test(text))
      add('words of other questions', recording, [QUESTIONS.yesNo, QUESTIONS.phone, QUESTIONS.day]);
    if (kind === 'date') add('words of other questions', recording, [QUESTIONS.yesNo]);
  }
  return all;
}

function at<T>(of: readonly T[], index: number): T {
  return of[index % of.length] as T;
}

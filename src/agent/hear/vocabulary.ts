/**
 * The English words that parsers understand and recognisers must be able to hear. One list for both, so that nothing
 * is heard that is not understood, and nothing is understood that cannot be heard.
 *
 * Everything is lower case without punctuation, as `words` in `text.ts` leaves it.
 */

/** The digits as said one by one. "oh" is how most callers say zero. */
export const DIGITS: Readonly<Record<string, number>> = {
  zero: 0,
  oh: 0,
  o: 0,
  one: 1,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
};

export const TEENS: Readonly<Record<string, number>> = {
  ten: 10,
  eleven: 11,
  twelve: 12,
  thirteen: 13,
  fourteen: 14,
  fifteen: 15,
  sixteen: 16,
  seventeen: 17,
  eighteen: 18,
  nineteen: 19,
};

export const TENS: Readonly<Record<string, number>> = {
  twenty: 20,
  thirty: 30,
  forty: 40,
  fifty: 50,
  sixty: 60,
  seventy: 70,
  eighty: 80,
  ninety: 90,
};

/** "double five", "triple five". */
export const REPEATS: Readonly<Record<string, number>> = { double: 2, triple: 3 };

/** Ordinals up to the last day of a month; the tens combine with a unit: "twenty first". */
export const ORDINALS: Readonly<Record<string, number>> = {
  first: 1,
  second: 2,
  third: 3,
  fourth: 4,
  fifth: 5,
  sixth: 6,
  seventh: 7,
  eighth: 8,
  ninth: 9,
  tenth: 10,
  eleventh: 11,
  twelfth: 12,
  thirteenth: 13,
  fourteenth: 14,
  fifteenth: 15,
  sixteenth: 16,
  seventeenth: 17,
  eighteenth: 18,
  nineteenth: 19,
  twentieth: 20,
  thirtieth: 30,
};

/** Index 0 is Monday. */
export const WEEKDAYS = [
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
  'sunday',
] as const;

/** Index 0 is January. */
export const MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
] as const;

/** Days named by their distance from today. */
export const RELATIVE_DAYS: Readonly<Record<string, number>> = {
  'the day after tomorrow': 2,
  'day after tomorrow': 2,
  'in a week': 7,
  'in two weeks': 14,
  'in three weeks': 21,
  yesterday: -1,
  today: 0,
  tonight: 0,
  tomorrow: 1,
};

/** Parts of the day as ranges of minutes since midnight: from, and up to but not including. */
export const DAY_PARTS: Readonly<Record<string, readonly [from: number, to: number]>> = {
  morning: [5 * 60, 12 * 60],
  afternoon: [12 * 60, 18 * 60],
  evening: [17 * 60, 22 * 60],
  night: [18 * 60, 24 * 60],
  tonight: [17 * 60, 24 * 60],
};

/** How a part of the day is led in: "in the morning", "at night", "this afternoon". */
export const DAY_PART_LEAD_INS = ['in the', 'at', 'this', 'the'] as const;

/** Times that have a name, in minutes since midnight. */
export const NAMED_TIMES: Readonly<Record<string, number>> = {
  noon: 12 * 60,
  midday: 12 * 60,
  midnight: 0,
};

/** Longest first, so that "yes that is right" is not taken for a bare "yes" with something after it. */
export const YES = [
  'yes that is right',
  'yes that is correct',
  "yes that's right",
  "yes that's correct",
  'yes please',
  'yes it is',
  'yes i do',
  'yes i would',
  'this is right',
  'this is correct',
  'that is right',
  'that is correct',
  "that's right",
  "that's correct",
  'sounds good',
  'of course',
  'go ahead',
  'yes',
  'yeah',
  'yep',
  'yup',
  'correct',
  'right',
  'exactly',
  'sure',
  'absolutely',
  'certainly',
  'okay',
  'ok',
  'affirmative',
  'perfect',
  'fine',
] as const;

export const NO = [
  "no that's not right",
  "no that's wrong",
  'no that is wrong',
  'no that is not right',
  'no thank you',
  'no thanks',
  'not really',
  'this is not right',
  'that is not right',
  "that's not right",
  'that is wrong',
  "that's wrong",
  'not quite',
  'no',
  'nope',
  'nah',
  'wrong',
  'incorrect',
  'not correct',
  'negative',
] as const;

/** What may be said in every state of every script. */
export const UNIVERSAL = {
  person: [
    'a person',
    'a real person',
    'a human',
    'an agent',
    'an operator',
    'operator',
    'the operator',
    'a representative',
    'representative',
    'someone',
    'somebody',
    'the front desk',
  ],
  repeat: [
    'repeat',
    'repeat that',
    'repeat that please',
    'say that again',
    'say again',
    'come again',
    'pardon',
    'pardon me',
    'what did you say',
    'could you repeat that',
    'can you repeat that',
    'again please',
  ],
  restart: ['start over', 'start again', 'from the beginning', 'begin again', 'main menu'],
  goodbye: ['goodbye', 'good bye', 'bye', 'bye bye', "that's all", 'that is all', 'hang up'],
  hold: [
    'hang on',
    'hold on',
    'one moment',
    'one moment please',
    'just a moment',
    'just a second',
    'one second',
    'wait',
    'wait a moment',
    'wait a minute',
    'give me a moment',
    'give me a second',
    'let me check',
    'let me see',
  ],
} as const;

export type Universal = keyof typeof UNIVERSAL;

/** Said before what is meant, and carrying nothing: "I would like to", "talk to". */
export const LEAD_INS = [
  'i would like to',
  "i'd like to",
  'i would like',
  "i'd like",
  'i want to',
  'i want',
  'i need to',
  'i need',
  'can i',
  'could i',
  'can you',
  'could you',
  'may i',
  'i will take',
  "i'll take",
  'i will have',
  "i'll have",
  'let me',
  'speak to',
  'speak with',
  'talk to',
  'talk with',
  'connect me to',
  'connect me with',
  'transfer me to',
  'give me',
  'get me',
  'make it',
  'how about',
  'what about',
  'it is',
  "it's",
  'that is',
  "that's",
  'my name is',
  'this is',
  'to',
  'for',
  'on',
  'at',
  'the',
  'a',
  'an',
  'my',
] as const;

/** Sounds and politeness that mean nothing by themselves anywhere in a sentence. */
export const FILLERS = [
  'um',
  'uh',
  'er',
  'erm',
  'hmm',
  'well',
  'so',
  'please',
  'thanks',
  'thank you',
  'hello',
  'hi',
] as const;

/** What may precede the place of an option in a list: "number two", "option two", "the second one". */
export const PLACE_LEAD_INS = ['number', 'option', 'choice'] as const;
export const PLACE_NOUNS = ['one', 'option', 'choice'] as const;

/** Words that show listening; a caller who says only this does not interrupt. */
export const BACKCHANNELS = [
  'uh',
  'uh huh',
  'mm hm',
  'mhm',
  'mm',
  'hmm',
  'ah',
  'oh',
  'i see',
  'got it',
  'alright',
  'all right',
  'okay',
  'ok',
  'right',
  'yeah',
] as const;

import { type Answer, KEY_GAP_MS, type Step } from '../../sim/caller-script.ts';
import { HUMAN_VOICE } from '../../sim/sounds.ts';
import type { Paint } from '../conversation-view.ts';

/** One caller of the demo, and what has to come of the call. */
export interface Role {
  readonly name: string;
  readonly paint: Paint;
  /** What this caller shows, as a sentence without its subject. */
  readonly about: string;
  readonly protocol: 'twilio' | 'pcm';
  readonly agent: string;
  readonly number: string;
  /** When the call begins, after the curtain has risen. */
  readonly atMs: number;
  readonly steps: readonly Step[];
  /** Comes while every seat is taken, is refused, and tries again. */
  readonly refusedFirst?: true;
  readonly interrupts?: true;
  readonly keys?: true;
  /** What the call's record has to say. */
  readonly result: Readonly<Record<string, unknown>>;
}

/** How many seats there are: one fewer than callers. */
export const SEATS = 4;

/** What is said to a question, and in other words when it was not understood. */
const say = (to: string, ...texts: string[]): Answer => ({ to, say: texts, voice: HUMAN_VOICE, once: false });
const once = (to: string, text: string): Answer => ({ to, say: [text], voice: HUMAN_VOICE, once: true });
const press = (to: string, keys: string): Answer => ({ to, keys, once: false });
const answer = (...answers: Answer[]): Step => ({ do: 'answer', answers, turns: 14, limitS: 20 });

/** The diary depends on today's date, so a time that is taken or past is answered too. */
const APPOINTMENT = [
  say('which other day', 'wednesday at eleven a m'),
  say('i have', 'the first one', 'first'),
  say('i still have', 'the first one', 'first'),
  say('anything else i can do for you', 'no'),
];

export const CAST: readonly Role[] = [
  {
    name: 'anna',
    paint: 'cyan',
    about: 'knows the key for booking, and books',
    protocol: 'twilio',
    agent: 'clinic',
    number: '+12025550111',
    atMs: 0,
    keys: true,
    steps: [
      { do: 'keys', keys: '1', gapMs: KEY_GAP_MS, bargeInMs: 2600 },
      answer(
        say('would you like to book', 'new'),
        say('you can say book', 'new'),
        say('which day and what time', 'friday at ten thirty a m'),
        say('please say the day and the time', 'friday at ten thirty a m'),
        say('is that right', 'right', 'yes', 'correct'),
        ...APPOINTMENT,
      ),
    ],
    result: { done: 'booked' },
  },
  {
    name: 'ben',
    paint: 'magenta',
    about: 'interrupts the agent, and cancels',
    protocol: 'pcm',
    agent: 'clinic',
    number: '+12025550122',
    atMs: 900,
    interrupts: true,
    steps: [
      { do: 'say', text: 'to cancel', voice: HUMAN_VOICE, bargeInMs: 3600 },
      answer(
        say('would you like to book', 'to cancel'),
        say('you can say book', 'to cancel'),
        say('shall i cancel it', 'yes', 'right'),
        ...APPOINTMENT,
      ),
    ],
    result: { done: 'cancelled' },
  },
  {
    name: 'cleo',
    paint: 'yellow',
    about: 'answers a survey by voice and by key',
    protocol: 'twilio',
    agent: 'survey',
    number: '+12025550133',
    atMs: 2100,
    keys: true,
    steps: [
      answer(
        press('on a scale from one to five', '2'),
        say('come to us again', 'no'),
        say('call you back', 'yes', 'right'),
        press('at which number', '5550123#'),
        say('is that right', 'right', 'yes', 'correct'),
      ),
    ],
    result: { rating: 2, returns: false, phone: '5550123' },
  },
  {
    name: 'dan',
    paint: 'blue',
    about: 'moves an appointment, and corrects the day',
    protocol: 'twilio',
    agent: 'clinic',
    number: '+12025550144',
    atMs: 3000,
    steps: [
      answer(
        say('would you like to book', 'to change'),
        say('you can say book', 'to change'),
        say('which day and what time', 'tuesday at two p m'),
        say('please say the day and the time', 'tuesday at two p m'),
        once('is that right', 'no thursday'),
        say('is that right', 'right', 'yes', 'correct'),
        ...APPOINTMENT,
      ),
    ],
    result: { done: 'moved' },
  },
  {
    name: 'eve',
    paint: 'green',
    about: 'calls while every seat is taken',
    protocol: 'twilio',
    agent: 'survey',
    number: '+12025550155',
    atMs: 6000,
    refusedFirst: true,
    steps: [
      answer(
        say('on a scale from one to five', 'perfect'),
        say('please say a number', 'five'),
        say('come to us again', 'yes', 'right'),
      ),
    ],
    result: { rating: 5, returns: true },
  },
];

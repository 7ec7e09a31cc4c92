import { defineAgent, hear, localTime, script, type ToolCall, tool, transfer } from 'cxbcore';
import { z } from 'zod';
import { Diary } from './lib/diary.ts';

/** The front desk of a clinic: books, moves and cancels appointments, and knows the opening hours. */

export const diary = new Diary();

/** Callers are known by their number, or by their patient number when it is withheld. */
const who = z.object({ patient: z.string().optional() });
const slot = who.extend({ day: z.iso.date(), time: z.string() });

const caller = (patient: string | undefined, call: ToolCall) => call.line.from ?? patient ?? call.id;
const now = (call: ToolCall) => localTime(call.wallMs, call.timeZone);

const find = tool({
  name: 'find',
  description: "Find the caller's appointment",
  inputSchema: who,
  effect: 'none',
  execute: ({ patient }, { call }) => diary.find(caller(patient, call), now(call)) ?? null,
});

const look = tool({
  name: 'look',
  description: 'Look whether a time is free',
  inputSchema: slot,
  effect: 'none',
  execute: ({ day, time, patient }, { call }) => diary.look({ day, time }, now(call), caller(patient, call)),
});

const book = tool({
  name: 'book',
  description: "Book a time in place of the caller's present appointment",
  inputSchema: slot,
  effect: 'once',
  filler: 'One moment, I am writing that down.',
  timeoutMs: 5000,
  execute: ({ day, time, patient }, { call, key }) =>
    diary.book({ day, time }, caller(patient, call), now(call), key),
});

const cancel = tool({
  name: 'cancel',
  description: "Cancel the caller's appointment",
  inputSchema: who,
  effect: 'idempotent',
  execute: ({ patient }, { call }) => diary.cancel(caller(patient, call)),
});

const wishes = {
  book: ['book', 'book an appointment', 'make an appointment', 'a new appointment', 'new'],
  move: ['move', 'move my appointment', 'move it', 'change', 'change my appointment', 'to change'],
  cancel: ['cancel', 'cancel my appointment', 'cancel it', 'to cancel'],
  hours: ['opening hours', 'your opening hours', 'hours', 'when are you open'],
} as const;

export const clinic = defineAgent({
  name: 'clinic',
  timeZone: 'America/New_York',
  greeting: 'Lakeside Clinic. This is an automated assistant.',
  result: slot
    .pick({ day: true, time: true })
    .extend({ done: z.enum(['booked', 'moved', 'cancelled']) })
    .partial(),
  brain: script({
    slots: {
      want: hear.choice(wishes),
      again: hear.choice({
        ...wishes,
        none: ['no', 'no thank you', 'no thanks', 'nothing else'],
        more: ['yes', 'yes please'],
      }),
      from: hear.date({ after: ['from'] }),
      day: hear.date({ ask: 'For which day?' }),
      time: hear.time({ ask: 'And at what time?' }),
      patient: hear.digits(4, { sensitive: true }),
    },
    start: 'want',
    person: transfer({ to: 'tel:+15550100' }),
    states: {
      want: {
        say: 'Would you like to book, move or cancel an appointment, or hear our opening hours?',
        rephrase: 'You can say book, move, cancel, or opening hours. For a person, say operator.',
        hear: 'want',
        also: ['from', 'day', 'time'],
        next: ({ want, patient }, _outcome, { line }) =>
          want === 'hours' ? 'hours' : line.from === undefined && patient === undefined ? 'patient' : 'find',
      },
      patient: {
        say: 'Your number is withheld. Please say or key in your four digit patient number.',
        hear: 'patient',
        next: 'find',
      },
      find: {
        run: find,
        next: ({ want }, found) => {
          if (want !== 'book' && !(found.ok && found.value)) return 'none';
          return want === 'cancel' ? 'cancel' : 'when';
        },
      },
      none: { say: 'I find no appointment for you.', next: 'again' },
      when: {
        say: 'Which day, and what time?',
        rephrase: 'Please say the day and the time, such as Friday at ten thirty.',
        hear: ['day', 'time'],
        run: look,
        next: (_slots, seen) => {
          if (!seen.ok) return 'person';
          if (seen.value.status === 'free') return 'book';
          return seen.value.free.length > 0 ? 'instead' : 'otherDay';
        },
      },
      instead: {
        forget: ['time'],
        say: ({ day }, about) => {
          const seen = about.of(look);
          if (!seen?.ok || seen.value.day !== day) return `At what time on ${about.words.day}?`;
          const { status, time } = seen.value;
          const why = { free: '', taken: 'taken', closed: 'outside our opening hours', past: 'in the past' }[
            status
          ];
          return `${about.say(time)} is ${why}. On ${about.words.day} I have`;
        },
        rephrase: 'I still have',
        hear: 'time',
        also: ['day'],
        offer: ({ day }, about) => {
          const seen = about.of(look);
          return seen?.ok && seen.value.day === day ? seen.value.free : [];
        },
        next: 'when',
      },
      otherDay: {
        forget: ['day', 'time'],
        say: (_slots, about) => {
          const seen = about.of(look);
          return seen?.ok && seen.value.status === 'past'
            ? 'That day is in the past. Which other day, and what time?'
            : 'Nothing is free on that day. Which other day, and what time?';
        },
        hear: ['day', 'time'],
        next: 'when',
      },
      book: {
        hear: ['day', 'time'],
        confirm: ({ want }, { words, of, say }) => {
          const had = of(find);
          return want === 'move' && had?.ok && had.value
            ? `I will move your appointment from ${say(had.value.day)} to ${words.day} at ${words.time}. Is that right?`
            : `${words.day} at ${words.time}. Is that right?`;
        },
        corrected: 'when',
        run: book,
        result: ({ want, day, time }, booked) =>
          booked.ok && booked.value.status === 'free'
            ? { done: want === 'move' ? 'moved' : 'booked', day, time }
            : {},
        next: (_slots, booked) =>
          booked.ok ? (booked.value.status === 'free' ? 'booked' : 'when') : 'failed',
      },
      booked: {
        say: ({ want }, { words }) =>
          `It is ${want === 'move' ? 'moved to' : 'booked for'} ${words.day} at ${words.time}.`,
        next: 'again',
      },
      failed: {
        say: 'I am sorry, I cannot tell whether that was written down, so somebody has to look.',
        next: 'person',
      },
      cancel: {
        confirm: (_slots, { of, say }) => {
          const had = of(find);
          return had?.ok && had.value
            ? `Your appointment is on ${say(had.value.day)} at ${say(had.value.time)}. Shall I cancel it?`
            : 'Shall I cancel your appointment?';
        },
        refused: 'again',
        run: cancel,
        result: (_slots, cancelled) => (cancelled.ok ? { done: 'cancelled' } : {}),
        next: (_slots, cancelled) => (cancelled.ok ? 'cancelled' : 'failed'),
      },
      cancelled: { say: 'It is cancelled.', next: 'again' },
      hours: {
        say: 'We are open Monday to Friday from nine to five, and on Saturday from nine to noon.',
        next: 'again',
      },
      again: {
        forget: ['again', 'want', 'from', 'day', 'time'],
        say: 'Is there anything else I can do for you?',
        rephrase: 'You can say no, or what else you would like: book, move, cancel, or opening hours.',
        hear: 'again',
        set: ({ again }) => ({ want: again === 'none' || again === 'more' ? undefined : again }),
        next: ({ again, want }) => (again === 'none' ? 'bye' : want === 'hours' ? 'hours' : 'want'),
      },
      bye: { say: 'Thank you for calling Lakeside Clinic. Goodbye.', next: 'end' },
    },
  }),
});

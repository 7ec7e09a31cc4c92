import { defineAgent, hear, script } from 'cxbcore';

/** Answers keys without hearing or speaking anything, so that only our own time is left. */
export const instant = defineAgent({
  name: 'instant',
  timeZone: 'America/New_York',
  stt: 'none',
  tts: 'none',
  greeting: 'Hello.',
  brain: script({
    slots: { a: hear.digits(1), b: hear.digits(1), c: hear.digits(1), d: hear.digits(1), e: hear.digits(1) },
    start: 'a',
    states: {
      a: { say: 'One.', hear: 'a', next: 'b' },
      b: { say: 'Two.', hear: 'b', next: 'c' },
      c: { say: 'Three.', hear: 'c', next: 'd' },
      d: { say: 'Four.', hear: 'd', next: 'e' },
      e: { say: 'Five.', hear: 'e', next: 'bye' },
      bye: { say: 'Goodbye.', next: 'end' },
    },
  }),
});

import { defineAgent, hear, script } from 'cxbcore';

/** Talks at length, to be interrupted: again after each interruption. */
export const talker = defineAgent({
  name: 'talker',
  timeZone: 'America/New_York',
  greeting: 'Hello.',
  turns: { interruptMs: 200, interruptWords: 0 },
  brain: script({
    slots: { a: hear.yesNo(), b: hear.yesNo(), c: hear.yesNo(), d: hear.yesNo() },
    start: 'a',
    states: {
      a: { say: long('first'), hear: 'a', next: 'b' },
      b: { say: long('second'), hear: 'b', next: 'c' },
      c: { say: long('third'), hear: 'c', next: 'd' },
      d: { say: long('last'), hear: 'd', next: 'bye' },
      bye: { say: 'Goodbye.', next: 'end' },
    },
  }),
});

function long(which: string): string {
  return `This is the ${which} notice, and it is quite long, because somebody is going to interrupt it long before it has come to its end. Please say yes when you have heard enough of it.`;
}

import { defineAgent, hear, script } from 'cxbcore';

/** Asks eight questions: six whose answers are closed (yes or no, a choice, four digits), two for a day and a time. */
export const turns = defineAgent({
  name: 'turns',
  timeZone: 'America/New_York',
  greeting: 'Hello, this is a measurement.',
  brain: script({
    slots: {
      sure: hear.yesNo(),
      team: hear.choice({ sales: ['sales'], accounting: ['accounting'], family: ['family'] }),
      code: hear.digits(4),
      day: hear.date(),
      time: hear.time(),
      right: hear.yesNo(),
      act: hear.choice({ cancel: ['cancel', 'to cancel'], change: ['change', 'to change'] }),
      pin: hear.digits(4),
      nextDay: hear.date(),
      nextTime: hear.time(),
    },
    start: 'sure',
    states: {
      sure: { say: 'Shall we begin?', hear: 'sure', next: 'team' },
      team: { say: 'Sales, accounting, or family?', hear: 'team', next: 'code' },
      code: { say: 'Please say your four digit code.', hear: 'code', next: 'when' },
      when: { say: 'Which day, and what time?', hear: ['day', 'time'], next: 'right' },
      right: { say: 'Is that right?', hear: 'right', next: 'act' },
      act: { say: 'Do you want to cancel, or to change?', hear: 'act', next: 'pin' },
      pin: { say: 'Please say your four digit number.', hear: 'pin', next: 'again' },
      again: { say: 'Which other day, and what time?', hear: ['nextDay', 'nextTime'], next: 'bye' },
      bye: { say: 'Thank you. Goodbye.', next: 'end' },
    },
  }),
});

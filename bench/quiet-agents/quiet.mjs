import { defineAgent, hear, script } from 'cxbcore';

/** Costs a call nothing but its transport, and waits as long as the caller stays. */
export const quiet = defineAgent({
  name: 'quiet',
  timeZone: 'UTC',
  stt: 'none',
  tts: 'none',
  greeting: 'This line is being measured.',
  turns: { silenceMs: 120_000 },
  brain: script({
    slots: { answer: hear.yesNo() },
    start: 'wait',
    states: { wait: { say: 'Are you there?', hear: 'answer', next: 'end' } },
  }),
});

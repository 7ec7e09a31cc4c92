import { describeTextBrain } from '../../test/support/brain-conformance.ts';
import { defineAgent } from '../agent/define.ts';
import { hear } from '../agent/hear.ts';
import { script } from '../agent/script.ts';
import { openBrain } from '../brains/open.ts';
import { VirtualClock } from '../kit/virtual-clock.ts';
import { SmallBrain } from './small-brain.ts';

const survey = defineAgent({
  name: 'survey',
  greeting: 'Hello.',
  timeZone: 'UTC',
  brain: script({
    slots: { ready: hear.yesNo(), day: hear.date() },
    start: 'ready',
    message: false,
    states: {
      ready: { say: 'May I ask you something?', hear: 'ready', next: ({ ready }) => (ready ? 'day' : 'bye') },
      day: {
        say: 'Which day suits you?',
        hear: 'day',
        confirm: ({ day }) => `${day}, is that right?`,
        next: 'bye',
      },
      bye: { say: 'Thank you. Goodbye.', next: 'end' },
    },
  }),
});

describeTextBrain('script', (snapshot) => {
  const brain = openBrain(survey, {
    callId: 'conformance',
    agentName: 'survey',
    timeZone: 'UTC',
    vars: {},
    line: { canTransfer: true },
    ...(snapshot !== undefined && { snapshot }),
  });
  if (brain.kind !== 'text') throw new Error('a script thinks in text');
  return brain;
});

describeTextBrain('small', () => new SmallBrain(() => [{ kind: 'text', text: 'Yes.' }], new VirtualClock()));

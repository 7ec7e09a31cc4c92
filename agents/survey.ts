import { defineAgent, hear, script } from 'cxbcore';
import { z } from 'zod';

/** Three questions after a visit, each to be answered by voice or by key. */

export const survey = defineAgent({
  name: 'survey',
  greeting: 'Hello. This is the automated survey of Lakeside Clinic. It takes one minute.',
  result: z.object({ rating: z.number().min(1).max(5), returns: z.boolean(), phone: z.string() }).partial(),
  brain: script({
    slots: {
      rating: hear.choice({
        1: { phrases: ['one', 'very bad'], key: '1' },
        2: { phrases: ['two', 'bad'], key: '2' },
        3: { phrases: ['three', 'all right'], key: '3' },
        4: { phrases: ['four', 'good'], key: '4' },
        5: { phrases: ['five', 'very good', 'perfect'], key: '5' },
      }),
      returns: hear.yesNo(),
      callBack: hear.yesNo(),
      phone: hear.digits({ min: 7, max: 10 }),
    },
    start: 'rating',
    states: {
      rating: {
        say: 'How was your visit, on a scale from one to five, where five is the best?',
        rephrase: 'Please say a number from one, very bad, to five, very good.',
        keypad: 'Please press a key from one to five.',
        hear: 'rating',
        result: ({ rating }) => ({ rating: Number(rating) }),
        next: 'returns',
      },
      returns: {
        say: 'Would you come to us again?',
        hear: 'returns',
        result: ({ returns }) => ({ returns }),
        next: ({ rating, returns }) => (Number(rating) <= 2 || returns === false ? 'callBack' : 'thanks'),
      },
      callBack: {
        say: 'I am sorry to hear that. May we call you back about it?',
        hear: 'callBack',
        next: ({ callBack }) => (callBack === true ? 'phone' : 'thanks'),
      },
      phone: {
        say: 'At which number? Please say or key in all the digits.',
        hear: 'phone',
        confirm: (_slots, { words }) => `${words.phone}. Is that right?`,
        result: ({ phone }) => ({ phone }),
        next: 'thanks',
      },
      thanks: { say: 'Thank you for your answers. Goodbye.', next: 'end' },
    },
  }),
});

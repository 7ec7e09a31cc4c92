import fc from 'fast-check';
import { expect, test } from 'vitest';
import { understand } from '../../agent/hear/understand.ts';
import { FILLERS } from '../../agent/hear/vocabulary.ts';
import { hear } from '../../agent/hear.ts';
import { EXPECT_NOTHING, type Expectation } from '../../ports/expectation.ts';
import { grammarOf } from './grammar.ts';
import { accepts, type Graph } from './graph.ts';

const expectation = (slots: Expectation['slots'], confirming = false): Expectation => ({
  id: 'test',
  slots,
  confirming,
  universal: true,
});
const CHOICE = hear.choice({ new: ['new', 'a new appointment'], cancel: ['cancel'], move: ['move it'] });
const QUESTIONS: Readonly<Record<string, Expectation>> = {
  yesNo: expectation({ answer: hear.yesNo() }),
  choice: expectation({ want: CHOICE }),
  pin: expectation({ pin: hear.digits(4) }),
  number: expectation({ number: hear.digits({ min: 3, max: 7 }) }),
  day: expectation({ day: hear.date() }),
  time: expectation({ time: hear.time() }),
  confirm: expectation({ day: hear.date() }, true),
};

test.each([
  ['yesNo', ['yes', 'no thank you', 'um yeah']],
  ['choice', ["i'd like a new appointment", 'cancel please', 'the second one', 'number two', 'move it']],
  ['pin', ['four two one oh', 'double four one two', 'triple nine zero', "it's one two three four"]],
  ['number', ['one two three', 'double five oh six one']],
  ['day', ['friday', 'on monday', 'the fourth of may', 'may twenty first', 'tomorrow', 'next tuesday']],
  [
    'time',
    ['ten thirty a m', 'half past four', 'quarter to nine', "four o'clock", 'noon', 'at nine oh five p m'],
  ],
  ['confirm', ['yes', 'no thursday', 'that is right', 'no', 'monday']],
])('%s: the usual answers are listened for', (question, texts) => {
  const { answers } = grammarOf(QUESTIONS[question] as Expectation);
  for (const text of texts) expect(answers && accepts(answers, text), text).toBe(true);
});

test('what fits at any time is listened for everywhere, also when nothing is expected', () => {
  for (const about of [QUESTIONS['pin'] as Expectation, EXPECT_NOTHING]) {
    const { universal } = grammarOf(about);
    for (const text of [
      'repeat that please',
      'a person',
      'i want to speak to someone',
      'start over',
      'hang on',
    ])
      expect(universal && accepts(universal, text), text).toBe(true);
  }
  expect(grammarOf(EXPECT_NOTHING).answers).toBeUndefined();
});

test('a string of digits of known length is listened for in that length only', () => {
  const { answers } = grammarOf(QUESTIONS['pin'] as Expectation);
  for (const text of ['one two three', 'one two three four five', 'double one double two three'])
    expect(answers && accepts(answers, text), text).toBe(false);
});

/** A walk through a graph by `steps`, until it can end and the steps have run out. */
function walk(graph: Graph, steps: readonly number[]): string | undefined {
  let state = 0;
  const words: string[] = [];
  for (const step of steps) {
    if (words.length > 0 && graph.ends.includes(state) && step % 3 === 0) return words.join(' ');
    const edges = graph.edges.filter((edge) => edge.from === state);
    const edge = edges[step % Math.max(1, edges.length)];
    if (!edge) break;
    words.push(edge.word);
    state = edge.to;
  }
  return graph.ends.includes(state) ? words.join(' ').replaceAll('_', ' ') : undefined;
}

test('whatever is listened for is understood', () => {
  const fillers: readonly string[] = FILLERS;
  for (const [question, about] of Object.entries(QUESTIONS)) {
    const { answers } = grammarOf(about);
    if (!answers) continue;
    fc.assert(
      fc.property(fc.array(fc.nat(10_000), { minLength: 12, maxLength: 24 }), (steps) => {
        const text = walk(answers, steps);
        if (text === undefined || text.split(' ').every((word) => fillers.includes(word))) return;
        // A day the calendar does not have, such as 31 February, is heard and means nothing.
        if (/\bthirt(?:y|ieth)\b|\btwenty nin/.test(text) && question !== 'time') return;
        const understood = understand(text, about, { today: '2026-01-05' });
        expect(understood.any, `${question}: ${text}`).toBe(true);
      }),
      { numRuns: 300 },
    );
  }
});

import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineAgent } from './define.ts';
import { hear } from './hear.ts';
import { AgentMistakes } from './mistakes.ts';
import { script } from './script.ts';
import { importsOf, lineOfPath } from './source-text.ts';
import { tool } from './tool.ts';
import { transfer } from './transfer.ts';

const brain = script({ slots: {}, start: 'bye', states: { bye: { say: 'Goodbye.', next: 'end' } } });

/** Users of plain JavaScript can write anything. */
function mistakesOf(source: Record<string, unknown>): string[] {
  try {
    const whole = { name: 'desk', greeting: 'Hello.', brain, ...source };
    defineAgent(whole);
  } catch (error) {
    if (error instanceof AgentMistakes)
      return error.mistakes.map(({ path, message }) => `${path}: ${message}`);
    throw error;
  }
  return [];
}

describe('an agent', () => {
  it('has every default filled in', () => {
    const agent = defineAgent({ name: 'desk', greeting: 'Hello.', brain, turns: { endMs: 700 } });
    expect(agent).toMatchObject({ language: 'en-US', stt: 'device', tts: 'device/slt', tools: {} });
    expect(agent.turns).toMatchObject({ endMs: 700, closedEndMs: 250 });
    expect(agent.timeZone).toBe(Intl.DateTimeFormat().resolvedOptions().timeZone);
  });

  it('lists its tools by their own name, or by the state that runs them', () => {
    const spec = { description: 'x', inputSchema: z.object({}), execute: () => null };
    const named = tool({ name: 'look', ...spec });
    const agent = defineAgent({
      name: 'desk',
      greeting: 'Hello.',
      brain: script({
        slots: {},
        start: 'first',
        states: {
          first: { run: named, next: 'second' },
          second: { run: tool(spec), next: 'third' },
          third: { run: named, next: 'end' },
        },
      }),
    });
    expect(Object.keys(agent.tools)).toEqual(['look', 'second']);
  });

  it('is refused with everything that is wrong, not only the first', () => {
    expect(
      mistakesOf({
        name: '',
        greeting: ' ',
        timeZone: 'Mars/Olympus',
        language: 'de-DE',
        turns: { endMs: -1, wait: 3 },
        brain: {},
      }),
    ).toEqual([
      'name: must be 1 to 64 letters, digits, ".", "_" or "-", and start with a letter or digit',
      'greeting: must be a sentence, or a function that gives one',
      'timeZone: "Mars/Olympus" is no IANA time zone, such as America/New_York',
      'language: "de-DE": scripts understand English only; use a language that starts with "en"',
      'turns.endMs: must be a number from 0 to 120000',
      'turns.wait: is unknown; known are endMs, closedEndMs, openEndMs, interruptMs, interruptWords, silenceMs, helloMs, keyMs, backchannels',
      'brain: must be what script({ … }) or llm({ … }) returns',
    ]);
  });
});

describe('a script', () => {
  it.each<[string, unknown, readonly string[]]>([
    [
      'states and slots that are not there',
      {
        slots: { day: hear.date() },
        start: 'when',
        states: {
          when: { say: 'When?', hear: 'dya', next: 'by' },
          bye: { say: 'Bye.', corrected: 'x', next: 'end' },
        },
      },
      [
        'states.when.next: there is no state "by"; did you mean "bye"?',
        'states.when.hear: there is no slot "dya"; did you mean "day"?',
        'states.bye.corrected: there is no state "x"; there are when, bye',
      ],
    ],
    [
      'a state that hears and never asks, and one without a next',
      { slots: { day: hear.date() }, start: 'a', states: { a: { hear: 'day' } } },
      [
        'states.a.next: is missing: say where the conversation goes from here',
        'states.a.say: is missing: a state that hears must ask',
      ],
    ],
    [
      'a read-back of nothing that does not say where a no leads',
      { slots: {}, start: 'a', states: { a: { confirm: 'Shall I?', next: 'end' } } },
      ['states.a.refused: is missing: say where a "no" leads, since there is no slot to correct'],
    ],
    [
      'a state nobody comes to',
      { slots: {}, start: 'a', states: { a: { say: 'Hi.', next: 'end' }, b: { say: 'Lost.', next: 'end' } } },
      ['states.b: no state leads here'],
    ],
    [
      'a phrase that is not written as it is spoken, and one that means two things',
      {
        slots: { c: hear.choice({ one: ['no. 1', 'first'], two: ['first'] }) },
        start: 'a',
        states: { a: { say: '?', hear: 'c', next: 'end' } },
      },
      [
        'slots.c.one: "no. 1" must be written as it is spoken: English words, numbers written out',
        'slots.c.two: "first" already stands for "one"',
      ],
    ],
    [
      'a number that nobody can call',
      { slots: {}, start: 'a', person: transfer({ to: '555' }), states: { a: { say: 'Hi.', next: 'end' } } },
      ['person: "555" is no number to call: use tel:+15550100 or sip:desk@example.com'],
    ],
    [
      'a misspelled part of a state',
      { slots: {}, start: 'a', states: { a: { sya: 'Hi.', next: 'end' } } },
      ['states.a.sya: is unknown; did you mean "say"?'],
    ],
    [
      'a state with the name of an end',
      { slots: {}, start: 'end', states: { end: { say: 'Hi.', next: 'end' } } },
      ['states.end: "end" has a meaning of its own; use another name'],
    ],
  ])('with %s is refused', (_what, source, mistakes) => {
    expect(mistakesOf({ brain: script(source as never) })).toEqual(mistakes);
  });
});

describe('the source of an agent', () => {
  it('gives the line of a path, and is not misled by strings and comments', () => {
    const source = [
      '// states: { when: { next',
      "const text = 'states: { when';",
      'defineAgent({',
      '  states: {',
      "    other: { next: 'when' },",
      "    'when': {",
      '      say: `next: ${1}`,',
      '      next: (s) => s.next,',
      '    },',
      '  },',
      '});',
    ].join('\n');
    expect(lineOfPath(source, ['states', 'when', 'next'])).toBe(8);
    expect(lineOfPath(source, ['states', 'other', 'next'])).toBe(5);
    expect(lineOfPath(source, ['states', 'when', 'gone'])).toBe(6);
    expect(lineOfPath(source, ['nothing'])).toBe(1);
  });

  it('names the modules it imports, and no others', () => {
    const code = [
      'import { a, b } from "./a.ts";',
      'import "./b.ts";',
      'export * from "./c.ts";',
      'const d = await import("./d.ts");',
      'const text = `',
      'import { no } from "./no.ts";',
      '`;',
      '// import "./comment.ts"',
      "const from = 'x';",
    ].join('\n');
    expect(importsOf(code).map(({ specifier }) => specifier)).toEqual([
      './a.ts',
      './b.ts',
      './c.ts',
      './d.ts',
    ]);
    for (const { specifier, from, to } of importsOf(code)) expect(code.slice(from, to)).toBe(specifier);
  });
});

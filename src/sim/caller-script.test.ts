import { describe, expect, it } from 'vitest';
import { CallerScriptError, parseCallerScript } from './caller-script.ts';

function problemsOf(steps: unknown): string {
  try {
    parseCallerScript(JSON.stringify({ steps }));
  } catch (error) {
    if (error instanceof CallerScriptError) return error.message;
    throw error;
  }
  return '';
}

describe('a caller file', () => {
  it('is read step by step, with defaults filled in', () => {
    const script = parseCallerScript(
      JSON.stringify({
        name: 'anna',
        steps: [
          { listen: true },
          { say: 'Hello', bargeInMs: 300 },
          { play: 'a.wav' },
          { keys: '12#' },
          { pauseMs: 100 },
          { listen: 'which day', limitS: 5 },
          { hangUp: true },
        ],
      }),
    );
    expect(script.name).toBe('anna');
    expect(script.steps).toEqual([
      { do: 'listen', quietMs: 700, limitS: 30 },
      { do: 'say', text: 'Hello', bargeInMs: 300 },
      { do: 'play', files: ['a.wav'], text: '' },
      { do: 'keys', keys: '12#', gapMs: 180 },
      { do: 'pause', ms: 100 },
      { do: 'listen', quietMs: 700, limitS: 5, forText: 'which day' },
      { do: 'hangUp' },
    ]);
  });

  it('may hold a table of answers', () => {
    const [step] = parseCallerScript(
      JSON.stringify({
        steps: [
          {
            answer: [
              { to: 'which day', say: 'friday' },
              { to: 'code', keys: '12', once: true },
            ],
          },
        ],
      }),
    ).steps;
    expect(step).toEqual({
      do: 'answer',
      answers: [
        { to: 'which day', say: ['friday'], once: false },
        { to: 'code', keys: '12', once: true },
      ],
      turns: 20,
      limitS: 30,
    });
    expect(problemsOf([{ answer: [] }])).toContain('step 1: answer:');
  });

  it('is refused with every problem and the step it is in', () => {
    const problems = problemsOf([
      { sing: 'la' },
      { keys: '12a' },
      { say: 'x', loud: true },
      { say: 'x', keys: '1' },
    ]);
    expect(problems.split('\n')).toHaveLength(4);
    expect(problems).toContain('step 1: does nothing: give it one of say, play, keys');
    expect(problems).toContain('step 2: keys: must be of 0-9, * and #');
    expect(problems).toContain('step 3:');
    expect(problems).toContain('loud');
    expect(problems).toContain('step 4: does several things at once (say, keys)');
  });

  it('that is no JSON, or has no steps, is refused in plain words', () => {
    expect(() => parseCallerScript('{')).toThrow(/not JSON/);
    expect(() => parseCallerScript('[]')).toThrow(/"steps"/);
  });
});

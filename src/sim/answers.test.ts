import { describe, expect, it } from 'vitest';
import { Answers, type ReadyAnswer } from './answers.ts';

const keys = (to: string, keyed: string, once = false): ReadyAnswer => ({
  to,
  once,
  acts: keyed.split('/').map((one) => ({ kind: 'keys', keys: one })),
});

describe('a table of answers', () => {
  it('answers what was asked last, whatever case and punctuation', () => {
    const answers = new Answers([keys('which day', '1'), keys('is that right', '2')]);
    expect(answers.to('Which day, please?')).toEqual({ kind: 'keys', keys: '1' });
    expect(answers.to('You said: which day. Is that right?')).toEqual({ kind: 'keys', keys: '2' });
  });

  it('uses what is meant for once only once', () => {
    const answers = new Answers([keys('is that right', '1', true), keys('is that right', '2')]);
    expect([answers.to('Is that right?'), answers.to('Is that right?')]).toEqual([
      { kind: 'keys', keys: '1' },
      { kind: 'keys', keys: '2' },
    ]);
  });

  it('says the same again twice to what it does not know, and then has nothing more to say', () => {
    const answers = new Answers([keys('which day', '1')]);
    expect(answers.to('Hello.')).toBeUndefined();
    answers.to('Which day?');
    expect(answers.fit('Sorry, I did not get that.')).toBe(false);
    expect(answers.to('Sorry, I did not get that.')).toEqual({ kind: 'keys', keys: '1' });
    expect(answers.to('Sorry, I did not get that.')).toEqual({ kind: 'keys', keys: '1' });
    expect(answers.to('Sorry, I did not get that.')).toBeUndefined();
  });

  it('says it in other words each time it is asked again, and begins anew after something else', () => {
    const answers = new Answers([keys('which day', '1/2'), keys('is that right', '3')]);
    const asked = ['Which day?', 'Sorry?', 'Which day?', 'Is that right?', 'Which day?'];
    expect(asked.map((said) => answers.to(said))).toEqual(
      ['1', '2', '2', '3', '1'].map((keyed) => ({ kind: 'keys', keys: keyed })),
    );
  });

  it('does not find words inside other words', () => {
    expect(new Answers([keys('day', '1')]).fit('On Monday.')).toBe(false);
  });
});

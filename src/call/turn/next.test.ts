import { describe, expect, test } from 'vitest';
import { hear } from '../../agent/hear.ts';
import type { Expectation } from '../../ports/expectation.ts';
import { TurnBench } from '../../testing/turn-bench.ts';
import type { Effect } from './effects.ts';

const PIN: Expectation = {
  id: 'pin',
  slots: { pin: hear.digits(4, { sensitive: true }) },
  confirming: false,
  universal: true,
};
const CHOICE: Expectation = {
  id: 'choice',
  slots: { what: hear.choice({ book: { phrases: ['book'], key: '1' }, cancel: ['cancel'] }) },
  confirming: false,
  universal: true,
};

function opened(): TurnBench {
  const bench = new TurnBench();
  bench.event({ kind: 'opened' });
  return bench.said();
}

/** The agent is asking a question and has begun to be heard. */
function speaking(expectation?: Expectation): TurnBench {
  const bench = opened();
  bench.speaks('hello there', 1000, 1800).at(2400).final('hello there');
  const { reply } = bench;
  bench.event({ kind: 'first-text', reply });
  if (expectation) bench.event({ kind: 'expect', reply, expectation });
  bench.event({ kind: 'brain-done', reply });
  bench.event({ kind: 'sounding', reply });
  return bench;
}

const kinds = (effects: readonly Effect[]) => effects.map((effect) => effect.kind);
const asked = (effects: readonly Effect[]) =>
  effects.flatMap((effect) => (effect.kind === 'ask' ? [effect.why] : []));

describe('the end of a turn', () => {
  test('comes sooner when the words answer a closed question, later when they go on', () => {
    const ends = (text: string) => {
      const bench = opened();
      bench.state = { ...bench.state, expectation: CHOICE };
      bench.speaks(text, 1000, 1500);
      const timer = bench.effects.findLast((one) => one.kind === 'timer' && one.timer.startsWith('endpoint'));
      return timer?.kind === 'timer' && timer.clock === 'media' ? timer.atMs - 1500 : undefined;
    };
    const { closedEndMs, endMs, openEndMs } = opened().state.config.rules;
    expect(ends('book')).toBe(closedEndMs);
    expect(ends('well I thought')).toBe(endMs);
    expect(ends('I would like to')).toBe(openEndMs);
  });

  test('the wait counts from the estimated end of the sound', () => {
    const bench = opened().speaks('hello there', 1000, 1800);
    expect(kinds(bench.at(2299).effects)).not.toContain('finalise');
    expect(kinds(bench.at(2300).effects)).toContain('finalise');
  });

  test('a pause within the turn keeps it one turn', () => {
    const bench = opened().speaks('the fourth of May', 1000, 2000);
    bench.at(2400).event({ kind: 'speech-start', fromMs: 2350 });
    const { stretch } = bench;
    bench
      .at(3000)
      .event({ kind: 'partial', stretch, text: 'the fourth of May nineteen eighty', echo: false });
    bench.at(3100).event({ kind: 'speech-end', endMs: 3000 });
    bench.at(3600).final('the fourth of May nineteen eighty');
    const items = bench.effects.filter((effect) => effect.kind === 'item');
    expect(items).toMatchObject([
      { item: { text: 'the fourth of May nineteen eighty', fromMs: 1000, toMs: 3000 } },
    ]);
  });

  test('speech that is not understood becomes an unclear turn; a brief sound is not worth a question', () => {
    const long = opened().speaks('', 1000, 1800).at(2400);
    expect(asked(long.event({ kind: 'unclear', stretch: long.stretch }))).toEqual(['turn']);
    const brief = opened().speaks('', 1000, 1200).at(1800);
    expect(asked(brief.event({ kind: 'unclear', stretch: brief.stretch }))).toEqual([]);
    expect(brief.state.timers.silence).toBeDefined();
  });

  test('words that only the second look found answer a closed question as soon as they are there', () => {
    const bench = opened();
    bench.state = { ...bench.state, expectation: CHOICE };
    bench.speaks('', 1000, 1500).at(1760);
    expect(kinds(bench.effects)).toContain('finalise');
    bench.at(1900).final('book');
    bench.at(1901);
    expect(kinds(bench.effects)).toContain('commit');
    expect(bench.effects.filter((effect) => effect.kind === 'finalise')).toHaveLength(1);
  });

  test('a late final text is not waited for without end', () => {
    const bench = opened().speaks('hello there', 1000, 1800).at(2400);
    expect(asked(bench.fire('final'))).toEqual([]);
    expect(bench.effects.some((effect) => effect.kind === 'item' && effect.item.kind === 'caller')).toBe(
      true,
    );
    expect(kinds(bench.final('hello there world'))).toEqual([]);
  });
});

describe('a speculative reply', () => {
  test('is committed when the final words are those it was asked about', () => {
    const bench = opened().speaks('hello there', 1000, 1800).at(2400);
    const { reply } = bench;
    expect(bench.final('Hello, there!')).toContainEqual({ kind: 'commit', reply });
  });

  test('is dropped when the words differ, and the brain is asked again', () => {
    const bench = opened().speaks('hello there', 1000, 1800).at(2400);
    const { reply } = bench;
    const effects = bench.final('hello there Sam');
    expect(effects).toContainEqual({ kind: 'cancel', reply, how: 'dropped' });
    expect(asked(effects)).toEqual(['turn']);
  });

  test('runs harmless tools only; the others wait for the commit', () => {
    const bench = opened().speaks('hello there', 1000, 1800).at(2060);
    const { reply } = bench;
    const tool = { kind: 'tool-asked', reply, name: 'x', whenInterrupted: 'finish', filler: '' } as const;
    expect(kinds(bench.event({ ...tool, tool: 'look', effect: 'none' }))).toEqual(['run-tool']);
    expect(kinds(bench.event({ ...tool, tool: 'book', effect: 'once' }))).toEqual([]);
    bench.at(2400);
    expect(bench.final('hello there')).toContainEqual({ kind: 'run-tool', tool: 'book' });
  });
});

describe('an interruption', () => {
  test('is held first, and cut when words come', () => {
    const bench = speaking();
    const { reply } = bench;
    bench.at(3060).event({ kind: 'speech-start', fromMs: 3000 });
    bench.at(3200);
    expect(bench.state.agent.is).toBe('held');
    const effects = bench.event({ kind: 'partial', stretch: bench.stretch, text: 'wait', echo: false });
    expect(effects).toContainEqual({ kind: 'cancel', reply, how: 'cut' });
  });

  test('that was a backchannel ends in resume', () => {
    const bench = speaking();
    bench.at(3060).event({ kind: 'speech-start', fromMs: 3000 });
    bench.at(3400).event({ kind: 'partial', stretch: bench.stretch, text: 'uh-huh', echo: false });
    bench.event({ kind: 'speech-end', endMs: 3350 });
    expect(kinds(bench.final('uh huh'))).toContain('resume');
    expect(bench.state.agent.is).toBe('speaking');
    expect(bench.state.caller.is).toBe('silent');
  });

  test('that was the agent itself ends in resume', () => {
    const bench = speaking();
    bench.at(3060).event({ kind: 'speech-start', fromMs: 3000 });
    bench.at(3400).event({ kind: 'speech-end', endMs: 3350 });
    const { stretch } = bench;
    expect(
      kinds(bench.event({ kind: 'final', stretch, text: 'welcome to the clinic', echo: true })),
    ).toContain('resume');
  });

  test('by a word that answers the question counts, though it is a backchannel elsewhere', () => {
    const yesNo: Expectation = { ...CHOICE, slots: { sure: hear.yesNo() } };
    const bench = speaking(yesNo);
    const { reply } = bench;
    bench.at(3060).event({ kind: 'speech-start', fromMs: 3000 });
    bench.at(3300);
    const effects = bench.event({ kind: 'partial', stretch: bench.stretch, text: 'yeah', echo: false });
    expect(effects).toContainEqual({ kind: 'cancel', reply, how: 'cut' });
  });

  test('a passage that may not be interrupted is not', () => {
    const bench = speaking();
    bench.event({ kind: 'passage', reply: bench.reply, interruptible: false });
    bench.at(3060).event({ kind: 'speech-start', fromMs: 3000 });
    bench.at(3800).event({ kind: 'partial', stretch: bench.stretch, text: 'stop it now', echo: false });
    expect(bench.state.agent.is).toBe('speaking');
  });

  test('before the first sample makes one turn of the two', () => {
    const bench = opened().speaks('the fourth of May', 1000, 2000).at(2600);
    bench.final('the fourth of May');
    const [first] = bench.effects.filter((effect) => effect.kind === 'item');
    bench.at(2800).event({ kind: 'speech-start', fromMs: 2740 });
    expect(bench.state.agent.is).toBe('held');
    const dropped = bench.reply;
    bench.at(3400).event({ kind: 'partial', stretch: bench.stretch, text: 'nineteen eighty', echo: false });
    bench.event({ kind: 'speech-end', endMs: 3300 });
    bench.at(3900);
    bench.final('nineteen eighty');
    expect(bench.effects).toContainEqual({ kind: 'cancel', reply: dropped, how: 'dropped' });
    expect(bench.effects).toContainEqual({
      kind: 'unsay',
      item: first?.kind === 'item' ? first.item.id : '',
    });
    expect(bench.effects.filter((effect) => effect.kind === 'item').at(-1)).toMatchObject({
      item: { text: 'the fourth of May nineteen eighty', fromMs: 1000 },
    });
  });

  test('does not undo a tool that has an effect: the words become a turn of their own', () => {
    const bench = opened().speaks('book it', 1000, 2000).at(2600);
    bench.final('book it');
    const { reply } = bench;
    bench.event({
      kind: 'tool-asked',
      reply,
      tool: 'book',
      name: 'book',
      effect: 'once',
      whenInterrupted: 'finish',
      filler: '',
    });
    bench.event({ kind: 'brain-done', reply });
    bench.event({ kind: 'reply-over', reply, how: 'heard', heard: '' });
    bench.speaks('make it eleven', 2800, 3400).at(4000);
    bench.final('make it eleven');
    expect(kinds(bench.effects)).not.toContain('unsay');
    expect(asked(bench.event({ kind: 'tool-ended', tool: 'book', ok: true }))).toEqual(['tool']);
    bench.said();
    expect(asked(bench.effects).at(-1)).toBe('turn');
  });
});

describe('keys', () => {
  test('interrupt at once, and are handed over when they are complete', () => {
    const bench = speaking(PIN);
    const { reply } = bench;
    expect(bench.event({ kind: 'key', digit: '1' })).toContainEqual({ kind: 'cancel', reply, how: 'cut' });
    for (const digit of '23') bench.event({ kind: 'key', digit });
    expect(asked(bench.event({ kind: 'key', digit: '4' }))).toEqual(['digits']);
    expect(bench.effects).toContainEqual(
      expect.objectContaining({ item: expect.objectContaining({ digits: '1234' }) as object }),
    );
  });

  test('typed ahead of the question answer it before it is said', () => {
    const bench = speaking(CHOICE);
    bench.event({ kind: 'key', digit: '1' });
    for (const digit of '9876') bench.event({ kind: 'key', digit });
    const { reply } = bench;
    bench.event({ kind: 'expect', reply, expectation: PIN });
    const effects = bench.event({ kind: 'brain-done', reply });
    expect(effects).toContainEqual({ kind: 'cancel', reply, how: 'cut' });
    expect(effects).toContainEqual(
      expect.objectContaining({ item: expect.objectContaining({ digits: '9876' }) as object }),
    );
  });

  test('a star forgets what was keyed and asks for the question again', () => {
    const bench = speaking(PIN);
    bench.event({ kind: 'key', digit: '1' });
    bench.event({ kind: 'key', digit: '*' });
    expect(bench.effects.findLast((effect) => effect.kind === 'item')).toMatchObject({
      item: { digits: '*' },
    });
  });

  test('fewer than expected count when # or a pause ends them', () => {
    const four: Expectation = { ...PIN, slots: { n: hear.digits({ min: 2, max: 8 }) } };
    const hashed = speaking(four);
    for (const digit of '123') hashed.event({ kind: 'key', digit });
    expect(asked(hashed.event({ kind: 'key', digit: '#' }))).toEqual(['digits']);
    const paused = speaking(four);
    paused.event({ kind: 'key', digit: '7' });
    expect(asked(paused.fire('keys'))).toEqual(['digits']);
  });
});

describe('waiting', () => {
  const moved = (bench: TurnBench, move: Parameters<TurnBench['event']>[0] & { kind: 'move-asked' }) => {
    bench.event(move);
    bench.event({ kind: 'brain-done', reply: bench.reply });
    return bench.event({ kind: 'reply-over', reply: bench.reply, how: 'heard', heard: 'one moment' });
  };

  test('on hold there are no silence prompts, and speech ends it', () => {
    const bench = speaking();
    moved(bench, { kind: 'move-asked', reply: bench.reply, move: { kind: 'hold', maxS: 30 } });
    expect(bench.state.call.is).toBe('waiting');
    expect(bench.state.timers.silence).toBeUndefined();
    bench.speaks('I am back', 9000, 9800).at(10_400);
    bench.final('I am back');
    expect(asked(bench.effects).at(-1)).toBe('turn');
    expect(bench.state.call.is).toBe('live');
  });

  test('a transfer that is answered ends the call, one that is not tells the brain', () => {
    const move = { kind: 'transfer', to: 'tel:+15550100', mode: 'cold' } as const;
    const answered = speaking();
    moved(answered, { kind: 'move-asked', reply: answered.reply, move });
    const id = answered.latest('start-move', 'id');
    expect(answered.event({ kind: 'move-over', id, outcome: { ok: true } })).toContainEqual({
      kind: 'end',
      reason: 'agent.transferred',
    });
    const ringing = speaking();
    moved(ringing, { kind: 'move-asked', reply: ringing.reply, move });
    expect(asked(ringing.fire('move'))).toEqual(['moved']);
  });

  test('a message ends with silence and is saved; one without a word is not', () => {
    const bench = speaking();
    moved(bench, { kind: 'move-asked', reply: bench.reply, move: { kind: 'message', maxS: 60 } });
    const id = bench.latest('start-move', 'id');
    bench.at(3000).event({ kind: 'speech-start', fromMs: 2950 });
    bench.at(5000).event({ kind: 'speech-end', endMs: 4900 });
    bench.at(7901);
    expect(bench.effects).toContainEqual({ kind: 'stop-move', id, save: true });
    const outcome = { ok: true, detail: { file: 'messages/a.wav', seconds: 2 } } as const;
    expect(asked(bench.event({ kind: 'move-over', id, outcome }))).toEqual(['moved']);
    const mute = speaking();
    moved(mute, { kind: 'move-asked', reply: mute.reply, move: { kind: 'message', maxS: 60 } });
    expect(asked(mute.fire('quiet'))).toEqual(['moved']);
  });
});

describe('the end of a call', () => {
  test('has one reason, the first, and nothing follows it', () => {
    const bench = speaking();
    bench.event({ kind: 'end-asked', reason: 'caller.hung_up' });
    expect(bench.event({ kind: 'end-asked', reason: 'operator.hung_up' })).toEqual([]);
    expect(bench.effects.filter((effect) => effect.kind === 'end')).toEqual([
      { kind: 'end', reason: 'caller.hung_up' },
    ]);
  });

  test('near the maximum the agent says goodbye; the maximum itself waits for nobody', () => {
    const bench = speaking();
    expect(asked(bench.fire('goodbye'))).toEqual(['goodbye']);
    bench.event({ kind: 'sounding', reply: bench.reply });
    const effects = bench.event({ kind: 'reply-over', reply: bench.reply, how: 'heard', heard: 'bye' });
    expect(effects).toContainEqual({ kind: 'end', reason: 'limit.duration' });
    const stuck = speaking();
    expect(stuck.fire('limit')).toContainEqual({ kind: 'end', reason: 'limit.duration' });
  });

  test('an agent that fails is apologised for', () => {
    const bench = opened().speaks('hello there', 1000, 1800).at(2400);
    bench.final('hello there');
    const { reply } = bench;
    const effects = bench.event({
      kind: 'reply-over',
      reply,
      how: 'failed',
      heard: '',
      reason: 'agent.failed',
    });
    expect(effects).toContainEqual(expect.objectContaining({ kind: 'say' }));
    const said = bench.latest('say', 'reply');
    expect(bench.event({ kind: 'reply-over', reply: said, how: 'heard', heard: 'sorry' })).toContainEqual({
      kind: 'end',
      reason: 'agent.failed',
    });
  });

  test('silence is asked about again and again, but not for ever', () => {
    const bench = opened();
    for (let i = 0; i < 8; i++) {
      expect(asked(bench.fire('silence'))).toEqual(['silence']);
      bench.said();
    }
    expect(asked(bench.fire('silence'))).toEqual(['goodbye']);
    expect(bench.state.call).toEqual({ is: 'closing', reason: 'caller.silent' });
  });

  test('trouble on the line is not the caller being silent', () => {
    const bench = opened();
    bench.event({ kind: 'line', what: 'trouble' });
    expect(bench.state.timers.silence).toBeUndefined();
    bench.event({ kind: 'line', what: 'resumed' });
    expect(bench.state.timers.silence).toBeDefined();
  });
});

import { describe, expect, test } from 'vitest';
import { TurnBench } from '../../testing/turn-bench.ts';
import type { Effect } from './effects.ts';
import type { TurnConfig } from './state.ts';

const kinds = (effects: readonly Effect[]) => effects.map((effect) => effect.kind);
const asked = (effects: readonly Effect[]) =>
  effects.flatMap((effect) => (effect.kind === 'ask' ? [effect.why] : []));

function opened(config: Partial<TurnConfig> = {}): TurnBench {
  const bench = new TurnBench(config);
  bench.event({ kind: 'opened' });
  return bench.said();
}

const wanted = (reply: string, tool: string, effect: 'none' | 'once' = 'once') =>
  ({ kind: 'tool-asked', reply, tool, name: 'x', effect, whenInterrupted: 'finish', filler: '' }) as const;

describe('a prepared reply that fails', () => {
  const failed = () => {
    const bench = opened().speaks('hello there', 1000, 1800).at(2060);
    const { reply } = bench;
    bench.event(wanted(reply, 'book'));
    bench.event({ kind: 'reply-over', reply, how: 'failed', heard: '', reason: 'speech.failed' });
    return bench;
  };

  test('takes with it the tool that waited for it', () => {
    expect(failed().state.tools).toEqual([]);
  });

  test('is asked for again when the turn is over, and the caller is waited for afterwards', () => {
    const bench = failed().at(2400);
    bench.final('hello there');
    expect(asked(bench.effects).at(-1)).toBe('turn');
    bench.said();
    expect(bench.state.agent.is).toBe('idle');
    expect(bench.state.timers.silence).toBeDefined();
  });

  test('stops the tool that it had running', () => {
    const bench = opened().speaks('hello there', 1000, 1800).at(2060);
    const { reply } = bench;
    bench.event(wanted(reply, 'look', 'none'));
    const over = { kind: 'reply-over', reply, how: 'failed', heard: '' } as const;
    expect(bench.event(over)).toContainEqual({ kind: 'cancel-tool', tool: 'look' });
  });
});

describe('a reply that begins while the caller speaks', () => {
  const begun = () => {
    const bench = new TurnBench();
    bench.event({ kind: 'opened' });
    const { reply } = bench;
    bench.at(110).event({ kind: 'speech-start', fromMs: 50 });
    bench.at(300).event({ kind: 'sounding', reply });
    return { bench, reply };
  };

  test('is held when they go on for as long as an interruption takes, and cut by their words', () => {
    const { bench, reply } = begun();
    const { interruptMs } = bench.state.config.rules;
    bench.at(300 + interruptMs - 1);
    expect(bench.state.agent.is).toBe('speaking');
    bench.at(300 + interruptMs);
    expect(bench.state.agent.is).toBe('held');
    const { stretch } = bench;
    expect(bench.event({ kind: 'partial', stretch, text: 'i want to book', echo: false })).toContainEqual({
      kind: 'cancel',
      reply,
      how: 'cut',
    });
  });

  test('goes on when they stop at once', () => {
    const { bench } = begun();
    bench.at(400).event({ kind: 'speech-end', endMs: 330 });
    bench.at(900);
    expect(bench.state.agent.is).toBe('speaking');
  });
});

describe('tools in a row', () => {
  /** The reply asked for last wants a tool, and that has ended. */
  const ran = (bench: TurnBench, tool: string) => {
    const { reply } = bench;
    bench.event(wanted(reply, tool));
    bench.event({ kind: 'brain-done', reply });
    bench.event({ kind: 'reply-over', reply, how: 'heard', heard: '' });
    return bench.event({ kind: 'tool-ended', tool, ok: true });
  };
  const turn = (bench: TurnBench, fromMs: number) => {
    bench.speaks('book it', fromMs, fromMs + 600).at(fromMs + 1200);
    bench.final('book it');
  };

  test('without a word of the caller are an agent that goes round in circles', () => {
    const bench = opened({ maxToolSteps: 3 });
    turn(bench, 1000);
    for (let i = 0; i < 3; i++) expect(asked(ran(bench, `t${i}`))).toEqual(['tool']);
    const effects = ran(bench, 't3');
    expect(asked(effects)).toEqual([]);
    expect(kinds(effects)).toContain('say');
    expect(bench.state.call).toEqual({ is: 'closing', reason: 'agent.failed' });
  });

  test('are counted anew when the caller has said or keyed something', () => {
    const bench = opened({ maxToolSteps: 3 });
    for (const fromMs of [1000, 10_000]) {
      turn(bench, fromMs);
      for (let i = 0; i < 3; i++) expect(asked(ran(bench, `t${fromMs + i}`))).toEqual(['tool']);
      bench.said();
    }
    for (const digit of '5#') bench.event({ kind: 'key', digit });
    expect(asked(ran(bench, 'keyed'))).toEqual(['tool']);
  });
});

import { describe, expect, test } from 'vitest';
import { TurnBench } from '../../testing/turn-bench.ts';
import type { TurnInput } from './events.ts';

/** The agent has asked for a message and is still saying so; `begins` ends that, and with it the message begins. */
function asking() {
  const bench = new TurnBench();
  bench.event({ kind: 'opened' });
  const { reply } = bench;
  bench.event({ kind: 'sounding', reply });
  bench.event({ kind: 'passage', reply, interruptible: false });
  bench.event({ kind: 'move-asked', reply, move: { kind: 'message', maxS: 60 } });
  bench.event({ kind: 'brain-done', reply });
  const over: TurnInput = { kind: 'reply-over', reply, how: 'heard', heard: 'after the tone' };
  return { bench, begins: () => bench.event(over) };
}

describe('a message', () => {
  test('that begins while the caller speaks already is theirs, however long they speak, and is saved', () => {
    const { bench, begins } = asking();
    bench.at(880).event({ kind: 'speech-start', fromMs: 800 });
    bench.at(900);
    expect(begins()).toContainEqual(expect.objectContaining({ kind: 'start-move', fromMs: 800 }));
    expect(bench.state.timers.quiet).toBeUndefined();
    bench.at(20_000);
    expect(bench.state.call).toMatchObject({ is: 'waiting', spoke: true, saving: false });
    bench.event({ kind: 'speech-end', endMs: 19_900 });
    bench.at(22_900);
    expect(bench.effects).toContainEqual(expect.objectContaining({ kind: 'stop-move', save: true }));
  });

  test('is kept when only the end of its speech was noticed', () => {
    const { bench, begins } = asking();
    begins();
    bench.at(3000).event({ kind: 'speech-end', endMs: 2900 });
    bench.at(5900);
    expect(bench.effects).toContainEqual(expect.objectContaining({ kind: 'stop-move', save: true }));
  });

  test('that nobody spoke is not kept when the caller hangs up', () => {
    const { bench, begins } = asking();
    begins();
    const effects = bench.at(500).event({ kind: 'end-asked', reason: 'caller.hung_up' });
    expect(effects).toContainEqual(expect.objectContaining({ kind: 'stop-move', save: false }));
  });

  test('that was begun is kept when the caller hangs up', () => {
    const { bench, begins } = asking();
    begins();
    bench.at(500).event({ kind: 'speech-start', fromMs: 450 });
    const effects = bench.at(4000).event({ kind: 'end-asked', reason: 'caller.hung_up' });
    expect(effects).toContainEqual(expect.objectContaining({ kind: 'stop-move', save: true }));
  });

  test('that is being saved is not stopped a second time by the end of the call', () => {
    const { bench, begins } = asking();
    begins();
    bench.at(500).event({ kind: 'speech-start', fromMs: 450 });
    bench.at(2000).event({ kind: 'key', digit: '#' });
    expect(bench.state.call).toMatchObject({ saving: true });
    const effects = bench.event({ kind: 'end-asked', reason: 'caller.hung_up' });
    expect(effects.filter(({ kind }) => kind === 'stop-move')).toEqual([]);
  });

  test('that is begun over its announcement is taken from the first word on', () => {
    const bench = new TurnBench();
    bench.event({ kind: 'opened' });
    const { reply } = bench;
    bench.event({ kind: 'move-asked', reply, move: { kind: 'message', maxS: 60 } });
    bench.event({ kind: 'brain-done', reply });
    bench.event({ kind: 'sounding', reply });
    bench.at(860).event({ kind: 'speech-start', fromMs: 800 });
    const { stretch } = bench;
    bench.event({ kind: 'partial', stretch, text: 'this is bob', echo: false });
    bench.at(1100);
    expect(bench.effects).toContainEqual(expect.objectContaining({ kind: 'cancel', reply, how: 'cut' }));
    expect(bench.effects).toContainEqual(expect.objectContaining({ kind: 'start-move', fromMs: 800 }));
    bench.at(5000).event({ kind: 'speech-end', endMs: 4900 });
    bench.at(7900);
    expect(bench.effects).toContainEqual(expect.objectContaining({ kind: 'stop-move', save: true }));
    expect(bench.effects.filter(({ kind }) => kind === 'ask')).toHaveLength(1);
  });
});

describe('a call we made', () => {
  const open = () => {
    const bench = new TurnBench({ helloMs: 3000 });
    bench.event({ kind: 'opened' });
    return bench;
  };
  const asks = (bench: TurnBench) => bench.effects.flatMap((one) => (one.kind === 'ask' ? [one.why] : []));

  test('is greeted after the first words of whoever answers', () => {
    const bench = open().at(1000).speaks('hello', 1000, 1400);
    expect(asks(bench)).toEqual([]);
    bench.at(2000).final('hello');
    expect(asks(bench)).toEqual(['open']);
    expect(bench.at(9000).effects.filter(({ kind }) => kind === 'item')).toHaveLength(1);
    expect(asks(bench)).toEqual(['open']);
  });

  test('is greeted after a while of silence, a cough before it or not', () => {
    expect(asks(open().at(2990))).toEqual([]);
    expect(asks(open().at(3000))).toEqual(['open']);
    const bench = open();
    bench.at(2900).event({ kind: 'speech-start', fromMs: 2850 });
    bench.at(3010).event({ kind: 'speech-end', endMs: 2990 });
    bench.at(3600).event({ kind: 'unclear', stretch: bench.stretch });
    expect(asks(bench)).toEqual([]);
    expect(asks(bench.at(8000))).toEqual(['open']);
  });

  test('is greeted when the other side presses a key', () => {
    const bench = open();
    bench.at(500).event({ kind: 'key', digit: '1' });
    expect(asks(bench)).toEqual(['open']);
    expect(bench.state.keys).toBe('1');
  });
});

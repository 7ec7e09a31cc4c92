import { describe, expect, test } from 'vitest';
import { Scope } from '../kit/scope.ts';
import { VirtualClock } from '../kit/virtual-clock.ts';
import type { Line } from '../ports/line.ts';
import { Lexicon, slowVoice } from '../testing/slow-voice.ts';
import { AgentAudio } from './agent-audio.ts';
import { noMetrics } from './metrics.ts';
import { Speaking, type SpeakingEvent } from './speaking.ts';

const RATE = 8000;

function bench(sendAheadMaxMs = 1000) {
  const clock = new VirtualClock();
  const lexicon = new Lexicon();
  const sent: { at: number; samples: Int16Array; generation: number }[] = [];
  const marks: { name: string; generation: number; after: number }[] = [];
  const flushes: number[] = [];
  const samples = () => sent.reduce((sum, block) => sum + block.samples.length, 0);
  const line = {
    facts: { rate: RATE, sendAheadMaxMs, can: { marks: true } },
    send: (block: Int16Array, generation: number) =>
      void sent.push({ at: clock.now(), samples: block, generation }),
    mark: (name: string, generation: number) => void marks.push({ name, generation, after: samples() }),
    flush: (generation: number) => void flushes.push(generation),
    backlogBytes: () => 0,
  } as unknown as Line;
  const events: SpeakingEvent[] = [];
  const speaking = new Speaking({
    clock,
    scope: new Scope(clock),
    line,
    out: new AgentAudio(clock, line),
    engine: slowVoice({ clock, lexicon, everyMs: 5 }),
    voice: 'any',
    maxBacklogBytes: 100_000,
    metrics: noMetrics,
    listener: (event) => void events.push(event),
    onVoice: () => undefined,
  });
  const begin = (text: string, open = true) => {
    speaking.begin('r1', open);
    speaking.say('r1', text, false);
    speaking.finish('r1');
  };
  const words = () => {
    const heard: string[] = [];
    for (const block of sent)
      for (const sample of block.samples) {
        const word = lexicon.word(sample)?.text ?? '';
        if (heard.at(-1) !== word) heard.push(word);
      }
    return heard.join(' ');
  };
  return { clock, speaking, sent, marks, flushes, events, begin, samples, words };
}

const LONG = 'We are open from nine to five, on every day of the week but Sunday, and on most holidays.';

describe('speaking', () => {
  test.each([1000, 200, 60])('never has more than %i ms on its way', async (ahead) => {
    const { clock, sent, begin } = bench(ahead);
    begin(LONG);
    await clock.runUntil(10_000);
    let playEnd = 0;
    for (const { at, samples } of sent) {
      playEnd = Math.max(playEnd, at) + (samples.length / RATE) * 1000;
      expect(playEnd - at).toBeLessThanOrEqual(ahead + 0.001);
    }
  });

  test('sends marks at least every 250 ms of audio, and one after the last sample', async () => {
    const { clock, marks, begin, samples } = bench();
    begin(LONG);
    await clock.runUntil(10_000);
    let last = 0;
    for (const { after } of marks) {
      expect(after - last).toBeLessThanOrEqual(0.25 * RATE);
      last = after;
    }
    expect(last).toBe(samples());
  });

  test('sends nothing of a reply that does not count yet, and all of it at once when it does', async () => {
    const { clock, speaking, sent, events, begin } = bench();
    begin('Good morning.', false);
    await clock.runUntil(2000);
    expect(sent).toEqual([]);
    speaking.release('r1');
    expect(sent[0]?.at).toBe(2000);
    expect(events).toContainEqual({ kind: 'sounding', reply: 'r1' });
  });

  test('takes back what was not heard at a hold, and goes on from the clause', async () => {
    const { clock, speaking, sent, flushes, begin, words } = bench();
    begin(LONG);
    await clock.runUntil(3200);
    speaking.hold('r1');
    expect(flushes).toHaveLength(1);
    const before = sent.length;
    await clock.runUntil(4000);
    expect(sent).toHaveLength(before);
    speaking.resume('r1');
    await clock.runUntil(15_000);
    expect(words()).toMatch(
      /five, on every day .* on every day of the week but Sunday, and on most holidays\.$/,
    );
  });

  test('ends by its own clock when the last mark never comes back', async () => {
    const { clock, events, begin } = bench();
    begin('Good morning.');
    await clock.runUntil(5000);
    expect(events.at(-1)).toMatchObject({ kind: 'heard', reply: 'r1', text: 'Good morning.' });
  });

  test('stopped, knows what was heard, and nothing follows', async () => {
    const { clock, speaking, sent, begin } = bench();
    begin(LONG);
    await clock.runUntil(1600);
    const { text, whole } = speaking.stop('r1');
    expect(whole).toBe(false);
    expect(LONG.startsWith(text)).toBe(true);
    expect(text).toMatch(/^We are open/);
    const before = sent.length;
    await clock.runUntil(10_000);
    expect(sent).toHaveLength(before);
  });

  test('a reply without a word is over at once', () => {
    const { speaking, events } = bench();
    speaking.begin('r1', true);
    speaking.finish('r1');
    expect(events).toEqual([{ kind: 'heard', reply: 'r1', text: '' }]);
  });
});

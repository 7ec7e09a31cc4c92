import { describe, expect, test } from 'vitest';
import type { Expectation } from '../../src/ports/expectation.ts';
import type { RecogniserEngine, RecogniserEvent } from '../../src/ports/recogniser.ts';
import type { VoiceEngine, VoiceEvent } from '../../src/ports/voice.ts';

/** How a test of an engine lets time pass: a virtual clock moves, a real one is waited for. */
export type Pass = (ms: number) => Promise<void>;

const FRAME = 160;
const RATE = 8000;
/** Any engine has answered by then, also a slow one. */
const LIMIT_MS = 20_000;

async function until(pass: Pass, done: () => boolean): Promise<void> {
  for (let waited = 0; !done(); waited += 20) {
    if (waited > LIMIT_MS) throw new Error(`nothing came within ${LIMIT_MS} ms`);
    await pass(20);
  }
}

const ends = (event: RecogniserEvent) =>
  event.kind === 'final' || event.kind === 'rejected' || event.kind === 'failed';

export interface RecogniserUnderTest {
  readonly engine: RecogniserEngine;
  readonly expect: Expectation;
  /** A sentence as it comes from a line, 8 kHz, with silence around it … */
  readonly speech: Int16Array;
  /** … and what has to be among the words understood. */
  readonly says: RegExp;
  readonly pass: Pass;
}

/** What `ports/recogniser` promises of an engine that listens to one stretch of speech at a time. */
export function describeRecogniser(name: string, open: () => Promise<RecogniserUnderTest>): void {
  describe(`the recogniser "${name}"`, () => {
    const hear = async (under: RecogniserUnderTest, from: number, upTo = under.speech.length) => {
      const events: RecogniserEvent[] = [];
      const listener = (event: RecogniserEvent) => void events.push(event);
      const session = under.engine.open({ from, rate: RATE, expect: under.expect, listener });
      for (let at = 0; at < upTo; at += FRAME) {
        session.audio(under.speech.subarray(at, Math.min(at + FRAME, upTo)));
        if (at % (FRAME * 10) === 0) await under.pass(1);
      }
      return { events, session };
    };

    test('answers a finalise with exactly one final text, and nothing comes after it', async () => {
      const under = await open();
      const { events, session } = await hear(under, 0);
      session.finalize(under.speech.length);
      await until(under.pass, () => events.some(ends));
      await under.pass(500);
      expect(events.filter(ends)).toHaveLength(1);
      expect(ends(events.at(-1) as RecogniserEvent)).toBe(true);
      expect(events.find(ends)).toMatchObject({
        kind: 'final',
        text: expect.stringMatching(under.says) as string,
      });
      session.close();
    });

    test('says how far it has listened, up to all of it, in positions of the line', async () => {
      const under = await open();
      const { events, session } = await hear(under, 0);
      const heard = () => events.flatMap((event) => (event.kind === 'progress' ? [event.to] : []));
      await until(under.pass, () => (heard().at(-1) ?? 0) >= under.speech.length - RATE / 10);
      expect(heard()).toEqual([...heard()].sort((a, b) => a - b));
      expect(heard().at(-1)).toBeLessThanOrEqual(under.speech.length);
      session.close();
    });

    test('says nothing any more once it is closed, and the next session is not disturbed', async () => {
      const under = await open();
      const first = await hear(under, 0, Math.floor(under.speech.length / 2));
      first.session.close();
      const before = first.events.length;
      const { events, session } = await hear(under, 0);
      session.finalize(under.speech.length);
      await until(under.pass, () => events.some(ends));
      expect(first.events).toHaveLength(before);
      expect(events.find(ends)).toMatchObject({
        kind: 'final',
        text: expect.stringMatching(under.says) as string,
      });
      session.close();
    });

    test('takes silence for nothing said', async () => {
      const under = await open();
      const events: RecogniserEvent[] = [];
      const listener = (event: RecogniserEvent) => void events.push(event);
      const from = 100 * RATE;
      const session = under.engine.open({ from, rate: RATE, expect: under.expect, listener });
      for (let i = 0; i < 50; i++) session.audio(new Int16Array(FRAME));
      session.finalize(from + 50 * FRAME);
      await until(under.pass, () => events.some(ends));
      expect(events.find(ends)?.kind).toBe('rejected');
      session.close();
    });
  });
}

export interface VoiceUnderTest {
  readonly engine: VoiceEngine;
  readonly voice: string;
  readonly pass: Pass;
}

/** What `ports/voice` promises. */
export function describeVoice(name: string, open: () => Promise<VoiceUnderTest>): void {
  describe(`the voice "${name}"`, () => {
    const session = (under: VoiceUnderTest) => {
      const events: VoiceEvent[] = [];
      const rate = under.engine.can.rates.includes(RATE) ? RATE : Math.max(...under.engine.can.rates);
      const listener = (event: VoiceEvent) => void events.push(event);
      const it = under.engine.open({ voice: under.voice, rate, listener });
      const done = (id: string) =>
        events.some((event) => event.kind === 'segment-done' && event.segment === id);
      const samples = (id: string) =>
        events.reduce(
          (sum, event) =>
            sum + (event.kind === 'audio' && event.segment === id ? event.chunk.samples.length : 0),
          0,
        );
      return { it, events, rate, done, samples };
    };
    const segment = (id: string, text: string) => ({ id, text, spoken: text });

    test('speaks segments in their order, each complete before the next, each done once', async () => {
      const under = await open();
      const { it, events, done, samples, rate } = session(under);
      it.segment(segment('a', 'Good morning.'));
      it.segment(segment('b', 'Which day would you like?'));
      it.flush();
      await until(under.pass, () => done('b'));
      await under.pass(300);
      const order = events.flatMap((event) => (event.kind === 'failed' ? [] : [event.segment]));
      expect(order).toEqual([...order].sort());
      expect(events.filter((event) => event.kind === 'segment-done')).toHaveLength(2);
      for (const id of ['a', 'b']) expect(samples(id)).toBeGreaterThan(rate / 4);
      for (const event of events)
        if (event.kind === 'audio') expect(under.engine.can.rates).toContain(event.chunk.rate);
      it.close();
    });

    test('drops what is under way at a cancel, and speaks what is given to it afterwards', async () => {
      const under = await open();
      const { it, events, done, samples, rate } = session(under);
      it.segment(
        segment('a', 'This is a sentence that nobody will hear to its end, because it is cancelled.'),
      );
      it.segment(segment('b', 'Nor will anyone hear this one.'));
      await under.pass(5);
      it.cancel();
      it.segment(segment('c', 'Which day?'));
      it.flush();
      await until(under.pass, () => done('c'));
      expect(done('b')).toBe(false);
      expect(samples('b')).toBe(0);
      expect(samples('c')).toBeGreaterThan(rate / 4);
      expect(events.some((event) => event.kind === 'failed')).toBe(false);
      it.close();
    });

    test('is done with a segment that has nothing to say', async () => {
      const under = await open();
      const { it, done } = session(under);
      it.segment(segment('a', '…'));
      it.segment(segment('b', 'Hello.'));
      it.flush();
      await until(under.pass, () => done('b'));
      expect(done('a')).toBe(true);
      it.close();
    });

    test('is silent once it is closed', async () => {
      const under = await open();
      const { it, events } = session(under);
      it.segment(segment('a', 'This is never heard.'));
      it.close();
      const before = events.length;
      await under.pass(500);
      expect(events).toHaveLength(before);
    });
  });
}

import { expect, test } from 'vitest';
import { silentLog } from '../../kit/log.ts';
import { VirtualClock } from '../../kit/virtual-clock.ts';
import { EXPECT_NOTHING } from '../../ports/expectation.ts';
import type { ThreadLink } from './link.ts';
import type { ToThread } from './protocol.ts';
import { DeviceRecogniser } from './recogniser.ts';

const FRAME = 160;

/** A session at 8 kHz, and what of it reaches the thread: audio by its samples, anything else by its kind. */
function session() {
  const sent: (string | number[])[] = [];
  const link: ThreadLink = {
    send: (message: ToThread) =>
      void sent.push(message.kind === 'audio' ? [...message.samples] : message.kind),
    listen: () => undefined,
    broken: undefined,
    answers: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  const recogniser = new DeviceRecogniser(link, { clock: new VirtualClock(), log: silentLog });
  const opened = recogniser.open({ from: 0, rate: 8000, expect: EXPECT_NOTHING, listener: () => undefined });
  let frames = 0;
  /** The next 20 ms: a frame of its number. */
  const hear = () => opened.audio(new Int16Array(FRAME).fill(++frames));
  return { opened, hear, sent };
}

const frames = (...numbers: number[]): number[] => numbers.flatMap((n) => Array<number>(FRAME).fill(n));

test('audio reaches the thread in pieces of 60 ms, without a gap', () => {
  const { hear, sent } = session();
  for (let i = 0; i < 7; i++) hear();
  expect(sent).toEqual(['open', frames(1, 2, 3), frames(4, 5, 6)]);
});

test('what is left of the audio goes before the end of a stretch, and before another expectation', () => {
  const { opened, hear, sent } = session();
  hear();
  opened.expect(EXPECT_NOTHING);
  hear();
  opened.finalize(2 * FRAME);
  expect(sent).toEqual(['open', frames(1), 'expect', frames(2), 'finalize']);
});

test('audio that is handed over may be written over at once', () => {
  const { opened, sent } = session();
  const samples = new Int16Array(FRAME).fill(1);
  opened.audio(samples);
  samples.fill(9);
  opened.finalize(FRAME);
  expect(sent[1]).toEqual(frames(1));
});

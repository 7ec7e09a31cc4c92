import { afterAll, beforeAll, expect, test } from 'vitest';
import { hear } from '../../src/agent/hear.ts';
import { realClock } from '../../src/kit/clock.ts';
import { silentLog } from '../../src/kit/log.ts';
import { EXPECT_NOTHING, type Expectation } from '../../src/ports/expectation.ts';
import type { RecogniserEngine, RecogniserEvent } from '../../src/ports/recogniser.ts';
import { openRecordings, readRecording } from '../../src/sim/phrases.ts';
import { type DeviceSpeech, openDeviceSpeech } from '../../src/speech/device/open.ts';

/** The device recogniser through its port, in its thread, on human speech. */

const WHEN: Expectation = {
  id: 'test/when',
  slots: { day: hear.date(), time: hear.time() },
  confirming: false,
  universal: true,
};
const PIN: Expectation = {
  id: 'test/pin',
  slots: { pin: hear.digits(4) },
  confirming: false,
  universal: true,
};
const FRAME = 160;
const voice = openRecordings();
let speech: DeviceSpeech;
let recogniser: RecogniserEngine;

beforeAll(async () => {
  speech = await openDeviceSpeech({ hears: true, voices: [], clock: realClock, log: silentLog });
  if (!speech.recogniser) throw new Error('no recogniser');
  recogniser = speech.recogniser;
  await recogniser.prepare([WHEN, PIN]);
});
afterAll(() => speech.close());

/** Speech with the silence a call hands over before and after it. */
function inSilence(samples: Int16Array): Int16Array {
  const sound = new Int16Array(3200 + samples.length + 2400);
  sound.set(samples, 3200);
  return sound;
}

/** Everything the engine reports for some audio, up to the last event. */
function listen(sound: Int16Array, expect: Expectation, from = 0): Promise<RecogniserEvent[]> {
  return new Promise((resolve) => {
    const events: RecogniserEvent[] = [];
    const session = recogniser.open({
      from,
      rate: 8000,
      expect,
      listener(event) {
        events.push(event);
        if (event.kind === 'final' || event.kind === 'rejected' || event.kind === 'failed') resolve(events);
      },
    });
    for (let at = 0; at < sound.length; at += FRAME) session.audio(sound.subarray(at, at + FRAME));
    session.finalize(from + sound.length);
  });
}

const textOf = (events: readonly RecogniserEvent[]) => {
  const last = events.at(-1);
  return last?.kind === 'final' ? last.text : last?.kind;
};

test('a sentence with a day and a time is recognised, with every word in its place', async () => {
  const sound = inSilence(voice.say('friday at ten thirty a m'));
  const events = await listen(sound, WHEN, 80_000);
  const final = events.at(-1);
  if (final?.kind !== 'final') throw new Error(`expected a final, got ${final?.kind}`);
  expect(final.text).toBe('friday at ten thirty a m');
  expect(final.from).toBe(80_000);
  expect(final.to).toBe(80_000 + sound.length);
  expect(final.words.map((word) => word.text)).toEqual(['friday', 'at', 'ten', 'thirty', 'a', 'm']);
  const starts = final.words.map((word) => word.from);
  expect(starts).toEqual(starts.toSorted((a, b) => a - b));
  expect(starts[0]).toBeGreaterThan(80_000);
  expect(final.words.at(-1)?.to).toBeLessThanOrEqual(final.to);
  recogniser.reset();
});

test('what has been understood so far is reported while the caller speaks, and all audio is accounted for', async () => {
  const sound = inSilence(voice.say('friday at ten thirty a m'));
  const events = await listen(sound, WHEN);
  const partials = events.filter((event) => event.kind === 'partial').map((event) => event.text);
  expect(partials).toContain('friday');
  expect(events.filter((event) => event.kind === 'progress').at(-1)).toEqual({
    kind: 'progress',
    to: sound.length,
  });
  expect(events.filter((event) => event.kind === 'final' || event.kind === 'rejected')).toHaveLength(1);
  recogniser.reset();
});

test('a sentence that answers nothing is rejected', async () => {
  const sentence = inSilence(readRecording('cmu/librivox-0880.wav'));
  expect(textOf(await listen(sentence, WHEN))).toBe('rejected');
  expect(textOf(await listen(sentence, PIN))).toBe('rejected');
  const prompt = inSilence(readRecording('allison/prompts/vm-mailboxfull.wav'));
  expect(textOf(await listen(prompt, WHEN))).toBe('rejected');
  expect(textOf(await listen(prompt, PIN))).toBe('rejected');
  recogniser.reset();
});

test('what may be said at any time is understood whatever is expected', async () => {
  const sound = inSilence(voice.say('an operator'));
  expect(textOf(await listen(sound, PIN))).toBe('an operator');
  expect(textOf(await listen(sound, EXPECT_NOTHING))).toBe('an operator');
  recogniser.reset();
});

test('speech that is dropped in the middle reports nothing more, and the next is recognised', async () => {
  const sound = inSilence(voice.say('friday at ten thirty a m'));
  const events: RecogniserEvent[] = [];
  const session = recogniser.open({
    from: 0,
    rate: 8000,
    expect: WHEN,
    listener: (event) => void events.push(event),
  });
  for (let at = 0; at < sound.length / 2; at += FRAME) session.audio(sound.subarray(at, at + FRAME));
  session.close();
  const seen = events.length;
  expect(textOf(await listen(inSilence(voice.say('four two one seven')), PIN))).toBe('four two one seven');
  expect(events).toHaveLength(seen);
  recogniser.reset();
});

test('an expectation that changes while the caller speaks applies to all that was said', async () => {
  const sound = inSilence(voice.say('four two one seven'));
  const events: RecogniserEvent[] = [];
  const done = new Promise<void>((resolve) => {
    const session = recogniser.open({
      from: 0,
      rate: 8000,
      expect: WHEN,
      listener(event) {
        events.push(event);
        if (event.kind === 'final' || event.kind === 'rejected') resolve();
      },
    });
    session.audio(sound.subarray(0, 16_000));
    session.expect(PIN);
    session.audio(sound.subarray(16_000));
    session.finalize(sound.length);
  });
  await done;
  expect(textOf(events)).toBe('four two one seven');
  recogniser.reset();
});

test('a call leaves nothing behind: after a reset the same audio gives the same events', async () => {
  const call = async () => {
    const events = [];
    for (const [text, expectation] of [
      ['tomorrow at four p m', WHEN],
      ['nine oh five two', PIN],
      ['monday january twelfth', WHEN],
    ] as const)
      events.push(...(await listen(inSilence(voice.say(text)), expectation)));
    recogniser.reset();
    return events;
  };
  const first = await call();
  // Another caller in between, much quieter, on another line.
  const quiet = inSilence(voice.say('friday at ten thirty a m')).map((sample) => sample / 20);
  await listen(quiet, WHEN);
  recogniser.reset();
  expect(await call()).toEqual(first);
});

test('audio at 16 kHz is recognised, with positions in its own rate', async () => {
  const narrow = inSilence(voice.say('tomorrow'));
  const wide = new Int16Array(narrow.length * 2);
  narrow.forEach((sample, index) => {
    wide[2 * index] = sample;
    wide[2 * index + 1] = Math.round((sample + (narrow[index + 1] ?? 0)) / 2);
  });
  const final = await new Promise<RecogniserEvent>((resolve) => {
    const session = recogniser.open({
      from: 0,
      rate: 16_000,
      expect: WHEN,
      listener: (event) => event.kind !== 'progress' && event.kind !== 'partial' && resolve(event),
    });
    session.audio(wide);
    session.finalize(wide.length);
  });
  if (final.kind !== 'final') throw new Error(`expected a final, got ${final.kind}`);
  expect(final.text).toBe('tomorrow');
  expect(final.words[0]?.from).toBeGreaterThan(5000);
  recogniser.reset();
});

test('"a m" behind a round time is no eight, and an eight that was said is', async () => {
  for (const text of ['ten fifty a m', 'ten fifty eight a m', 'two thirty a m', 'six forty eight a m'])
    expect(textOf(await listen(inSilence(voice.say(text)), WHEN))).toBe(text);
  recogniser.reset();
});

test('a word that cannot be pronounced is named, with the question it stands in', async () => {
  const strange: Expectation = {
    id: 'test/strange',
    slots: { room: hear.choice({ a: ['room 4b'] }) },
    confirming: false,
    universal: false,
  };
  await expect(recogniser.prepare([strange])).rejects.toThrow(/"4b".*test\/strange/);
});

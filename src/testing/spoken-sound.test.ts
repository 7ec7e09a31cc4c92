import { expect, it } from 'vitest';
import type { VoiceEngine, VoiceEvent } from '../ports/voice.ts';
import { SpokenSound } from './spoken-sound.ts';

/** A voice that gives each segment as a ramp of its own, with silence in the middle. */
function rampVoice(): VoiceEngine & { readonly said: Int16Array[] } {
  const said: Int16Array[] = [];
  return {
    said,
    name: 'ramp',
    can: { streamsText: false, wordTimes: false, rates: [8000] },
    prepare: () => Promise.resolve(),
    close: () => Promise.resolve(),
    open: ({ rate, listener }) => ({
      segment: ({ id }) => {
        const samples = Int16Array.from({ length: 2000 }, (_, i) =>
          i >= 900 && i < 1100 ? 0 : 1000 + said.length * 3000 + i,
        );
        said.push(samples);
        listener({ kind: 'audio', segment: id, chunk: { samples, rate } });
        listener({ kind: 'segment-done', segment: id });
      },
      flush: () => undefined,
      cancel: () => undefined,
      close: () => undefined,
    }),
  };
}

/** The words that are played, in order, with the numbers of their places. */
function played(sound: SpokenSound, samples: Iterable<number>): string[] {
  const words: string[] = [];
  for (const sample of samples) {
    const word = sound.word(sample);
    const name = word && `${word.text} ${word.n}`;
    if (name !== undefined && words.at(-1) !== name) words.push(name);
  }
  return words;
}

function speak(...texts: string[]) {
  const sound = new SpokenSound();
  const voice = rampVoice();
  const events: VoiceEvent[] = [];
  const session = sound
    .hear(voice)
    .open({ voice: 'v', rate: 8000, listener: (event) => void events.push(event) });
  for (const [i, text] of texts.entries()) session.segment({ id: `s${i}`, text, spoken: text });
  return { sound, said: voice.said, events };
}

it('the words of a sound come out in the order they were spoken', () => {
  const { sound, said } = speak('one two', 'three');
  expect(
    played(
      sound,
      said.flatMap((samples) => [...samples]),
    ),
  ).toEqual(['one 1', 'two 2', 'three 3']);
});

it('what was never sent is skipped, and silence in between changes nothing', () => {
  const { sound, said } = speak('one two', 'three', 'four');
  const [first, , third] = said;
  const silence = Array.from({ length: 400 }, () => 0);
  const sent = [...(first ?? []).slice(0, 500), ...silence, ...(third ?? [])];
  expect(played(sound, sent)).toEqual(['one 1', 'four 4']);
});

it('what is said again after a hold is the same words again', () => {
  const { sound, said } = speak('one two');
  const samples = [...(said[0] ?? [])];
  expect(played(sound, [...samples.slice(0, 1500), ...samples.slice(700)])).toEqual([
    'one 1',
    'two 2',
    'one 1',
    'two 2',
  ]);
});

it('a sound of somebody else is no word', () => {
  const { sound } = speak('one two');
  expect(played(sound, [5, 6, 7, 8, 9])).toEqual([]);
});

it('the call gets what the voice says as if nobody listened', () => {
  const { events, said } = speak('one');
  expect(events).toEqual([
    { kind: 'audio', segment: 's0', chunk: { samples: said[0], rate: 8000 } },
    { kind: 'segment-done', segment: 's0' },
  ]);
});

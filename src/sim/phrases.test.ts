import { expect, test } from 'vitest';
import { joinRecordings, openRecordings, splitPhrase } from './phrases.ts';

test('joined recordings keep their samples and get a pause between them, none at the ends', () => {
  const joined = joinRecordings([Int16Array.of(1, 2), Int16Array.of(3)], { gapMs: 1, rate: 2000 });
  expect([...joined]).toEqual([1, 2, 0, 0, 3]);
  expect(joinRecordings([])).toHaveLength(0);
});

test('a phrase is split into the longest pieces that were recorded', () => {
  const recorded = new Set(['one', 'moment', 'one moment', 'please']);
  expect(splitPhrase('one one moment please', recorded)).toEqual(['one', 'one moment', 'please']);
});

test('a word that nobody recorded is named', () => {
  expect(() => splitPhrase('no appointment', new Set(['no']))).toThrow('"appointment"');
});

test('the recorded voice says a day with a time', () => {
  const voice = openRecordings();
  const speech = voice.say('friday at ten thirty a m');
  expect(speech.length).toBeGreaterThan(2 * 8000);
  expect(speech.some((sample) => Math.abs(sample) > 3000)).toBe(true);
  for (const text of [
    'the fourth of may',
    'yes',
    'wait a moment',
    'the second one',
    'speak with a representative',
  ])
    expect(voice.say(text).length).toBeGreaterThan(0);
});

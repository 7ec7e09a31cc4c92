// What the voice-activity detector finds of speech, and what else it takes for speech, on a telephone line.
// Usage: node scripts/run-ts.mjs bench/vad-accuracy.ts [tuning]        (without it: the recordings kept for tests)
//
// Frames of 32 ms; a frame counts as found when its probability is above one half. A moment of a recording is speech when
// the recording, in the telephone band, is within 35 dB of its loud parts there or within 50 ms of it: a closed stop is
// speech, a pause is not. Frames on the edge between the two are left out.
import { fileURLToPath } from 'node:url';
import { Framer } from '../src/audio/framing.ts';
import { fromDb, mix, scale } from '../src/audio/level.ts';
import { concatSamples, floatsFromSamples } from '../src/audio/pcm.ts';
import { Resampler } from '../src/audio/resample.ts';
import { dtmf, pinkNoise, ringback, silence, whiteNoise } from '../src/audio/tones.ts';
import { seededChance } from '../src/kit/ids.ts';
import type { VoiceActivityEngine } from '../src/ports/voice-activity.ts';
import { loadSilero } from '../src/speech/device/silero.ts';
import { percentile } from './figures.ts';
import { bandPass, levelsOf, loudOf, RATE, recordings, soundOf, telephone } from './line-sound.ts';

const FRAME_MS = 32;
const GAP_S = 1.5;
const GOAL = { hits: 95, falseOnSpeech: 5, falseOnSounds: 0.5 };

/** One line of the table. */
export interface AccuracyRow {
  readonly what: string;
  /** In percent of `frames`. */
  readonly percent: number;
  readonly frames: number;
  readonly goal?: { readonly least?: number; readonly most?: number };
}

export async function vadAccuracy(use: 'tuning' | 'test'): Promise<AccuracyRow[]> {
  const engine = await loadSilero();
  const speech = recordings(use)
    .filter(({ kind }) => kind !== 'sound')
    .map(soundOf);
  return [
    ...onSpeech(engine, 'speech', speech, { gain: 0, goal: true }),
    ...onSpeech(engine, 'speech 20 dB lower', speech, { gain: -20, goal: false }),
    ...onSpeech(engine, 'speech in pink noise, 10 dB SNR', speech, { gain: 0, snr: 10, goal: false }),
    ...otherSounds().map(({ what, sound }) => {
      const found = probabilities(engine, telephone(sound)).filter((p) => p > 0.5).length;
      const frames = Math.floor((sound.length / RATE) * (1000 / FRAME_MS));
      const percent = (100 * found) / frames;
      return { what: `${what}: taken for speech`, percent, frames, goal: { most: GOAL.falseOnSounds } };
    }),
  ];
}

/** All recordings in one call, one after the other with silence between them. */
function onSpeech(
  engine: VoiceActivityEngine,
  name: string,
  speech: readonly Int16Array[],
  line: { readonly gain: number; readonly snr?: number; readonly goal: boolean },
): AccuracyRow[] {
  const parts = speech.flatMap((sound) => [silence(GAP_S, RATE), scale(sound, fromDb(line.gain))]);
  const clean = concatSamples([...parts, silence(GAP_S, RATE)]);
  const isSpeech = speech.flatMap((sound) => [
    ...Array.from({ length: GAP_S * 200 }, () => false),
    ...spokenMoments(sound),
  ]);
  const loud = percentile(
    speech.map((sound) => loudOf(levelsOf(bandPass(sound)))),
    50,
  );
  const seconds = clean.length / RATE;
  const noise =
    line.snr === undefined
      ? whiteNoise(seconds, RATE, -65, seededChance(21))
      : pinkNoise(seconds, RATE, loud - 3 + line.gain - line.snr, seededChance(22));
  const found = probabilities(engine, telephone(mix(clean, noise)));
  const count = { speech: 0, hits: 0, other: 0, falseAlarms: 0 };
  found.forEach((p, i) => {
    // The view is 3 ms late, which the unit of 5 ms swallows.
    const moments = isSpeech.slice(Math.round((i * FRAME_MS) / 5), Math.round(((i + 1) * FRAME_MS) / 5));
    const spoken = moments.filter(Boolean).length;
    if (moments.length > 0 && spoken === moments.length) {
      count.speech++;
      if (p > 0.5) count.hits++;
    } else if (spoken === 0) {
      count.other++;
      if (p > 0.5) count.falseAlarms++;
    }
  });
  return [
    {
      what: `${name}: found`,
      percent: (100 * count.hits) / count.speech,
      frames: count.speech,
      ...(line.goal ? { goal: { least: GOAL.hits } } : {}),
    },
    {
      what: `${name}: silence taken for speech`,
      percent: (100 * count.falseAlarms) / count.other,
      frames: count.other,
      ...(line.goal ? { goal: { most: GOAL.falseOnSpeech } } : {}),
    },
  ];
}

/** For every 5 ms of a recording, whether it is speech. */
function spokenMoments(sound: Int16Array): boolean[] {
  const levels = levelsOf(bandPass(sound));
  const least = loudOf(levels) - 35;
  const near = 10;
  return Array.from({ length: Math.round(sound.length / (RATE / 200)) }, (_, i) => {
    const before = levels.slice(Math.max(0, i - near), i + 1).some((level) => level > least);
    const after = levels.slice(i, i + near + 1).some((level) => level > least);
    return before && after;
  });
}

function otherSounds(): { what: string; sound: Int16Array }[] {
  const music = (file: string): Int16Array => soundOf({ file: `hold-music/${file}.wav` });
  const effects = ['beep', 'beeperr', 'ascending-2tone', 'descending-2tone'];
  return [
    { what: 'hold music, cold day', sound: music('cold-day') },
    { what: 'hold music, system', sound: music('system') },
    { what: 'ringback', sound: ringback(24, RATE) },
    { what: 'keypad tones', sound: dtmf('1234567890*#'.repeat(4), RATE) },
    {
      what: 'beeps and tones',
      sound: concatSamples(
        effects.flatMap((file) => [soundOf({ file: `allison/sounds/${file}.wav` }), silence(1, RATE)]),
      ),
    },
    { what: 'white noise at -30 dBFS', sound: whiteNoise(20, RATE, -30, seededChance(23)) },
    { what: 'pink noise at -30 dBFS', sound: pinkNoise(20, RATE, -30, seededChance(24)) },
    { what: 'hiss at -60 dBFS', sound: whiteNoise(20, RATE, -60, seededChance(25)) },
  ];
}

/** The detector's answers, frame by frame, to a line at 8 kHz. */
function probabilities(engine: VoiceActivityEngine, line: Int16Array): number[] {
  const detector = engine.open();
  return new Framer(engine.frameSamples)
    .push(new Resampler(RATE, 16_000).push(line))
    .map((frame) => detector.process(floatsFromSamples(frame)));
}

export function printAccuracy(rows: readonly AccuracyRow[]): string {
  const width = Math.max(...rows.map(({ what }) => what.length));
  const lines = rows.map(({ what, percent, frames, goal }) => {
    const met = percent >= (goal?.least ?? 0) && percent <= (goal?.most ?? 100);
    const limit = goal?.least === undefined ? `≤ ${goal?.most} %` : `≥ ${goal.least} %`;
    const verdict = goal === undefined ? '' : `goal ${limit}  ${met ? 'met' : 'MISSED'}`;
    const counted = `of ${frames} frames`.padEnd(16);
    return `${what.padEnd(width)}  ${percent.toFixed(2).padStart(6)} % ${counted} ${verdict}`.trimEnd();
  });
  return `${lines.join('\n')}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const use = process.argv[2] === 'tuning' ? 'tuning' : 'test';
  process.stdout.write(`Voice activity, recordings for ${use}\n${printAccuracy(await vadAccuracy(use))}`);
}

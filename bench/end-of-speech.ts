// How far the estimated ends of speech lie from the annotated ones.
// Usage: node scripts/run-ts.mjs bench/end-of-speech.ts [tuning]        (without it: the recordings kept for tests)
//
// Each recording stands between silences on a telephone line with some noise. Its annotated end is the last moment at
// which the recording itself, in the telephone band and before the noise, is within 35 dB of its loud parts and above
// the noise. What "the end" is depends on those 35 dB, so the figures are repeated for 30 and 40.
import { fileURLToPath } from 'node:url';
import { Framer } from '../src/audio/framing.ts';
import { fromDb, mix, scale } from '../src/audio/level.ts';
import { concatSamples, floatsFromSamples } from '../src/audio/pcm.ts';
import { Resampler } from '../src/audio/resample.ts';
import { pinkNoise, silence, whiteNoise } from '../src/audio/tones.ts';
import { type Edge, Edges } from '../src/call/edges.ts';
import { seededChance } from '../src/kit/ids.ts';
import type { VoiceActivityEngine } from '../src/ports/voice-activity.ts';
import { loadSilero } from '../src/speech/device/silero.ts';
import { type Figure, percentile, printFigures } from './figures.ts';
import { bandPass, levelsOf, loudOf, RATE, recordings, soundOf, telephone } from './line-sound.ts';

interface Condition {
  readonly name: string;
  /** Change of the recording's level, in dB. */
  readonly gain: number;
  /** Noise for a speech whose loud parts have this level, in dBFS. */
  noise(seconds: number, loud: number, seed: number): Int16Array;
}

const hiss: Condition['noise'] = (seconds, _loud, seed) => whiteNoise(seconds, RATE, -65, seededChance(seed));
const pink =
  (below: number): Condition['noise'] =>
  (seconds, loud, seed) =>
    pinkNoise(seconds, RATE, loud - below, seededChance(seed));

const CONDITIONS: readonly Condition[] = [
  { name: 'quiet line (hiss at -65 dBFS)', gain: 0, noise: hiss },
  { name: 'digital silence', gain: 0, noise: (seconds) => silence(seconds, RATE) },
  { name: 'quiet line, speech 12 dB lower', gain: -12, noise: hiss },
  { name: 'pink noise 28 dB below the loud parts', gain: 0, noise: pink(28) },
  { name: 'pink noise 18 dB below the loud parts', gain: 0, noise: pink(18) },
];

/** What annotation and estimate say of one recording, in milliseconds. */
interface Result {
  readonly startError: number;
  readonly endError: number;
  readonly noticed: number;
  readonly detectorError: number;
}

const LEAD_S = 1.2;
const GOAL = { p50: 30, p95: 80 };

export async function endOfSpeech(use: 'tuning' | 'test'): Promise<Figure[]> {
  const engine = await loadSilero();
  const sounds = recordings(use)
    .filter(({ kind }) => kind !== 'sound')
    .map(soundOf)
    .filter(hasClearEnd);
  const figures: Figure[] = [];
  for (const condition of CONDITIONS) {
    const results = sounds.map((sound, i) => measure(engine, sound, condition, 35, i + 1));
    figures.push(...rows(condition.name, results, sounds.length));
  }
  for (const within of [30, 40]) {
    const results = sounds.map((sound, i) =>
      measure(engine, sound, CONDITIONS[0] as Condition, within, i + 1),
    );
    const errors = results.flatMap((result) => (result ? [Math.abs(result.endError)] : []));
    figures.push(
      { what: `quiet line, annotated ${within} dB below: p50`, value: percentile(errors, 50), unit: 'ms' },
      { what: `quiet line, annotated ${within} dB below: p95`, value: percentile(errors, 95), unit: 'ms' },
    );
  }
  return figures;
}

/** Some recordings have a noise of their own that hides where they end. */
function hasClearEnd(sound: Int16Array): boolean {
  const levels = levelsOf(bandPass(sound));
  return percentile(levels, 2) < loudOf(levels) - 40;
}

function measure(
  engine: VoiceActivityEngine,
  recording: Int16Array,
  condition: Condition,
  within: number,
  seed: number,
): Result | undefined {
  // Leads of different length, so that the sound begins anywhere in a frame.
  const lead = LEAD_S + ((seed * 37) % 32) / 1000;
  const clean = concatSamples([
    silence(lead, RATE),
    scale(recording, fromDb(condition.gain)),
    silence(1, RATE),
  ]);
  const levels = levelsOf(bandPass(clean));
  const spoken = levelsOf(bandPass(scale(recording, fromDb(condition.gain))));
  const loud = loudOf(spoken);
  const noise = condition.noise(clean.length / RATE, loud, seed);
  const noiseLevel = percentile(levelsOf(bandPass(noise)), 50);
  const least = Math.max(loud - within, noiseLevel);
  const start = levels.findIndex((level) => level > least) * 5;
  const end = levels.findLastIndex((level) => level > least) * 5 + 10;

  const edges = hear(engine, telephone(mix(clean, noise)));
  const first = edges.find(({ kind }) => kind === 'start');
  const last = edges.findLast(({ kind }) => kind === 'end');
  if (!first || !last) return undefined;
  return {
    startError: first.atMs - start,
    endError: last.atMs - end,
    noticed: last.noticedMs - end,
    // The end of the first of the frames by which the detector noticed: where an end would be without the estimate.
    detectorError: last.noticedMs - 32 - end,
  };
}

function hear(engine: VoiceActivityEngine, line: Int16Array): Edge[] {
  const view = new Resampler(RATE, 16_000);
  const detector = engine.open();
  const edges = new Edges({ lateMs: view.delay * 1000 });
  return new Framer(engine.frameSamples).push(view.push(line)).flatMap((frame) => {
    const samples = floatsFromSamples(frame);
    return edges.frame(detector.process(samples), samples) ?? [];
  });
}

function rows(name: string, results: readonly (Result | undefined)[], count: number): Figure[] {
  const found = results.filter((result) => result !== undefined);
  const of = (pick: (result: Result) => number, percent: number): number =>
    percentile(
      found.map((result) => pick(result)),
      percent,
    );
  const size = (pick: (result: Result) => number): ((result: Result) => number) => {
    return (result) => Math.abs(pick(result));
  };
  const end = size(({ endError }) => endError);
  const start = size(({ startError }) => startError);
  const detector = size(({ detectorError }) => detectorError);
  const what = (row: string): string => `${name}: ${row}`;
  return [
    {
      what: what(`end, p50 of ${found.length} (of ${count})`),
      value: of(end, 50),
      unit: 'ms',
      goal: GOAL.p50,
    },
    { what: what('end, p95'), value: of(end, 95), unit: 'ms', goal: GOAL.p95 },
    { what: what('end by the detector alone, p50'), value: of(detector, 50), unit: 'ms' },
    { what: what('end by the detector alone, p95'), value: of(detector, 95), unit: 'ms' },
    { what: what('end noticed after, p50'), value: of(({ noticed }) => noticed, 50), unit: 'ms' },
    { what: what('end noticed after, p95'), value: of(({ noticed }) => noticed, 95), unit: 'ms' },
    { what: what('start, p50'), value: of(start, 50), unit: 'ms' },
    { what: what('start, p95'), value: of(start, 95), unit: 'ms' },
  ];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const use = process.argv[2] === 'tuning' ? 'tuning' : 'test';
  process.stdout.write(`End of speech, recordings for ${use}\n${printFigures(await endOfSpeech(use))}`);
}

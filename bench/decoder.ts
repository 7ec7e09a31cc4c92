// What the recogniser's decoder costs, as a share of the length of the sound: its two searches, each part that comes on
// top, and what one search alone costs.
// Usage: node scripts/run-ts.mjs bench/decoder.ts [rounds]
import { DECODER_RATE } from '../src/speech/device/decoder.ts';
import { type Hearing, loadHearing } from '../src/speech/device/hearing.ts';
import { type Figure, percentile, printFigures } from './figures.ts';
import { overTelephone } from './speech-line.ts';
import { expectedUtterances, QUESTIONS, type Utterance } from './speech-sets.ts';

const FRAME = 160;
const rounds = Number(process.argv[2] ?? 3);
const utterances = expectedUtterances('test').filter((_, index) => index % 5 === 0);
const sounds = utterances.map((utterance, index) => ({ utterance, sound: asHeard(utterance, index) }));
const seconds = sounds.reduce((sum, { sound }) => sum + sound.length, 0) / DECODER_RATE;

const both = await loadHearing();
both.prepare(Object.values(QUESTIONS));
const alone = await withOneSearch(() => loadHearing());
alone.prepare(Object.values(QUESTIONS));
const ways: readonly { readonly what: string; readonly run: () => void }[] = [
  { what: 'answers and phones', run: () => hearAll(both, false) },
  { what: 'answers and phones, judged after every frame', run: () => hearAll(both, true) },
  { what: 'answers alone', run: () => hearAll(alone, false) },
  { what: 'a second look at all of it', run: () => lookAgain(both) },
];
for (const { run } of ways) run();
// Turn by turn, so that other work on the machine meets all of them.
const shares = ways.map((): number[] => []);
for (let round = 0; round < rounds; round++)
  for (const [way, { run }] of ways.entries()) shares[way]?.push(cpuS(run) / seconds);
const figures = ways.map(
  ({ what }, way): Figure => ({
    what,
    value: 1000 * percentile(shares[way] ?? [], 50),
    unit: 'ms per s of sound',
  }),
);
process.stdout.write(
  `Decoder, ${seconds.toFixed(0)} s of sound, median of ${rounds}\n${printFigures(figures)}`,
);

function asHeard(utterance: Utterance, index: number): Float32Array {
  const line = { gainDb: 0, noiseDbfs: -66, beforeMs: 400, afterMs: 300, seed: index + 1 };
  return Float32Array.from(overTelephone(utterance.speech(0), line), (sample) => sample / 32768);
}

function hearAll(hearing: Hearing, judging: boolean): void {
  const { decoder } = hearing;
  for (const { utterance, sound } of sounds) {
    decoder.listen(hearing.grammarOf(utterance.expect));
    decoder.start();
    for (let at = 0; at < sound.length; at += FRAME) {
      decoder.hear(sound.slice(at, at + FRAME));
      if (judging) decoder.text();
    }
    decoder.stop();
  }
}

function lookAgain(hearing: Hearing): void {
  const { decoder } = hearing;
  for (const { utterance, sound } of sounds) {
    decoder.listen(hearing.grammarOf(utterance.expect));
    decoder.start();
    decoder.hearWhole(sound);
    decoder.stop();
  }
}

function cpuS(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** Loads a recogniser whose second search never runs, because nothing in its native program can be replaced. */
async function withOneSearch(load: () => Promise<Hearing>): Promise<Hearing> {
  const { prototype } = (globalThis as unknown as { WebAssembly: { Table: { prototype: { set: unknown } } } })
    .WebAssembly.Table;
  const { set } = prototype;
  prototype.set = () => undefined;
  try {
    return await load();
  } finally {
    prototype.set = set;
  }
}

import { understand } from '../src/agent/hear/understand.ts';
import type { RecogniserEvent } from '../src/ports/recogniser.ts';
import { type Hearing, loadHearing } from '../src/speech/device/hearing.ts';
import { Stretch } from '../src/speech/device/listening.ts';
import { Loudness } from '../src/speech/device/loudness.ts';
import { Repetition } from '../src/speech/device/repetition.ts';
import { endOfSpeech } from './end-of-speech.ts';
import { percentile, printFigures } from './figures.ts';
import { overTelephone } from './speech-line.ts';
import {
  expectedUtterances,
  type Half,
  QUESTIONS,
  type Utterance,
  unexpectedUtterances,
} from './speech-sets.ts';
import { printAccuracy, vadAccuracy } from './vad-accuracy.ts';

/**
 * How well the device hears, at its one operating point, on human recordings: recognition, voice activity, ends of speech.
 * Usage: npm run bench:speech -- [--tuning] [--every 3] [--errors]
 *
 * Expected utterances are constructed: recordings of one professional speaker, joined with pauses of 60 ms (second try
 * 110 ms, 6 dB lower, other noise). Telephone band, mu-law, a hiss of -66 dBFS; calls of five utterances, each call on a
 * line the recogniser does not know yet. Right means understood as the same values, so "nope" is right for "no". The
 * settings were fitted to the other half of the recordings (`Half` in `speech-sets.ts`); the speaker is the same, and
 * earlier settings had been looked at on all of them, so a fresh speaker may be understood less well.
 */

const TODAY = '2026-01-05';
const ANSWERS_PER_CALL = 5;
const FRAME = 160;

interface Result {
  readonly set: string;
  /** More than one word was said. */
  readonly sentence: boolean;
  readonly label: string;
  readonly heard: string | undefined;
  readonly outcome: 'right' | 'wrong' | 'rejected';
  /** CPU from the end of the audio to the final text, in milliseconds. */
  readonly finalMs: number;
}

const meaning = (text: string, { expect }: Utterance) => {
  const { any, values, parts, answer, universal } = understand(text, expect, { today: TODAY });
  return any ? JSON.stringify([values, parts, answer ?? null, universal ?? null]) : undefined;
};

class Call {
  readonly #hearing: Hearing;
  readonly #loudness = new Loudness();
  readonly #repetition = new Repetition();
  #answers = 0;

  constructor(hearing: Hearing) {
    this.#hearing = hearing;
  }

  async say(utterance: Utterance, take: 0 | 1, seed: number): Promise<Result> {
    if (this.#answers++ % ANSWERS_PER_CALL === 0) {
      await this.#hearing.decoder.reset();
      this.#loudness.reset();
      this.#repetition.forget();
    }
    // A second try follows its first; everything else has nothing to do with what came before.
    if (take === 0) this.#repetition.forget();
    const sound = overTelephone(utterance.speech(take), {
      gainDb: take === 0 ? 0 : -6,
      noiseDbfs: -66,
      beforeMs: 400,
      afterMs: 300,
      seed,
    });
    const events: RecogniserEvent[] = [];
    const stretch = new Stretch({
      decoder: this.#hearing.decoder,
      loudness: this.#loudness,
      repetition: this.#repetition,
      grammarOf: (expectation) => this.#hearing.grammarOf(expectation),
      report: (event) => void events.push(event),
      from: 0,
      rate: 8000,
      expectation: utterance.expect,
    });
    for (let at = 0; at < sound.length; at += FRAME) stretch.audio(sound.subarray(at, at + FRAME));
    const before = process.cpuUsage();
    stretch.finalize(sound.length);
    const { user, system } = process.cpuUsage(before);
    const last = events.at(-1);
    const heard = last?.kind === 'final' ? last.text : undefined;
    const understood = heard === undefined ? undefined : meaning(heard, utterance);
    const right = utterance.right === undefined ? undefined : meaning(utterance.right, utterance);
    return {
      set: utterance.set,
      sentence: utterance.label.includes(' '),
      label: utterance.label,
      heard,
      outcome: understood === undefined ? 'rejected' : understood === right ? 'right' : 'wrong',
      finalMs: (user + system) / 1000,
    };
  }
}

const count = (results: readonly Result[], outcome: Result['outcome']) =>
  results.filter((result) => result.outcome === outcome).length;
const percent = (results: readonly Result[], outcome: Result['outcome']) =>
  (100 * count(results, outcome)) / Math.max(1, results.length);
const shown = (value: number) => `${value.toFixed(1)} %`.padStart(8);

/** Wilson's interval: between which shares, in percent, the true one lies with 95 % confidence. */
function interval(hits: number, of: number): readonly [number, number] {
  const z = 1.96;
  const share = hits / Math.max(1, of);
  const middle = share + z ** 2 / (2 * of);
  const width = z * Math.sqrt((share * (1 - share)) / of + z ** 2 / (4 * of ** 2));
  const scale = 100 / (1 + z ** 2 / of);
  return [scale * (middle - width), scale * (middle + width)];
}

function row(
  name: string,
  results: readonly Result[],
  outcome: Result['outcome'],
  goal: { readonly least?: number; readonly most?: number },
): void {
  const value = percent(results, outcome);
  const [low, high] = interval(count(results, outcome), results.length);
  const met = value >= (goal.least ?? 0) && value <= (goal.most ?? 100);
  const limit = goal.least === undefined ? `≤ ${goal.most} %` : `≥ ${goal.least} %`;
  const range = `${low.toFixed(1)} to ${high.toFixed(1)} of ${results.length}`;
  console.log(
    `${name.padEnd(46)}${shown(value)}  (${range})`.padEnd(80),
    `goal ${limit}  ${met ? 'met' : 'MISSED'}`,
  );
}

/** `--every 3` takes every third utterance: a quick look, not a result. */
const everyAt = process.argv.indexOf('--every');
const every = everyAt < 0 ? 1 : Number(process.argv[everyAt + 1]);
const half: Half = process.argv.includes('--tuning') ? 'tuning' : 'test';
const some = (all: readonly Utterance[]) => all.filter((_, index) => index % every === 0);

const hearing = await loadHearing();
hearing.prepare(Object.values(QUESTIONS));
const expected = some(expectedUtterances(half));
const call = new Call(hearing);
const first: Result[] = [];
const second: Result[] = [];
for (const [index, utterance] of expected.entries()) {
  const result = await call.say(utterance, 0, index + 1);
  first.push(result);
  // A rejected caller is asked again; a wrong answer that was accepted stays wrong.
  second.push(result.outcome === 'rejected' ? await call.say(utterance, 1, index + 5001) : result);
}
const unexpected: Result[] = [];
for (const [index, utterance] of some(unexpectedUtterances(half)).entries())
  unexpected.push(await call.say(utterance, 0, index + 9001));

console.log(`Recognition, ${half} half: ${expected.length} expected utterances, first try`);
for (const set of new Set(first.map((result) => result.set))) {
  const own = first.filter((result) => result.set === set);
  console.log(
    `  ${set.padEnd(20)} ${String(own.length).padStart(4)}   right ${shown(percent(own, 'right'))}   wrong ${shown(percent(own, 'wrong'))}`,
  );
}
const isolated = first.filter((result) => !result.sentence);
console.log(
  `  of these single words ${String(isolated.length).padStart(3)}   right ${shown(percent(isolated, 'right'))}   wrong ${shown(percent(isolated, 'wrong'))}`,
);
console.log(`${unexpected.length} unexpected utterances`);
for (const set of new Set(unexpected.map((result) => result.set))) {
  const own = unexpected.filter((result) => result.set === set);
  console.log(
    `  ${set.padEnd(28)} ${String(own.length).padStart(4)}   accepted ${shown(percent(own, 'wrong'))}`,
  );
}
for (const outcome of ['right', 'rejected'] as const) {
  const times = first.filter((one) => one.outcome === outcome).map(({ finalMs }) => finalMs);
  console.log(
    `end of audio → final, CPU, ${outcome}: p50 ${percentile(times, 50).toFixed(0)} ms, p95 ${percentile(times, 95).toFixed(0)} ms`,
  );
}
row('expected, right at once', first, 'right', { least: 92 });
row('expected, wrong and accepted', first, 'wrong', { most: 1 });
row('expected, right within two tries', second, 'right', { least: 98 });
row(
  'digit strings of known length, right at once',
  first.filter(({ set }) => /^\d+ digits$/.test(set)),
  'right',
  { least: 95 },
);
row('unexpected, accepted', unexpected, 'wrong', { most: 5 });
if (process.argv.includes('--errors'))
  for (const { label, heard, outcome } of [...first, ...unexpected])
    if (outcome === 'wrong') console.log(`  "${label}" heard as "${heard}"`);
hearing.decoder.close();
console.log(`\nVoice activity\n${printAccuracy(await vadAccuracy(half))}`);
console.log(`End of speech\n${printFigures(await endOfSpeech(half))}`);

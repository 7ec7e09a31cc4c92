import { LEAD_INS } from '../../agent/hear/vocabulary.ts';
import { Resampler } from '../../audio/resample.ts';
import type { Expectation } from '../../ports/expectation.ts';
import type { Position, RecogniserEvent } from '../../ports/recogniser.ts';
import { CONFIDENT } from './confidence.ts';
import { DECODER_RATE, type Decoder, type HeardWord } from './decoder.ts';
import type { Grammar } from './grammar.ts';
import { Loudness } from './loudness.ts';
import type { Candidate, Repetition } from './repetition.ts';

interface Look extends Candidate {
  readonly words: readonly HeardWord[];
}

/** A stretch longer than this is not looked at twice; in samples of the decoder. */
const SECOND_LOOK_MAX = 20 * DECODER_RATE;
/**
 * A caller whose level is not known yet is listened to this long before decoding begins: 0.4 s of it are the silence
 * before the speech.
 */
const FIRST_LEVEL_SAMPLES = DECODER_RATE;
/** A stretch ends here whatever comes: nobody answers a question for a minute. */
const STRETCH_MAX = 60 * DECODER_RATE;

/**
 * The hiss of a quiet line, -66 dBFS, the same for every stretch. Lines that suppress silence send exact zeros, whose
 * logarithm is far from anything the acoustic model has seen: without it nothing is recognised on them.
 */
function hiss(index: number): number {
  return ((Math.imul(index ^ 0x9e37, 0x85ebca6b) >>> 8) / 2 ** 24 - 0.5) * HISS_RANGE;
}
/** Uniform noise of this range has the level 20·log10(range / √12). */
const HISS_RANGE = 0.00174;

/** Words that lead to an answer; any sound begins like one of these, and an agent must not stop for it. */
const LEADING: readonly string[] = [...LEAD_INS.filter((lead) => !lead.includes(' ')), 'that', 'this'];
const onlyLeads = (text: string): boolean => text.split(' ').every((word) => LEADING.includes(word));

/**
 * One stretch of a caller's speech at the decoder. Owns its sound, so that it can be heard again: with another grammar
 * when the expectation changes, or as a whole when the first look found nothing that was expected.
 */
export class Stretch {
  readonly #decoder: Decoder;
  readonly #loudness: Loudness;
  readonly #repetition: Repetition;
  readonly #grammarOf: (expectation: Expectation) => Grammar;
  readonly #report: (event: RecogniserEvent) => void;
  readonly #from: Position;
  readonly #rate: number;
  readonly #resampler: Resampler | undefined;
  #grammar: Grammar;
  #to: Position;
  /** Everything so far, before any gain, in the decoder's rate. */
  #sound = new Float32Array(4 * DECODER_RATE);
  #length = 0;
  /** How much of it the decoder has. */
  #decoded = 0;
  #gain: number | undefined;
  #text = '';

  constructor(options: {
    readonly decoder: Decoder;
    readonly loudness: Loudness;
    readonly repetition: Repetition;
    readonly grammarOf: (expectation: Expectation) => Grammar;
    readonly report: (event: RecogniserEvent) => void;
    readonly from: Position;
    readonly rate: number;
    readonly expectation: Expectation;
  }) {
    this.#decoder = options.decoder;
    this.#loudness = options.loudness;
    this.#repetition = options.repetition;
    this.#grammarOf = options.grammarOf;
    this.#report = options.report;
    this.#from = options.from;
    this.#to = options.from;
    this.#rate = options.rate;
    this.#resampler = options.rate === DECODER_RATE ? undefined : new Resampler(options.rate, DECODER_RATE);
    this.#grammar = this.#grammarOf(options.expectation);
    this.#decoder.listen(this.#grammar);
    this.#decoder.start();
    this.#gain = this.#loudness.known ? this.#loudness.gain : undefined;
  }

  audio(samples: Int16Array): void {
    this.#to += samples.length;
    this.#keep(this.#resampler ? this.#resampler.push(samples) : samples);
    if (this.#gain === undefined && this.#length >= FIRST_LEVEL_SAMPLES) this.#setFirstGain();
    this.#decode();
    this.#report({ kind: 'progress', to: this.#to });
  }

  expect(expectation: Expectation): void {
    if (expectation.id === this.#grammar.id) return;
    this.#grammar = this.#grammarOf(expectation);
    this.#decoder.stop();
    this.#decoder.listen(this.#grammar);
    this.#decoder.start();
    this.#decoded = 0;
    this.#decode();
  }

  finalize(upTo: Position): void {
    if (this.#resampler) this.#keep(this.#resampler.flush());
    if (this.#gain === undefined) this.#setFirstGain();
    this.#decode();
    this.#decoder.stop();
    const answer = this.#judged();
    this.#loudness.learn(this.#sound.subarray(0, this.#length));
    if (!answer) {
      this.#report({ kind: 'rejected', from: this.#from, to: upTo });
      return;
    }
    const at = (seconds: number) => this.#from + Math.round(seconds * this.#rate);
    const words = answer.words.map(({ text, fromS, toS }) => ({
      text,
      from: at(fromS),
      to: Math.min(upTo, at(toS)),
    }));
    this.#report({ kind: 'final', text: answer.text, words, from: this.#from, to: upTo });
  }

  /** What is taken for right: at once, at a second look at all of it, or because it was said before. */
  #judged(): Look | undefined {
    const first = this.#look();
    if (first.odds > CONFIDENT.first) return this.#understood(first);
    const looks = [first];
    if (this.#length > 0 && this.#length <= SECOND_LOOK_MAX) {
      this.#decoder.start();
      this.#decoder.hearWhole(this.#louder(0, this.#length));
      this.#decoder.stop();
      const second = this.#look();
      if (second.odds > CONFIDENT.again) return this.#understood(second);
      looks.push(second);
    }
    const repeated = this.#repetition.refused(this.#grammar.id, looks);
    return repeated && this.#understood(repeated);
  }

  #look(): Look {
    return { ...this.#decoder.best(), words: this.#decoder.words() };
  }

  #understood(look: Look): Look {
    this.#repetition.forget();
    return look;
  }

  /** Drops everything; the decoder is free at once. */
  close(): void {
    this.#decoder.stop();
  }

  #setFirstGain(): void {
    this.#loudness.learn(this.#sound.subarray(0, this.#length));
    this.#gain = this.#loudness.gain;
  }

  #keep(samples: Int16Array): void {
    const taken = Math.min(samples.length, STRETCH_MAX - this.#length);
    if (this.#length + taken > this.#sound.length) {
      const larger = new Float32Array(Math.max(this.#sound.length * 2, this.#length + taken));
      larger.set(this.#sound);
      this.#sound = larger;
    }
    for (let i = 0; i < taken; i++) this.#sound[this.#length + i] = (samples[i] ?? 0) / 32768;
    this.#length += taken;
  }

  #decode(): void {
    if (this.#gain === undefined || this.#decoded === this.#length) return;
    this.#decoder.hear(this.#louder(this.#decoded, this.#length));
    this.#decoded = this.#length;
    const found = this.#decoder.text() ?? '';
    const text = onlyLeads(found) ? '' : found;
    if (text === this.#text) return;
    this.#text = text;
    this.#report({ kind: 'partial', text, from: this.#from, to: this.#to });
  }

  #louder(from: number, to: number): Float32Array {
    const gain = this.#gain ?? 1;
    return this.#sound.slice(from, to).map((sample, index) => sample * gain + hiss(from + index));
  }
}

import { DIGITS, FILLERS, TENS } from '../../agent/hear/vocabulary.ts';
import { CONFIDENT, confidence, isWord, type Segment } from './confidence.ts';
import type { Pronunciation } from './dictionary.ts';
import type { Grammar } from './grammar.ts';
import type { Graph } from './graph.ts';
import { PHONES, phoneWord } from './phones.ts';
import type { Candidate } from './repetition.ts';
import { type SearchModule, SecondSearch } from './second-search.ts';

/** The rate of the acoustic model, in samples per second. */
export const DECODER_RATE = 8000;

/** What weighs paths against each other, in natural logarithms. */
export interface Weights {
  /** Saying something that fits at any time, rather than an answer. */
  readonly universal: number;
  /** Each phone of sound that may be anything. */
  readonly phone: number;
  /** Each word, so that breaths are not heard as short ones. */
  readonly word: number;
  /** Each word that carries nothing, such as "um". */
  readonly filler: number;
  /** A unit behind "twenty" … "fifty" other than five: appointments are at round times. */
  readonly odd: number;
}

/** A word of the result, in seconds from the first sample of the stretch. */
export interface HeardWord {
  readonly text: string;
  readonly fromS: number;
  readonly toS: number;
}

/** The part of the soundswallower package used here; its own type declarations leave out the graph functions. */
interface Module extends SearchModule {
  Decoder: new (config: Readonly<Record<string, string | number | boolean>>) => RawDecoder;
  _fsg_model_init(name: number, logmath: number, weight: number, states: number): number;
  _fsg_set_states(fsg: number, start: number, final: number): void;
  _fsg_model_word_add(fsg: number, word: number): number;
  _fsg_model_trans_add(fsg: number, from: number, to: number, log: number, word: number): void;
  _fsg_model_null_trans_add(fsg: number, from: number, to: number, log: number): number;
  _decoder_logmath(decoder: number): number;
  _decoder_set_fsg(decoder: number, fsg: number): number;
  _logmath_log(logmath: number, value: number): number;
  _decoder_seg_iter(decoder: number): number;
  _seg_iter_next(iterator: number): number;
  _seg_iter_word(iterator: number): number;
  _malloc(bytes: number): number;
  _free(address: number): void;
}

interface RawDecoder {
  /** The addresses of the native decoder and of its acoustic model. */
  readonly cdecoder: number;
  readonly cacmod: number;
  initialize(): Promise<void>;
  reinitialize_audio(): Promise<void>;
  start(): void;
  stop(): void;
  process_audio(samples: Float32Array, noSearch?: boolean, fullUtterance?: boolean): number;
  get_text(): string;
  get_alignment(): { readonly w?: readonly { readonly t: string; readonly b: number; readonly d: number }[] };
  lookup_word(word: string): string | null;
  add_words(...words: readonly (readonly [word: string, phones: string])[]): void;
  delete(): void;
}

/** What the package's default export is called with. */
export type CreateModule = (options: { readonly modelBase: string }) => Promise<Module>;

export interface DecoderFiles {
  /** Folder that holds `en-us/`. */
  readonly models: string;
  /** How sound becomes features; the package's own file switches on a noise removal that spoils telephone speech. */
  readonly features: string;
  /** The dictionary to begin with. */
  readonly dictionary: string;
}

/**
 * Finds the best path through a graph of words, while the sound comes in, and judges it by the best path through a
 * loop of phones.
 *
 * Owns a native decoder with two searches over the same sound. Order of calls: `listen` once per graph, then `start`, any number
 * of `hear`, `stop`; `text` and `words` at any time after `start`.
 */
export class Decoder {
  readonly #module: Module;
  readonly #raw: RawDecoder;
  readonly #weights: Weights;
  #phones!: SecondSearch;
  #running = false;

  private constructor(module: Module, raw: RawDecoder, weights: Weights) {
    this.#module = module;
    this.#raw = raw;
    this.#weights = weights;
  }

  static async load(create: CreateModule, files: DecoderFiles, weights: Weights): Promise<Decoder> {
    // The package joins this with file names and reads them relative to the working directory when it is not absolute.
    const module = await create({ modelBase: `${files.models}/` });
    const raw = new module.Decoder({
      samprate: DECODER_RATE,
      featparams: files.features,
      dict: files.dictionary,
      // Mean of the first cepstra over telephone speech: without it the first sentence of a call is heard badly.
      cmninit: '50,3,-1',
      // Wide enough for the weights of words, and a little narrower than the defaults.
      beam: 1e-48,
      wbeam: 1e-40,
      pbeam: 1e-48,
      // Scores are relative to the best state of a frame, so two searches agree, and can share what a frame scores,
      // only when both look at every state.
      compallsen: true,
      loglevel: 'FATAL',
    });
    await raw.initialize();
    const decoder = new Decoder(module, raw, weights);
    decoder.#phones = await decoder.#listenForPhones();
    return decoder;
  }

  knows(word: string): boolean {
    return this.#raw.lookup_word(word) !== null;
  }

  /** Adds those pronunciations it does not have yet. */
  learn(pronunciations: readonly Pronunciation[]): void {
    const counts = new Map<string, number>();
    const added: [string, string][] = [];
    for (const { word, phones } of pronunciations) {
      const count = (counts.get(word) ?? 0) + 1;
      counts.set(word, count);
      const name = count === 1 ? word : `${word}(${count})`;
      if (this.#raw.lookup_word(name) === null) added.push([name, phones]);
    }
    if (added.length > 0) this.#raw.add_words(...added);
  }

  /** From now on listens for this grammar. */
  listen(grammar: Grammar): void {
    if (this.#running) throw new Error('a decoder cannot change its grammar inside a stretch of speech');
    const branches: { graph: Graph; weight: number }[] = [{ graph: grammar.sounds, weight: 0 }];
    if (grammar.answers) branches.push({ graph: grammar.answers, weight: 0 });
    if (grammar.universal) branches.push({ graph: grammar.universal, weight: this.#weights.universal });
    if (this.#module._decoder_set_fsg(this.#raw.cdecoder, this.#build(branches)) < 0)
      throw new Error(`the decoder refused the grammar "${grammar.id}"`);
  }

  async #listenForPhones(): Promise<SecondSearch> {
    const { cdecoder, cacmod } = this.#raw;
    this.#raw.add_words(...PHONES.map((phone) => [phoneWord(phone), phone] as const));
    const { fsg, edge } = this.#graph(1, 0);
    for (const phone of PHONES) edge(0, 0, this.#weights.phone, phoneWord(phone));
    if (this.#module._decoder_set_fsg(cdecoder, fsg) < 0)
      throw new Error('the decoder refused the loop of phones');
    return await SecondSearch.takeFrom(this.#module, cdecoder, cacmod);
  }

  /** A native graph; the decoder takes it over and frees it. */
  #build(branches: readonly { readonly graph: Graph; readonly weight: number }[]): number {
    // States: 0 the start, 1 the end, then each branch's own.
    const states = branches.reduce((sum, { graph }) => sum + graph.states, 2);
    const { fsg, edge } = this.#graph(states, 1);
    const fillers: readonly string[] = FILLERS;
    let offset = 2;
    for (const { graph, weight } of branches) {
      const afterTens = new Set(graph.edges.filter(({ word }) => word in TENS).map(({ to }) => to));
      for (const { from, to, word } of graph.edges) {
        const isOdd = word in DIGITS && word !== 'five' && afterTens.has(from);
        const own =
          (fillers.includes(word) ? this.#weights.filler : this.#weights.word) +
          (isOdd ? this.#weights.odd : 0);
        edge(offset + from, offset + to, own, word);
        if (from === 0) edge(0, offset + to, weight + own, word);
      }
      for (const end of graph.ends) this.#module._fsg_model_null_trans_add(fsg, offset + end, 1, 0);
      offset += graph.states;
    }
    return fsg;
  }

  /** An empty graph that starts in state 0, and what adds an edge to it. */
  #graph(states: number, end: number) {
    const module = this.#module;
    const logmath = module._decoder_logmath(this.#raw.cdecoder);
    const name = this.#text('expected');
    const fsg = module._fsg_model_init(name, logmath, 1, states);
    module._free(name);
    module._fsg_set_states(fsg, 0, end);
    const ids = new Map<string, number>();
    const edge = (from: number, to: number, weight: number, word: string) => {
      let id = ids.get(word);
      if (id === undefined) {
        const text = this.#text(word);
        id = module._fsg_model_word_add(fsg, text);
        module._free(text);
        ids.set(word, id);
      }
      const log = Math.round(module._logmath_log(logmath, Math.exp(weight)));
      module._fsg_model_trans_add(fsg, from, to, log, id);
    };
    return { fsg, edge };
  }

  #text(text: string): number {
    const bytes = new TextEncoder().encode(`${text}\0`);
    const address = this.#module._malloc(bytes.length);
    this.#module.HEAPU8.set(bytes, address);
    return address;
  }

  start(): void {
    if (this.#running) this.stop();
    this.#raw.start();
    this.#running = true;
  }

  /** @param samples -1…1 at 8 kHz */
  hear(samples: Float32Array): void {
    this.#raw.process_audio(samples);
  }

  /** Everything at once, with the mean of just this stretch: the second look at what was not understood. */
  hearWhole(samples: Float32Array): void {
    this.#raw.process_audio(samples, false, true);
  }

  stop(): void {
    this.#running = false;
    this.#raw.stop();
  }

  /** The words of the best path so far; undefined when it is probably not what was said. */
  text(): string | undefined {
    const { text, odds } = this.best();
    return text === '' || odds > CONFIDENT.first ? text : undefined;
  }

  /** The words of the best path so far, and the logarithm of the odds that they are right. */
  best(): Candidate {
    const text = this.#raw.get_text().split(' ').filter(isWord).map(plain).join(' ');
    return {
      text,
      odds:
        text === ''
          ? -Infinity
          : confidence(
              this.#path(),
              this.#phones.inPlace(() => this.#path()),
            ),
    };
  }

  words(): HeardWord[] {
    return (this.#raw.get_alignment().w ?? [])
      .filter(({ t }) => isWord(t))
      .flatMap(({ t, b, d }) => {
        const parts = plain(t).split(' ');
        const each = d / parts.length;
        return parts.map((text, index) => ({ text, fromS: b + index * each, toS: b + (index + 1) * each }));
      });
  }

  /** Forgets the channel of the caller before. */
  async reset(): Promise<void> {
    if (this.#running) this.stop();
    await this.#raw.reinitialize_audio();
  }

  close(): void {
    this.#phones.close();
    this.#raw.delete();
  }

  /** The best path of the search in place; steps between states that say nothing are left out. */
  #path(): Segment[] {
    const module = this.#module;
    const path: Segment[] = [];
    for (let at = module._decoder_seg_iter(this.#raw.cdecoder); at !== 0; at = module._seg_iter_next(at)) {
      const name = module._seg_iter_word(at);
      const word = name === 0 ? '' : this.#read(name);
      if (word === '' || word === '(NULL)') continue;
      // The package has a function for everything of a segment but its score, which is the sixth number it holds.
      const [from = 0, to = 0, score = 0] = new Int32Array(module.HEAPU8.buffer, at, 6).subarray(3);
      path.push({ word, from, to, score });
    }
    return path;
  }

  #read(address: number): string {
    const { HEAPU8 } = this.#module;
    return new TextDecoder().decode(HEAPU8.subarray(address, HEAPU8.indexOf(0, address)));
  }
}

/** Further pronunciations are named `word(2)`; words that are heard as one are joined by `_`. */
const plain = (token: string): string => token.replace(/\(\d+\)$/, '').replaceAll('_', ' ');

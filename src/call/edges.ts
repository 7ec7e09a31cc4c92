/**
 * Where the caller's speech begins and ends, from the detector's probabilities and the loudness around them. The
 * detector knows what is speech, but is late at both ends, by 50 to 100 ms and in noise by 200; the loudness knows when,
 * but not what. So the detector says that there is an edge, and the loudness where it was.
 *
 * In: one frame of the 16 kHz view after another, with its probability of speech. Out: edges, in the audio's own time,
 * start and end in turn. Pure: the same frames give the same edges.
 *
 * The constants were chosen on the recordings for tuning; `bench/end-of-speech.ts` measures them on the others.
 */

/** Speech begins with so many frames in a row above this probability. */
const ON = 0.5;
const ON_FRAMES = 2;
/** It ends with so many in a row below this one. The second frame is for the burst after a closed stop: "stop", "it". */
const OFF = 0.35;
const OFF_FRAMES = 2;
/** A frame below this probability shows the line's noise. */
const NOISE = 0.1;

const RATE = 16_000;
/** Loudness is kept in blocks of 16 ms, short enough for an edge and long enough to tell a sound from noise. */
const BLOCK = 256;
const BLOCK_MS = (BLOCK / RATE) * 1000;
/** About four seconds: all that an edge looks back on. */
const MEMORY = 256;

/** A block belongs to the sound when it is less than this below the loud parts, and this above the noise, in dB. */
const BELOW_SPEECH_DB = 35;
const ABOVE_NOISE_DB = 4;
/** The loudness of speech is that of the block which a tenth of its blocks exceed. */
const LOUD_SHARE = 0.9;
/** Below this power, -75 dBFS, everything is silence: mu-law's smallest step alone is -78. */
const SILENCE_POWER = 10 ** -7.5;
/** A sound may begin this long before the detector notices, and be interrupted so long by a closed stop, in blocks. */
const ONSET_BLOCKS = 20;
const CLOSURE_BLOCKS = 4;
/** With fewer quiet blocks than this, the quietest of all are taken for noise. */
const NOISE_BLOCKS_MIN = 8;
/** What is louder than this below the speech is not taken for noise: it may be speech that was noticed late. */
const NOISE_BELOW_SPEECH_DB = 10;

export interface Edge {
  readonly kind: 'start' | 'end';
  /** When the sound began or ended, as estimated, in milliseconds of audio. */
  readonly atMs: number;
  /** The end of the frame by which it was noticed, in milliseconds of audio. */
  readonly noticedMs: number;
}

export class Edges {
  readonly #lateMs: number;
  /** Of the last `MEMORY` blocks: mean power (1 is full scale), and the probability of their frame. */
  readonly #power = new Float64Array(MEMORY);
  readonly #probability = new Float64Array(MEMORY);
  /** Blocks so far. */
  #blocks = 0;
  #speaking = false;
  /** Frames in a row on the other side of the threshold. */
  #against = 0;
  /** The first block of the frame with which the speech began for the detector. */
  #firstBlock = 0;
  /** The block behind the last edge: an edge never lies before the one before it. */
  #edgeBlock = 0;

  /** @param options.lateMs how late the view is against the line, for example by its resampler's delay */
  constructor(options: { readonly lateMs?: number } = {}) {
    this.#lateMs = options.lateMs ?? 0;
  }

  /**
   * The next frame: its probability of speech, and its samples in -1…1 at 16 kHz, a multiple of 256 of them.
   *
   * @returns the edge that this frame shows, if any
   */
  frame(probability: number, samples: Float32Array): Edge | undefined {
    if (samples.length === 0 || samples.length % BLOCK !== 0) {
      throw new RangeError(`a frame has a multiple of ${BLOCK} samples, this one ${samples.length}`);
    }
    const frameBlock = this.#blocks;
    for (let at = 0; at < samples.length; at += BLOCK) this.#keep(probability, samples, at);
    const crosses = this.#speaking ? probability < OFF : probability > ON;
    this.#against = crosses ? this.#against + 1 : 0;
    if (this.#against < (this.#speaking ? OFF_FRAMES : ON_FRAMES)) return undefined;
    const perFrame = this.#blocks - frameBlock;
    const since = this.#blocks - this.#against * perFrame;
    this.#against = 0;
    return this.#speaking ? this.#end() : this.#start(since);
  }

  #keep(probability: number, samples: Float32Array, at: number): void {
    let sum = 0;
    for (let i = at; i < at + BLOCK; i++) sum += (samples[i] as number) ** 2;
    const slot = this.#blocks++ % MEMORY;
    this.#power[slot] = Math.max(SILENCE_POWER, sum / BLOCK);
    this.#probability[slot] = probability;
  }

  /** Back over the sound before the detector's first block, as far as closures allow. */
  #start(since: number): Edge {
    const least = this.#least(since);
    let first = since;
    while (first < this.#blocks - 1 && this.#powerOf(first) < least) first++;
    const earliest = Math.max(since - ONSET_BLOCKS, this.#oldest());
    for (let block = first; block >= earliest && first - block <= CLOSURE_BLOCKS; block--) {
      if (this.#powerOf(block) >= least) first = block;
    }
    this.#speaking = true;
    this.#firstBlock = since;
    return this.#edge('start', first);
  }

  /** Back over the silence that the detector took to notice, to the last block that is sound. */
  #end(): Edge {
    const from = Math.max(this.#firstBlock, this.#oldest());
    const least = this.#least(from);
    let last = this.#blocks - 1;
    while (last > from && this.#powerOf(last) < least) last--;
    this.#speaking = false;
    return this.#edge('end', last + 1);
  }

  #edge(kind: Edge['kind'], block: number): Edge {
    this.#edgeBlock = Math.max(this.#edgeBlock, block);
    return {
      kind,
      atMs: Math.max(0, this.#edgeBlock * BLOCK_MS - this.#lateMs),
      noticedMs: Math.max(0, this.#blocks * BLOCK_MS - this.#lateMs),
    };
  }

  /** The least power of a block that belongs to the speech since this block. */
  #least(speechFrom: number): number {
    const speech: number[] = [];
    for (let block = speechFrom; block < this.#blocks; block++) speech.push(this.#powerOf(block));
    const loud = quantile(speech, LOUD_SHARE);
    return Math.max(loud * ratio(-BELOW_SPEECH_DB), this.#noise(loud) * ratio(ABOVE_NOISE_DB));
  }

  /** The power of the line's noise: the middle of the quiet blocks. */
  #noise(loud: number): number {
    const quiet: number[] = [];
    const all: number[] = [];
    for (let block = this.#oldest(); block < this.#blocks; block++) {
      all.push(this.#powerOf(block));
      if ((this.#probability[block % MEMORY] as number) < NOISE) quiet.push(this.#powerOf(block));
    }
    const most = loud * ratio(-NOISE_BELOW_SPEECH_DB);
    if (quiet.length < NOISE_BLOCKS_MIN) return Math.min(quantile(all, 0.05), most);
    // At the start too little of the speech has been heard to know how loud it will be.
    return this.#speaking ? Math.min(quantile(quiet, 0.5), most) : quantile(quiet, 0.5);
  }

  #powerOf(block: number): number {
    return this.#power[block % MEMORY] as number;
  }

  #oldest(): number {
    return Math.max(0, this.#blocks - MEMORY);
  }
}

/** Decibels as a ratio of powers. */
function ratio(db: number): number {
  return 10 ** (db / 10);
}

function quantile(values: number[], share: number): number {
  values.sort((a, b) => a - b);
  return values[Math.min(values.length - 1, Math.floor(share * values.length))] ?? SILENCE_POWER;
}

import { clip, concatSamples } from './pcm.ts';

/**
 * Changes the sample rate of a stream with a polyphase filter: a windowed sinc (Kaiser, beta 8) of 48 taps at the
 * lower of the two rates. At 8 kHz that is 0.2 dB down at 3.4 kHz, 86 dB down where it would alias, and 3 ms late.
 */

/** Taps at the lower rate: the delay is half of it. */
const TAPS = 48;
const KAISER_BETA = 8;
/** Where the response is 6 dB down, as a share of the lower rate's band. */
const ROLL_OFF = 0.92;
/** 22 050 to 8 000 needs 21 280 coefficients, 8 bytes each; an odd pair of rates could ask for a hundred megabytes. */
const COEFFICIENTS_MAX = 65_536;

interface Filter {
  /** Outputs per `down` inputs. */
  readonly up: number;
  readonly down: number;
  /** Taps of each phase, at the input rate. */
  readonly taps: number;
  /** `up` phases of `taps` coefficients, each in the order of the input. */
  readonly phases: Float64Array;
}

/** Filters by "from>to"; they depend on the rates alone, and a process sees only a few pairs. */
const filters = new Map<string, Filter>();

/** A stream's change of rate: the same samples come out, bit for bit, however the input is cut into chunks. */
export class Resampler {
  readonly from: number;
  readonly to: number;
  readonly #filter: Filter | undefined;
  /** The last `taps - 1` inputs, then the chunk under way. */
  #window: Float64Array;
  /** The next output's place after the chunk's start: whole inputs, and phases of the filter. */
  #whole = 0;
  #phase = 0;

  /** Rates in samples per second, whole numbers from 1 000 to 192 000; equal rates pass the samples through. */
  constructor(from: number, to: number) {
    for (const rate of [from, to]) {
      if (!Number.isInteger(rate) || rate < 1000 || rate > 192_000) {
        throw new RangeError(`${rate} is not a sample rate; use a whole number from 1000 to 192000`);
      }
    }
    this.from = from;
    this.to = to;
    this.#filter = from === to ? undefined : filterFor(from, to);
    this.#window = new Float64Array((this.#filter?.taps ?? 1) - 1);
  }

  /** How late the output is, in seconds. */
  get delay(): number {
    return this.#filter ? (this.#filter.taps * this.#filter.up - 1) / 2 / this.#filter.up / this.from : 0;
  }

  /** The outputs that these inputs complete; none are held back beyond the filter's delay. */
  push(samples: Int16Array): Int16Array {
    const filter = this.#filter;
    if (!filter) return samples;
    const { up, down, taps, phases } = filter;
    const history = taps - 1;
    const window = this.#filled(samples, history);
    const ahead = this.#whole * up + this.#phase;
    const out = new Int16Array(Math.max(0, Math.ceil((samples.length * up - ahead) / down)));
    let whole = this.#whole;
    let phase = this.#phase;
    for (let n = 0; n < out.length; n++) {
      const base = phase * taps;
      let sum = 0;
      for (let k = 0; k < taps; k++) sum += (phases[base + k] as number) * (window[whole + k] as number);
      out[n] = clip(sum);
      phase += down;
      whole += Math.floor(phase / up);
      phase %= up;
    }
    this.#whole = whole - samples.length;
    this.#phase = phase;
    window.copyWithin(0, samples.length, samples.length + history);
    return out;
  }

  /** What is still on its way through the filter; afterwards the stream starts anew. */
  flush(): Int16Array {
    const rest = this.push(new Int16Array(Math.ceil(this.delay * this.from) + 1));
    this.reset();
    return this.#filter ? rest : new Int16Array(0);
  }

  reset(): void {
    this.#window.fill(0);
    this.#whole = 0;
    this.#phase = 0;
  }

  /** The window with the chunk behind the history; it grows to the longest chunk seen. */
  #filled(samples: Int16Array, history: number): Float64Array {
    if (this.#window.length < history + samples.length) {
      const grown = new Float64Array(history + samples.length);
      grown.set(this.#window.subarray(0, history));
      this.#window = grown;
    }
    this.#window.set(samples, history);
    return this.#window;
  }
}

/** A whole sound at another rate, its delay taken out: sample 0 stays at the start, the length is that of the time. */
export function resample(samples: Int16Array, from: number, to: number): Int16Array {
  if (from === to) return samples;
  const resampler = new Resampler(from, to);
  const out = concatSamples([resampler.push(samples), resampler.flush()]);
  const late = Math.round(resampler.delay * to);
  return out.slice(late, late + Math.round((samples.length * to) / from));
}

function filterFor(from: number, to: number): Filter {
  const key = `${from}>${to}`;
  const known = filters.get(key);
  if (known) return known;
  const made = makeFilter(from, to);
  filters.set(key, made);
  return made;
}

function makeFilter(from: number, to: number): Filter {
  const common = greatestCommonDivisor(from, to);
  const up = to / common;
  const down = from / common;
  const taps = Math.ceil((TAPS * from) / Math.min(from, to));
  if (taps * up > COEFFICIENTS_MAX) {
    throw new RangeError(
      `${from} and ${to} have no small common ratio; use usual sample rates such as 8000 or 16000`,
    );
  }
  // The prototype runs at from * up; its cut-off in cycles per sample of that rate.
  const length = taps * up;
  const cutoff = (ROLL_OFF * Math.min(from, to)) / 2 / (from * up);
  const middle = (length - 1) / 2;
  const prototype = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    const x = i - middle;
    prototype[i] = sinc(2 * cutoff * x) * kaiser(x / middle);
  }
  const phases = new Float64Array(length);
  for (let phase = 0; phase < up; phase++) {
    let gain = 0;
    for (let k = 0; k < taps; k++) gain += prototype[k * up + phase] as number;
    // Each phase passes a constant exactly, else a steady level would be modulated at the phases' rhythm.
    for (let k = 0; k < taps; k++) {
      phases[phase * taps + k] = (prototype[(taps - 1 - k) * up + phase] as number) / gain;
    }
  }
  return { up, down, taps, phases };
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** The Kaiser window at -1…1 of its half width. */
function kaiser(x: number): number {
  return bessel(KAISER_BETA * Math.sqrt(Math.max(0, 1 - x * x))) / bessel(KAISER_BETA);
}

/** The modified Bessel function of order zero, by its power series. */
function bessel(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-12; k++) {
    term *= (x / 2 / k) ** 2;
    sum += term;
  }
  return sum;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

import type { CancelTimer, Clock } from '../kit/clock.ts';
import { Track } from './track.ts';

/** Silence that came into the middle of speech because the next audio was late. */
export interface Underrun {
  readonly atMs: number;
  readonly ms: number;
}

/** The agent's side threw its unheard audio away. */
export interface Clearing {
  readonly atMs: number;
  /** How much was thrown away unheard; 0 when the buffer was empty. */
  readonly droppedMs: number;
}

/** Audio that was played without a gap, in samples of the axis. */
interface Piece {
  readonly from: number;
  to: number;
  /** It does not continue what was played before: that was thrown away. */
  readonly anew: boolean;
}

/** A gap of this length or more is a pause of the conversation, not audio that was late. */
const UNDERRUN_MAX_MS = 500;
/** How far around a gap is listened to decide whether it lies inside speech. */
const AROUND_MS = 40;
const SPEECH_PEAK = 400;

/**
 * What the caller hears, after the carrier's buffer. Audio is played in the order it came, at once when the buffer is
 * empty, otherwise after what is already there. The playing itself is arithmetic: a sample is heard when the clock
 * reaches its place on the axis, so a late timer of the simulator never shows up in a measurement.
 *
 * Invariants: what has been heard never changes; marks come back in the order they were set, and none is lost.
 */
export class Loudspeaker {
  readonly rate: number;
  readonly #clock: Clock;
  readonly #originMs: number;
  readonly #onMark: (name: string) => void;
  readonly #track: Track;
  readonly #pieces: Piece[] = [];
  readonly #clearings: Clearing[] = [];
  #marks: { readonly name: string; readonly at: number }[] = [];
  #anew = true;
  #cancel: CancelTimer | undefined;
  #firstArrivalMs: number | undefined;

  /**
   * @param originMs the clock's time at the axis' origin
   * @param onMark called when everything before the mark has been played, or was cleared
   */
  constructor(options: { clock: Clock; rate: number; originMs: number; onMark: (name: string) => void }) {
    this.rate = options.rate;
    this.#clock = options.clock;
    this.#originMs = options.originMs;
    this.#onMark = options.onMark;
    this.#track = new Track(options.rate);
  }

  /** Milliseconds since the axis' origin. */
  nowMs(): number {
    return this.#clock.now() - this.#originMs;
  }

  /** Audio the caller has not heard yet, in milliseconds. */
  get bufferedMs(): number {
    return Math.max(0, this.#toMs(this.#track.length - this.#playing()));
  }

  /** When the first audio came, on the axis. */
  get firstArrivalMs(): number | undefined {
    return this.#firstArrivalMs;
  }

  get clearings(): readonly Clearing[] {
    return this.#clearings;
  }

  /** Everything heard up to now; a view that is valid until the next audio comes. */
  heard(): Int16Array {
    return this.#track.view(0, this.#playing());
  }

  /** How much of the agent's audio was played between two moments, gaps left out, in milliseconds. */
  playedMs(fromMs = 0, toMs = this.nowMs()): number {
    const from = Math.max(0, this.#toSamples(fromMs));
    const to = Math.min(this.#toSamples(toMs), this.#playing());
    let samples = 0;
    for (const piece of this.#pieces)
      samples += Math.max(0, Math.min(piece.to, to) - Math.max(piece.from, from));
    return this.#toMs(samples);
  }

  /** When audio began to play after a silence of the line itself, in milliseconds of the axis. */
  starts(): number[] {
    return this.#pieces.map((piece) => this.#toMs(piece.from));
  }

  /** The gaps inside speech. A gap counts when it is short, nothing was cleared, and speech lies on both its sides. */
  underruns(): Underrun[] {
    const found: Underrun[] = [];
    const around = this.#toSamples(AROUND_MS);
    for (const [i, piece] of this.#pieces.entries()) {
      const before = this.#pieces[i - 1];
      if (!before || piece.anew) continue;
      const ms = this.#toMs(piece.from - before.to);
      if (ms >= UNDERRUN_MAX_MS) continue;
      if (
        isSpeech(this.#track.view(before.to - around, before.to)) &&
        isSpeech(this.#track.view(piece.from, piece.from + around))
      )
        found.push({ atMs: this.#toMs(before.to), ms });
    }
    return found;
  }

  audio(samples: Int16Array): void {
    if (samples.length === 0) return;
    this.#firstArrivalMs ??= this.nowMs();
    const at = Math.max(this.#track.length, this.#playing());
    this.#track.write(at, samples);
    const last = this.#pieces.at(-1);
    if (last && last.to === at && !this.#anew) last.to = at + samples.length;
    else this.#pieces.push({ from: at, to: at + samples.length, anew: this.#anew });
    this.#anew = false;
  }

  mark(name: string): void {
    const at = this.#track.length;
    // In order, always: behind older marks even a mark on an empty buffer waits for its turn.
    if (this.#marks.length === 0 && at <= this.#playing()) this.#onMark(name);
    else {
      this.#marks.push({ name, at });
      this.#arm();
    }
  }

  /** Throws away what has not been heard, and gives back every mark that waits. */
  clear(): void {
    const playing = this.#playing();
    this.#clearings.push({ atMs: this.nowMs(), droppedMs: this.bufferedMs });
    this.#cutAt(playing);
    this.#anew = true;
    this.#cancel?.();
    this.#cancel = undefined;
    const marks = this.#marks;
    this.#marks = [];
    for (const mark of marks) this.#onMark(mark.name);
  }

  /** The line is gone: nothing more is played, and no mark comes back. */
  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#marks = [];
    this.#cutAt(this.#playing());
  }

  #cutAt(at: number): void {
    this.#track.cut(at);
    for (let last = this.#pieces.at(-1); last && last.to > at; last = this.#pieces.at(-1)) {
      if (last.from < at) {
        last.to = at;
        break;
      }
      this.#pieces.pop();
    }
  }

  #arm(): void {
    const next = this.#marks[0];
    if (this.#cancel || !next) return;
    const inMs = this.#toMs(next.at) - this.nowMs();
    this.#cancel = this.#clock.after(Math.max(0, inMs), () => {
      this.#cancel = undefined;
      const playing = this.#playing();
      for (let mark = this.#marks[0]; mark && mark.at <= playing; mark = this.#marks[0]) {
        this.#marks.shift();
        this.#onMark(mark.name);
      }
      this.#arm();
    });
  }

  #playing(): number {
    // A hair is added because 0.1 + 0.2 style sums would otherwise put a mark one sample into the future for ever.
    return Math.max(0, Math.floor((this.nowMs() * this.rate) / 1000 + 1e-6));
  }

  #toMs(samples: number): number {
    return (samples * 1000) / this.rate;
  }

  #toSamples(ms: number): number {
    return Math.round((ms * this.rate) / 1000);
  }
}

function isSpeech(samples: Int16Array): boolean {
  for (const sample of samples) if (sample > SPEECH_PEAK || sample < -SPEECH_PEAK) return true;
  return false;
}

import type { ReplyId } from '../ports/brain.ts';
import type { Segment, SpokenWord } from '../ports/voice.ts';
import {
  confirmedTo,
  EMPTY_LEDGER,
  estimated,
  freeze,
  heardText,
  type Ledger,
  type Placed,
  resumePoint,
  sentTo,
  thaw,
  wordEnds,
} from './ledger.ts';

interface Part {
  readonly segment: Segment;
  readonly uninterruptible: boolean;
  /** When the voice was given it, for its time to first audio. */
  readonly givenAt: number;
  from: number;
  to: number;
  started: boolean;
  complete: boolean;
  firstMs: number;
  words: readonly SpokenWord[];
}

/** From when to when something was heard, in monotonic milliseconds. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

interface Sound {
  readonly from: number;
  readonly samples: Int16Array;
  readonly part: Part;
}

interface Block {
  readonly samples: Int16Array;
  readonly from: number;
  readonly uninterruptible: boolean;
  /** The block begins within a segment, so that a late start is heard as a break. */
  readonly inside: boolean;
}

/**
 * One reply as sound: its segments, their samples until the reply is over, what was sent of them and what was heard.
 * Positions are samples of the utterance at the line's rate. Knows no clock and sends nothing itself.
 *
 * - `gate`: `shut` until the reply counts, then `open`; `held` during a possible interruption.
 */
export class Utterance {
  readonly reply: ReplyId;
  readonly rate: number;
  gate: 'shut' | 'open' | 'held';
  /** No more text comes. */
  finished = false;
  sounded = false;
  ledger: Ledger = EMPTY_LEDGER;
  #parts: Part[] = [];
  #chunks: Sound[] = [];
  #length = 0;
  #next = 0;
  /** The stretch being played: it began at `content` at the time `at`. */
  #run: { readonly content: number; readonly at: number } | undefined;
  /** The same, kept when the stretch was taken back. */
  #lastRun: { readonly content: number; readonly at: number } | undefined;

  #firstAt: number | undefined;

  constructor(reply: ReplyId, rate: number, open: boolean) {
    this.reply = reply;
    this.rate = rate;
    this.gate = open ? 'open' : 'shut';
  }

  add(segment: Segment, uninterruptible: boolean, givenAt: number): void {
    this.#parts.push({
      segment,
      uninterruptible,
      givenAt,
      from: 0,
      to: 0,
      started: false,
      complete: false,
      firstMs: 0,
      words: [],
    });
  }

  has(segment: string): boolean {
    return this.#parts.some((part) => part.segment.id === segment);
  }

  /** @returns when the segment was given to the voice, if this is its first audio */
  audio(segment: string, samples: Int16Array): number | undefined {
    const part = this.#part(segment);
    if (!part || part.complete) return undefined;
    const first = !part.started;
    if (first) {
      part.started = true;
      part.from = this.#length;
    }
    if (samples.length > 0) this.#chunks.push({ from: this.#length, samples, part });
    this.#length += samples.length;
    part.to = this.#length;
    return first ? part.givenAt : undefined;
  }

  /** The first audio of a segment took so long. */
  began(segment: string, firstMs: number): void {
    const part = this.#part(segment);
    if (part) part.firstMs = firstMs;
  }

  timesOf(segment: string): { readonly firstMs: number; readonly ms: number } {
    const { firstMs = 0, from = 0, to = 0 } = this.#part(segment) ?? {};
    return { firstMs, ms: ((to - from) / this.rate) * 1000 };
  }

  words(segment: string, words: readonly SpokenWord[]): void {
    const part = this.#part(segment);
    if (part) part.words = [...part.words, ...words];
  }

  done(segment: string): void {
    const part = this.#part(segment);
    if (!part) return;
    if (!part.started) {
      part.started = true;
      part.from = this.#length;
      part.to = this.#length;
    }
    part.complete = true;
  }

  /** The segments the voice still owes something for. */
  get owed(): readonly Segment[] {
    return this.#parts.filter((part) => !part.complete).map((part) => part.segment);
  }

  get hasText(): boolean {
    return this.#parts.length > 0;
  }

  /** Everything there will be has been handed to the line. */
  get allSent(): boolean {
    return this.finished && this.#parts.every((part) => part.complete) && this.#next >= this.#length;
  }

  get length(): number {
    return this.#length;
  }

  /** The next samples to send, at most `max`; undefined when there are none yet. */
  take(max: number): Block | undefined {
    const chunk = this.#chunkAt(this.#next);
    if (!chunk) return undefined;
    const from = this.#next;
    const samples = chunk.samples.subarray(from - chunk.from, from - chunk.from + max);
    this.#next += samples.length;
    this.ledger = sentTo(this.ledger, this.#next);
    const { part } = chunk;
    return { samples, from, uninterruptible: part.uninterruptible, inside: from > part.from };
  }

  get hasNext(): boolean {
    return this.#next < this.#length;
  }

  /** The block at `from` begins to play at `at`; `joined`: right after what was sent before. */
  plays(from: number, at: number, joined: boolean): void {
    if (!this.#run || !joined) this.#run = { content: from, at };
    this.#lastRun = this.#run;
    this.#firstAt ??= at;
  }

  /** When a position is, or was, played, by our clock. */
  playTime(position: number): number | undefined {
    if (!this.#run || position < this.#run.content) return undefined;
    return this.#run.at + ((position - this.#run.content) / this.rate) * 1000;
  }

  /** What has left the loudspeaker by `now`, the line's delay taken off. */
  estimate(now: number): void {
    if (!this.#run) return;
    const played = this.#run.content + Math.floor(((now - this.#run.at) / 1000) * this.rate);
    if (played > this.#run.content) this.ledger = estimated(this.ledger, Math.min(played, this.#next));
  }

  confirm(position: number): void {
    this.ledger = confirmedTo(this.ledger, position);
  }

  heardAll(): void {
    this.ledger = estimated(this.ledger, this.#length);
  }

  hold(): void {
    this.gate = 'held';
    this.ledger = freeze(this.ledger);
    this.#run = undefined;
  }

  /** Goes on from the boundary before what was heard. */
  resume(): void {
    this.gate = 'open';
    this.ledger = thaw(this.ledger);
    this.#next = resumePoint(this.#placed(), this.ledger.heard, this.rate);
  }

  /** When it was heard, so much after it was sent; undefined when nothing was. */
  heardSpan(delayMs: number): Span | undefined {
    const run = this.#lastRun;
    if (this.#firstAt === undefined || !run || this.ledger.heard === 0) return undefined;
    const heard = Math.max(0, this.ledger.heard - run.content);
    const fromMs = this.#firstAt + delayMs;
    return { fromMs, toMs: Math.max(fromMs, run.at + (heard / this.rate) * 1000 + delayMs) };
  }

  get heardText(): string {
    return heardText(this.#placed(), this.ledger.heard, this.rate);
  }

  /** Whether every word of it was heard, and no more is to come. */
  get heardWhole(): boolean {
    return this.finished && this.#parts.every((part) => part.complete && part.to <= this.ledger.heard);
  }

  /** The written words that were sounding between two moments, by our clock with the line's delay taken off. */
  textBetween(fromMs: number, toMs: number): string {
    const run = this.#lastRun;
    if (!run) return '';
    const position = (ms: number) => run.content + ((ms - run.at) / 1000) * this.rate;
    const [from, to] = [position(fromMs), Math.min(position(toMs), this.ledger.sent)];
    const words: string[] = [];
    for (const segment of this.#placed()) {
      let start = segment.from;
      for (const { word, end } of wordEnds(segment, this.rate)) {
        if (end > from && start < to) words.push(word);
        start = end;
      }
    }
    return words.join(' ');
  }

  #placed(): Placed[] {
    return this.#parts
      .filter((part) => part.started)
      .map(({ segment, from, to, complete, words }) => ({
        text: segment.text,
        spoken: segment.spoken,
        from,
        to,
        complete,
        words,
      }));
  }

  #part(segment: string): Part | undefined {
    return this.#parts.find((part) => part.segment.id === segment);
  }

  #chunkAt(position: number): Sound | undefined {
    if (position >= this.#length) return undefined;
    for (let i = this.#chunks.length - 1; i >= 0; i--) {
      const chunk = this.#chunks[i];
      if (chunk && chunk.from <= position) return chunk;
    }
    return undefined;
  }
}

import { concatSamples } from '../../audio/pcm.ts';
import type { Clock } from '../../kit/clock.ts';
import type { Log } from '../../kit/log.ts';
import type { Expectation } from '../../ports/expectation.ts';
import type { RecogniserEngine, RecogniserEvent, RecogniserSession } from '../../ports/recogniser.ts';
import type { ThreadLink } from './link.ts';

/**
 * Audio goes to the thread in pieces of this length or longer. Each piece wakes the thread, which finds the caches of its
 * core filled with something else: pieces of 20 ms cost an eighth more processor time for a whole call.
 */
const PIECE_MS = 60;

/** One stretch of speech that is being listened to. */
interface Live {
  readonly listener: (event: RecogniserEvent) => void;
  /** Up to where audio was sent, and up to where it was taken into account. */
  sent: number;
  done: number;
  /** `finalize` was called and not answered. */
  asked: boolean;
  /** Keeps a virtual clock still while the thread has something to answer. */
  release: (() => void) | undefined;
}

/**
 * The recogniser of the speech thread, seen from the call: numbered sessions, whose events come back by number. Owns
 * no speech; the thread has it all.
 */
export class DeviceRecogniser implements RecogniserEngine {
  readonly name = 'device';
  readonly listens = 'speech';
  readonly #link: ThreadLink;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #live = new Map<number, Live>();
  readonly #requests = new Map<number, (error?: Error) => void>();
  #count = 0;

  constructor(link: ThreadLink, { clock, log }: { readonly clock: Clock; readonly log: Log }) {
    this.#link = link;
    this.#clock = clock;
    this.#log = log;
    link.listen((message) => {
      switch (message.kind) {
        case 'heard':
          return this.#heard(message.session, message.event);
        case 'prepared':
          if (message.guessed.length > 0)
            this.#log.warn('words without a known pronunciation are guessed', { words: message.guessed });
          return this.#requests.get(message.request)?.();
        case 'unprepared':
          return this.#requests.get(message.request)?.(new Error(message.message));
        case 'broken':
          return this.#break(message.message);
        case 'ready':
        case 'spoken':
        case 'mute':
        case 'pong':
          return;
      }
    });
  }

  prepare(expectations: readonly Expectation[]): Promise<void> {
    if (this.#link.broken !== undefined) return Promise.reject(new Error(this.#link.broken));
    const request = ++this.#count;
    return new Promise((resolve, reject) => {
      this.#requests.set(request, (error) => {
        this.#requests.delete(request);
        if (error) reject(error);
        else resolve();
      });
      this.#link.send({ kind: 'prepare', request, expectations });
    });
  }

  open({ from, rate, expect, listener }: Parameters<RecogniserEngine['open']>[0]): RecogniserSession {
    const session = ++this.#count;
    const live: Live = { listener, sent: from, done: from, asked: false, release: undefined };
    this.#live.set(session, live);
    if (this.#link.broken !== undefined) {
      const message = this.#link.broken;
      queueMicrotask(() => this.#heard(session, { kind: 'failed', retryable: false, message }));
    }
    this.#link.send({ kind: 'open', session, from, rate, expectation: expect });
    let piece: Int16Array[] = [];
    let length = 0;
    const send = () => {
      if (length === 0) return;
      live.sent += length;
      this.#hold(live);
      const samples = concatSamples(piece);
      piece = [];
      length = 0;
      this.#link.send({ kind: 'audio', session, samples }, [samples.buffer]);
    };
    return {
      audio: (samples) => {
        if (!this.#live.has(session)) return;
        piece.push(samples.slice());
        length += samples.length;
        if (length >= (rate * PIECE_MS) / 1000) send();
      },
      expect: (expectation) => {
        if (!this.#live.has(session)) return;
        send();
        this.#link.send({ kind: 'expect', session, expectation });
      },
      finalize: (upTo) => {
        if (!this.#live.has(session) || live.asked) return;
        send();
        live.asked = true;
        this.#hold(live);
        this.#link.send({ kind: 'finalize', session, upTo });
      },
      close: () => {
        if (!this.#live.delete(session)) return;
        live.release?.();
        this.#link.send({ kind: 'close', session });
      },
    };
  }

  reset(): void {
    this.#link.send({ kind: 'reset' });
  }

  close(): Promise<void> {
    for (const live of this.#live.values()) live.release?.();
    this.#live.clear();
    return this.#link.close();
  }

  #hold(live: Live): void {
    live.release ??= this.#clock.hold();
  }

  #heard(session: number, event: RecogniserEvent): void {
    const live = this.#live.get(session);
    if (!live) return;
    const last = event.kind === 'final' || event.kind === 'rejected' || event.kind === 'failed';
    if (event.kind === 'progress') live.done = event.to;
    if (last) this.#live.delete(session);
    live.listener(event);
    if (last || (!live.asked && live.done >= live.sent)) {
      live.release?.();
      live.release = undefined;
    }
  }

  #break(message: string): void {
    for (const answer of this.#requests.values()) answer(new Error(message));
    for (const session of this.#live.keys())
      this.#heard(session, { kind: 'failed', retryable: false, message });
  }
}

import type { Clock } from '../../kit/clock.ts';
import type { Segment, VoiceEngine, VoiceEvent, VoiceSession } from '../../ports/voice.ts';
import { clausesOf, pauseAfterMs } from './clauses.ts';
import type { ThreadLink } from './link.ts';

/** Rates the thread converts to; other lines convert from 16 kHz themselves. */
const RATES = [8000, 16_000];

/** A piece of a segment, on its way through the thread. */
interface Job {
  readonly session: Session;
  readonly segment: string;
  /** Silence before it, in milliseconds. */
  readonly pauseMs: number;
  readonly last: boolean;
}

interface Session {
  readonly listener: (event: VoiceEvent) => void;
  readonly jobs: Set<number>;
}

/**
 * The voice of the speech thread, seen from the call. A segment goes through the thread in pieces, and its audio comes
 * back piece by piece.
 */
export class DeviceVoice implements VoiceEngine {
  readonly name = 'device';
  readonly can = { streamsText: false, wordTimes: false, rates: RATES };
  readonly #link: ThreadLink;
  readonly #clock: Clock;
  readonly #voices: readonly string[];
  readonly #jobs = new Map<number, Job>();
  #count = 0;
  #release: (() => void) | undefined;

  constructor(link: ThreadLink, options: { readonly clock: Clock; readonly voices: readonly string[] }) {
    this.#link = link;
    this.#clock = options.clock;
    this.#voices = options.voices;
    link.listen((message) => {
      if (message.kind === 'spoken') this.#spoken(message.job, message.samples, message.rate);
      if (message.kind === 'mute') this.#failed(message.job, message.message, true);
      if (message.kind === 'broken')
        for (const job of this.#jobs.keys()) this.#failed(job, message.message, false);
    });
  }

  /** The thread has loaded and warmed them. @throws Error for a voice it was not started with */
  prepare(voices: readonly string[]): Promise<void> {
    const unknown = voices.map(ownName).find((voice) => !this.#voices.includes(voice));
    if (unknown === undefined) return Promise.resolve();
    return Promise.reject(
      new Error(`the voice "device/${unknown}" was not loaded; this process has ${this.#voices.join(', ')}`),
    );
  }

  open({ voice, rate, listener }: Parameters<VoiceEngine['open']>[0]): VoiceSession {
    const session: Session = { listener, jobs: new Set() };
    const wanted = RATES.includes(rate) ? rate : 16_000;
    const drop = () => {
      const jobs = [...session.jobs];
      if (jobs.length === 0) return;
      this.#link.send({ kind: 'hush', jobs });
      for (const job of jobs) this.#forget(job);
    };
    return {
      segment: (segment) => this.#segment(session, segment, ownName(voice), wanted),
      flush: () => undefined,
      cancel: drop,
      close: drop,
    };
  }

  close(): Promise<void> {
    for (const job of this.#jobs.keys()) this.#forget(job);
    return this.#link.close();
  }

  #segment(session: Session, { id, spoken }: Segment, voice: string, rate: number): void {
    const pieces = clausesOf(spoken);
    if (pieces.length === 0) {
      queueMicrotask(() => session.listener({ kind: 'segment-done', segment: id }));
      return;
    }
    this.#release ??= this.#clock.hold();
    let pauseMs = 0;
    pieces.forEach((text, index) => {
      const job = ++this.#count;
      this.#jobs.set(job, { session, segment: id, pauseMs, last: index === pieces.length - 1 });
      session.jobs.add(job);
      this.#link.send({ kind: 'speak', job, voice, rate, text });
      pauseMs = pauseAfterMs(text);
    });
    const broken = this.#link.broken;
    const first = this.#count;
    if (broken !== undefined) queueMicrotask(() => this.#failed(first, broken, false));
  }

  #spoken(number: number, samples: Int16Array, rate: number): void {
    const job = this.#jobs.get(number);
    if (!job) return;
    const { session, segment } = job;
    if (job.pauseMs > 0) {
      const silence = new Int16Array(Math.round((job.pauseMs * rate) / 1000));
      session.listener({ kind: 'audio', segment, chunk: { samples: silence, rate } });
    }
    if (samples.length > 0 && this.#jobs.has(number))
      session.listener({ kind: 'audio', segment, chunk: { samples, rate } });
    if (job.last && this.#jobs.has(number)) session.listener({ kind: 'segment-done', segment });
    this.#forget(number);
  }

  /** One failure per segment: its other pieces are dropped. */
  #failed(number: number, message: string, retryable: boolean): void {
    const job = this.#jobs.get(number);
    if (!job) return;
    const rest = [...this.#jobs].filter(
      ([, other]) => other.session === job.session && other.segment === job.segment,
    );
    this.#link.send({ kind: 'hush', jobs: rest.map(([other]) => other) });
    for (const [other] of rest) this.#forget(other);
    job.session.listener({ kind: 'failed', retryable, message });
  }

  #forget(number: number): void {
    this.#jobs.get(number)?.session.jobs.delete(number);
    this.#jobs.delete(number);
    if (this.#jobs.size > 0) return;
    this.#release?.();
    this.#release = undefined;
  }
}

/** `slt` of `device/slt`. */
function ownName(voice: string): string {
  return voice.startsWith('device/') ? voice.slice('device/'.length) : voice;
}

import type { AudioSource, LocalAudioTrack } from '@livekit/rtc-node';
import type { CancelTimer, Clock } from '../../kit/clock.ts';
import type { Log } from '../../kit/log.ts';
import type { Rtc } from './load.ts';

/** From a sample being taken for sending to its being heard behind the other end of the room; measured. */
const PIPE_MS = 55;
/** More than a call ever sends ahead, so that handing audio over never waits. */
const QUEUE_MS = 3000;

/**
 * Our audio on its way into a room. The client plays it at the pace of real time from a queue of its own, which can be
 * emptied; when a sample is heard is arithmetic: after everything before it, plus the pipe.
 *
 * Invariants: audio goes out in the order it came; of what was flushed nothing is played after the pipe has run dry;
 * marks come back in the order they were set.
 */
export class Playout {
  readonly track: LocalAudioTrack;
  readonly #rtc: Rtc;
  readonly #source: AudioSource;
  readonly #rate: number;
  readonly #clock: Clock;
  readonly #log: Log;
  #waiting: Int16Array[] = [];
  #waitingSamples = 0;
  #handing = false;
  #flushes = 0;
  /** Monotonic time when everything sent so far has been taken for sending. */
  #endsMs = 0;
  #marks: { readonly dueMs: number; readonly reached: () => void }[] = [];
  #timer: CancelTimer | undefined;
  #closed: Promise<void> | undefined;

  constructor(rtc: Rtc, rate: number, clock: Clock, log: Log) {
    this.#rtc = rtc;
    this.#rate = rate;
    this.#clock = clock;
    this.#log = log;
    this.#source = new rtc.AudioSource(rate, 1, QUEUE_MS);
    this.track = rtc.LocalAudioTrack.createAudioTrack('agent', this.#source);
  }

  send(samples: Int16Array): void {
    if (this.#closed) return;
    // A copy with memory of its own: the client reads the whole buffer below a view, and later than now.
    this.#waiting.push(new Int16Array(samples));
    this.#waitingSamples += samples.length;
    this.#endsMs = Math.max(this.#endsMs, this.#clock.now()) + (samples.length * 1000) / this.#rate;
    if (!this.#handing) void this.#handOver();
  }

  /** @param reached called when everything sent before has been heard; never after `flush` or `close` */
  mark(reached: () => void): void {
    const dueMs = Math.max(this.#endsMs, this.#clock.now()) + PIPE_MS;
    this.#marks.push({ dueMs, reached });
    this.#arm();
  }

  /** Throws away what has not been taken for sending. */
  flush(): void {
    this.#flushes++;
    this.#waiting = [];
    this.#waitingSamples = 0;
    this.#marks = [];
    this.#timer?.();
    this.#timer = undefined;
    this.#endsMs = this.#clock.now();
    if (!this.#closed) this.#source.clearQueue();
  }

  /** Samples that the client has not taken yet. */
  get backlog(): number {
    return this.#waitingSamples;
  }

  close(): Promise<void> {
    if (!this.#closed) {
      this.flush();
      this.#closed = this.track.close();
    }
    return this.#closed;
  }

  /** One after the other: two pieces handed over at once could change places. */
  async #handOver(): Promise<void> {
    this.#handing = true;
    try {
      for (let next = this.#waiting.shift(); next && !this.#closed; next = this.#waiting.shift()) {
        const flushes = this.#flushes;
        await this.#source.captureFrame(new this.#rtc.AudioFrame(next, this.#rate, 1, next.length));
        if (flushes === this.#flushes) this.#waitingSamples -= next.length;
        // The flush may have come before this piece had reached the queue that it emptied.
        else if (!this.#closed) this.#source.clearQueue();
      }
    } catch (error) {
      if (!this.#closed) this.#log.warn('audio could not be sent into the room', { error });
    } finally {
      this.#handing = false;
    }
  }

  #arm(): void {
    const next = this.#marks[0];
    if (this.#timer || !next) return;
    this.#timer = this.#clock.after(next.dueMs - this.#clock.now(), () => {
      this.#timer = undefined;
      const now = this.#clock.now();
      const due = this.#marks.filter((mark) => mark.dueMs <= now);
      this.#marks = this.#marks.filter((mark) => mark.dueMs > now);
      for (const { reached } of due) reached();
      this.#arm();
    });
  }
}

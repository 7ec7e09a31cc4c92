import { Resampler } from '../audio/resample.ts';
import type { Clock } from '../kit/clock.ts';
import type { Expectation } from '../ports/expectation.ts';
import type { RecogniserEngine } from '../ports/recogniser.ts';
import type { VoiceActivityDetector, VoiceActivityEngine } from '../ports/voice-activity.ts';
import type { CallerAudio } from './caller-audio.ts';
import type { EchoGuard } from './echo.ts';
import { type Edge, Edges } from './edges.ts';
import { Listening } from './listening.ts';
import type { CallMetrics } from './metrics.ts';
import type { TurnInput } from './turn/events.ts';
import type { WideView } from './wide-view.ts';

const VIEW_RATE = 16_000;
/** A frame above this probability sounds like speech. */
const SPEECH = 0.5;

export interface HearingOptions {
  readonly clock: Clock;
  readonly audio: CallerAudio;
  readonly voiceActivity: VoiceActivityEngine;
  readonly recogniser: RecogniserEngine;
  readonly echo: EchoGuard;
  readonly metrics: CallMetrics;
  /** What the agent was heard to say between two monotonic times. */
  readonly agentText: (fromMs: number, toMs: number) => string;
  readonly listener: (input: TurnInput) => void;
  /** Where the 16 kHz view is kept, when somebody else looks at it. */
  readonly view: WideView | undefined;
  /** What was taken for the agent's own voice, in milliseconds of the caller's audio. */
  readonly onEcho: (fromMs: number, toMs: number) => void;
  /** Answers of the recogniser, for the journal. */
  readonly onPort: (event: Readonly<Record<string, unknown>>) => void;
}

/**
 * From the caller's samples to edges of speech and text. Owns the shared 16 kHz view, the detector of voice activity
 * and the sessions with the recogniser.
 *
 * In: `hearTo` (audio up to a position is there), `listen`, `finalise`, `drop`, `expect`. Out: inputs of the turn
 * machine. Invariant: everything is processed in the order of the audio; all times are times of the audio.
 */
export class Hearing {
  readonly #options: HearingOptions;
  readonly #view: Resampler;
  readonly #detector: VoiceActivityDetector;
  readonly #frame: Float32Array;
  readonly #edges: Edges;
  readonly #listening: Listening;
  #filled = 0;
  #power = 0;
  #frames = 0;
  #heardTo = 0;
  #echoFrom: number | undefined;
  /** Monotonic time of position 0: the least seen, because the network only ever makes audio late. */
  #origin = Number.POSITIVE_INFINITY;

  constructor(options: HearingOptions) {
    this.#options = options;
    this.#view = new Resampler(options.audio.rate, VIEW_RATE);
    this.#detector = options.voiceActivity.open();
    this.#frame = new Float32Array(options.voiceActivity.frameSamples);
    this.#edges = new Edges({ lateMs: this.#view.delay * 1000 });
    this.#listening = new Listening({
      ...options,
      timeOf: (ms) => this.timeOf(ms),
    });
  }

  /** The monotonic time at which that much of the caller's audio had been spoken, the network's delay left out. */
  timeOf(ms: number): number {
    return this.#origin + ms;
  }

  /** How much of the caller's audio had been spoken at that monotonic time, in milliseconds; not finite before any. */
  msAt(monotonicMs: number): number {
    return monotonicMs - this.#origin;
  }

  /** Everything up to this position has been processed. */
  get heardTo(): number {
    return this.#heardTo;
  }

  /** Processes the caller's audio up to `position`. */
  hearTo(position: number): void {
    const { audio, clock } = this.#options;
    const samples = audio.read(this.#heardTo, position);
    this.#heardTo = position;
    this.#origin = Math.min(this.#origin, clock.now() - (position / audio.rate) * 1000);
    this.#listening.audio(samples, position);
    const wide = this.#view.push(samples);
    this.#options.view?.push(wide);
    for (let i = 0; i < wide.length; i++) {
      const value = (wide[i] as number) / 32_768;
      this.#frame[this.#filled++] = value;
      this.#power += value * value;
      if (this.#filled === this.#frame.length) this.#judge();
    }
  }

  listen(stretch: string, fromMs: number): void {
    this.#listening.listen(stretch, fromMs, this.#heardTo);
  }

  finalise(stretch: string, uptoMs: number): void {
    this.#listening.finalise(stretch, uptoMs);
  }

  drop(stretch: string): void {
    this.#listening.drop(stretch);
  }

  expect(expectation: Expectation): void {
    this.#listening.expect(expectation);
  }

  close(): void {
    this.#listening.close();
    this.#detector.reset();
  }

  /** One frame of the 16 kHz view is complete. */
  #judge(): void {
    const frameMs = (this.#frame.length / VIEW_RATE) * 1000;
    const fromMs = this.#frames++ * frameMs;
    const power = this.#power / this.#frame.length;
    this.#filled = 0;
    this.#power = 0;
    const probability = this.#detector.process(this.#frame);
    const echo = this.#options.echo.isEcho(power, this.#origin + fromMs);
    this.#noteEcho(echo && probability > SPEECH, fromMs);
    const edge = this.#edges.frame(echo ? 0 : probability, this.#frame);
    if (edge) this.#tell(edge);
  }

  /** Frames that would have counted as speech, put together to stretches. */
  #noteEcho(suppressed: boolean, fromMs: number): void {
    if (suppressed) this.#echoFrom ??= fromMs;
    else if (this.#echoFrom !== undefined) {
      this.#options.onEcho(this.#echoFrom, fromMs);
      this.#echoFrom = undefined;
    }
  }

  #tell(edge: Edge): void {
    if (edge.kind === 'start') this.#options.listener({ kind: 'speech-start', fromMs: edge.atMs });
    else this.#options.listener({ kind: 'speech-end', endMs: edge.atMs });
  }
}

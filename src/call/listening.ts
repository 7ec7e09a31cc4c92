import type { Clock } from '../kit/clock.ts';
import { EXPECT_NOTHING, type Expectation } from '../ports/expectation.ts';
import type { RecogniserEngine, RecogniserEvent, RecogniserSession } from '../ports/recogniser.ts';
import type { CallerAudio } from './caller-audio.ts';
import type { EchoGuard } from './echo.ts';
import type { CallMetrics } from './metrics.ts';
import type { TurnInput } from './turn/events.ts';

/** The first sound of a word lies before what voice activity notices. */
const PRE_ROLL_MS = 300;
/** A recogniser that has not moved for so much audio is deaf. */
const DEAF_MS = 4000;
/** An echo may arrive so much later than it was sent. */
const ECHO_LATE_MS = 600;

interface Stretch {
  readonly id: string;
  readonly from: number;
  readonly session: RecogniserSession;
  /** Position up to which the session has been fed, and up to which it has said that it has heard. */
  fed: number;
  progress: number;
  /** Finals of a recogniser that ends stretches of its own accord. */
  before: string;
  partial: string;
  finalisedAt: number | undefined;
}

interface Options {
  readonly clock: Clock;
  readonly audio: CallerAudio;
  readonly recogniser: RecogniserEngine;
  readonly echo: EchoGuard;
  readonly metrics: CallMetrics;
  readonly agentText: (fromMs: number, toMs: number) => string;
  /** The monotonic time at which that much of the caller's audio was spoken. */
  readonly timeOf: (ms: number) => number;
  readonly listener: (input: TurnInput) => void;
  readonly onPort: (event: Readonly<Record<string, unknown>>) => void;
}

/**
 * The sessions with the recogniser: one per stretch of speech, or one for the whole call where the engine listens
 * always. Owns the sessions and what they have understood so far.
 *
 * Invariants: a session gets its audio without a gap, from a little before the speech; each `listen` is answered by
 * exactly one `final`, `unclear`, `stretch-failed` or `stretch-dropped`; nothing follows it.
 */
export class Listening {
  readonly #options: Options;
  readonly #stretches = new Map<string, Stretch>();
  #expectation: Expectation = EXPECT_NOTHING;
  /** The one session of a recogniser that listens always. */
  #always: RecogniserSession | undefined;
  /** Stretches of that session in the order they were finalised: its finals come in that order. */
  #order: string[] = [];

  constructor(options: Options) {
    this.#options = options;
    if (options.recogniser.listens === 'always') this.#always = this.#open(0, () => this.#order[0]);
  }

  listen(id: string, fromMs: number, heardTo: number): void {
    const { audio } = this.#options;
    const oldest = Math.max(0, audio.end - audio.rate * 30);
    const from = Math.max(oldest, audio.positionOf(fromMs - PRE_ROLL_MS));
    const stretch = (session: RecogniserSession, fed: number): Stretch => ({
      id,
      from: audio.positionOf(fromMs),
      session,
      fed,
      progress: fed,
      before: '',
      partial: '',
      finalisedAt: undefined,
    });
    if (this.#always) {
      this.#order.push(id);
      this.#stretches.set(id, stretch(this.#always, heardTo));
      return;
    }
    const session = this.#open(from, () => id);
    this.#stretches.set(id, stretch(session, from));
    session.audio(audio.read(from, heardTo));
    const opened = this.#stretches.get(id);
    if (opened) opened.fed = heardTo;
  }

  /** The next samples of the caller; they end at `to`. */
  audio(samples: Int16Array, to: number): void {
    this.#always?.audio(samples);
    for (const stretch of this.#stretches.values()) {
      stretch.fed = to;
      if (!this.#always && stretch.finalisedAt === undefined) stretch.session.audio(samples);
      const deafFor = ((stretch.fed - stretch.progress) / this.#options.audio.rate) * 1000;
      if (stretch.finalisedAt === undefined && deafFor > DEAF_MS)
        this.#failed(stretch, true, `the recogniser has not moved for ${DEAF_MS} ms of audio`);
    }
  }

  finalise(id: string, uptoMs: number): void {
    const stretch = this.#stretches.get(id);
    if (!stretch || stretch.finalisedAt !== undefined) return;
    stretch.finalisedAt = this.#options.clock.now();
    stretch.session.finalize(this.#options.audio.positionOf(uptoMs));
  }

  drop(id: string): void {
    const stretch = this.#stretches.get(id);
    if (!stretch) return;
    this.#forget(stretch, stretch.finalisedAt !== undefined);
    this.#options.listener({ kind: 'stretch-dropped', stretch: id });
  }

  expect(expectation: Expectation): void {
    this.#expectation = expectation;
    this.#always?.expect(expectation);
    if (!this.#always)
      for (const stretch of this.#stretches.values())
        if (stretch.finalisedAt === undefined) stretch.session.expect(expectation);
  }

  close(): void {
    for (const stretch of this.#stretches.values()) this.drop(stretch.id);
    this.#always?.close();
    this.#always = undefined;
  }

  #open(from: number, current: () => string | undefined): RecogniserSession {
    return this.#options.recogniser.open({
      from,
      rate: this.#options.audio.rate,
      expect: this.#expectation,
      listener: (event) => {
        const id = current();
        const stretch = id === undefined ? undefined : this.#stretches.get(id);
        if (stretch) this.#take(stretch, event);
        // A dropped stretch of a session that listens always still has its final to come.
        else if (id !== undefined && (event.kind === 'final' || event.kind === 'rejected'))
          this.#order.shift();
      },
    });
  }

  #take(stretch: Stretch, event: RecogniserEvent): void {
    if (event.kind === 'progress') {
      stretch.progress = Math.max(stretch.progress, event.to);
      return;
    }
    switch (event.kind) {
      case 'partial':
        stretch.progress = stretch.fed;
        return this.#partial(stretch, event.text);
      case 'final':
        return this.#final(stretch, event.text, event);
      case 'rejected':
        return this.#final(stretch, '', event);
      case 'turn':
        this.#options.onPort({ stretch: stretch.id, ...event });
        if (event.what !== 'start') this.#options.listener({ kind: 'turn-hint', what: event.what });
        return undefined;
      case 'failed':
        return this.#failed(stretch, event.retryable, event.message);
    }
  }

  #partial(stretch: Stretch, text: string): void {
    const whole = join(stretch.before, text);
    if (whole === stretch.partial || stretch.finalisedAt !== undefined) return;
    stretch.partial = whole;
    this.#options.listener({
      kind: 'partial',
      stretch: stretch.id,
      text: whole,
      echo: this.#isEcho(stretch, whole),
    });
  }

  #final(
    stretch: Stretch,
    text: string,
    event: Extract<RecogniserEvent, { kind: 'final' | 'rejected' }>,
  ): void {
    this.#options.onPort({ stretch: stretch.id, ...event });
    if (stretch.finalisedAt === undefined && this.#always) {
      // It ended a sentence by itself; the turn is ours to end.
      stretch.before = join(stretch.before, text);
      return this.#partial(stretch, '');
    }
    const whole = join(stretch.before, text);
    const echo = this.#isEcho(stretch, whole);
    if (stretch.finalisedAt !== undefined)
      this.#options.metrics.observe('recogniser', this.#options.clock.now() - stretch.finalisedAt);
    this.#forget(stretch, false);
    this.#options.listener(
      whole === ''
        ? { kind: 'unclear', stretch: stretch.id }
        : { kind: 'final', stretch: stretch.id, text: whole, echo },
    );
  }

  #failed(stretch: Stretch, retryable: boolean, why: string): void {
    this.#options.onPort({ stretch: stretch.id, kind: 'failed', retryable, message: why });
    this.#forget(stretch, false);
    if (this.#always) {
      this.#always.close();
      for (const other of this.#stretches.values()) this.drop(other.id);
      this.#order = [];
      this.#always = retryable ? this.#open(this.#options.audio.end, () => this.#order[0]) : undefined;
    }
    this.#options.listener({ kind: 'stretch-failed', stretch: stretch.id, retryable, why });
  }

  /** @param finalPending a session that listens always will still say what this stretch was */
  #forget(stretch: Stretch, finalPending: boolean): void {
    this.#stretches.delete(stretch.id);
    if (!this.#always) stretch.session.close();
    else if (!finalPending) this.#order = this.#order.filter((id) => id !== stretch.id);
  }

  #isEcho(stretch: Stretch, text: string): boolean {
    if (text === '') return false;
    const { audio, agentText, echo, timeOf } = this.#options;
    const fromMs = timeOf((stretch.from / audio.rate) * 1000) - ECHO_LATE_MS;
    const toMs = timeOf((stretch.fed / audio.rate) * 1000);
    return echo.isEchoText(text, agentText(fromMs, toMs));
  }
}

function join(before: string, text: string): string {
  return before === '' ? text : text === '' ? before : `${before} ${text}`;
}

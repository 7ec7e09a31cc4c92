import { dtmf } from '../audio/tones.ts';
import { type Clock, sleep } from '../kit/clock.ts';
import { Answers, type ReadyAnswer, readyAnswers } from './answers.ts';
import { type CallerScript, KEY_GAP_MS, QUIET_MS, type Step } from './caller-script.ts';
import { Ear } from './ear.ts';
import type { FarEnd } from './far-end.ts';
import { plain } from './words.ts';

/** A key pressed, with its moment on the axis. */
export interface KeyPress {
  readonly digit: string;
  readonly atMs: number;
  /** The agent was speaking, and the key was meant to interrupt it. */
  readonly bargeIn: boolean;
}

/** What the caller does now; told while it happens. */
export type CallerNews =
  | { readonly kind: 'says'; readonly text: string; readonly atMs: number; readonly bargeIn: boolean }
  | { readonly kind: 'presses'; readonly keys: string; readonly atMs: number; readonly bargeIn: boolean }
  | { readonly kind: 'hangs up' | 'vanishes'; readonly atMs: number };

export interface CallerOutcome {
  /** `done`: every step was carried out. `ended`: the other side ended the call before. `stuck`: see `why`. */
  readonly how: 'done' | 'ended' | 'stuck';
  readonly why?: string;
  readonly keys: readonly KeyPress[];
}

/** A step with its sound; everything slow has been done before the call begins. */
export type ReadyStep = Exclude<Step, { do: 'say' | 'play' | 'answer' }> | SoundStep | AnswerStep;
export interface SoundStep {
  readonly do: 'sound';
  readonly text: string;
  /** At the line's rate. */
  readonly samples: Int16Array;
  readonly bargeInMs?: number;
}

export interface AnswerStep {
  readonly do: 'answer';
  readonly answers: readonly ReadyAnswer[];
  readonly turns: number;
  readonly limitS: number;
}

/** Makes the sound of a step, at the rate given. */
export type SoundOf = (step: Extract<Step, { do: 'say' | 'play' }>, rate: number) => Promise<Int16Array>;

export async function readySteps(script: CallerScript, rate: number, soundOf: SoundOf): Promise<ReadyStep[]> {
  const ready: ReadyStep[] = [];
  for (const step of script.steps) {
    if (step.do === 'say' || step.do === 'play') {
      const { text, bargeInMs } = step;
      const samples = await soundOf(step, rate);
      ready.push({ do: 'sound', text, samples, ...(bargeInMs === undefined ? {} : { bargeInMs }) });
    } else if (step.do === 'answer') {
      const answers = await readyAnswers(step.answers, (text, voice) =>
        soundOf({ do: 'say', text, ...(voice === undefined ? {} : { voice }) }, rate),
      );
      ready.push({ ...step, answers });
    } else ready.push(step);
  }
  return ready;
}

/** How often the caller looks whether what it waits for has happened. */
const LOOK_MS = 10;
/** How long after its last step the caller stays for the agent to end the call. */
const STAY_MS = 15_000;
/** How long the caller waits for a question after something that was none. */
const PATIENCE_MS = 2500;
/** A key sounds for this long. */
const KEY_MS = 90;

class CallOver extends Error {}
class Stuck extends Error {}

/**
 * Carries out a script on a line. It never runs ahead of its own voice: the next step begins when what was said is
 * over. When the agent has not ended the call a while after the last step, it hangs up.
 */
export class Caller {
  readonly #far: FarEnd;
  readonly #clock: Clock;
  readonly #ear: Ear;
  readonly #onNews: (news: CallerNews) => void;
  readonly #keys: KeyPress[] = [];
  readonly #keyTones: boolean;
  #agentText = '';
  #over = false;
  /** In the middle of saying or keying something. */
  #acting = false;
  /** End of what the caller last did, on the axis. */
  #actedMs = 0;

  constructor(
    far: FarEnd,
    options: { clock: Clock; onNews?: (news: CallerNews) => void; keyTones?: boolean },
  ) {
    this.#far = far;
    this.#clock = options.clock;
    this.#ear = new Ear(far.loudspeaker);
    this.#onNews = options.onNews ?? (() => undefined);
    this.#keyTones = options.keyTones ?? false;
    void far.ended.then(() => {
      this.#over = true;
    });
    far.onNews((news) => {
      if (news.kind === 'transcript' && news.who === 'agent' && news.final) this.agentSays(news.text);
    });
  }

  /** Words of the agent, from wherever they are known; without them only `listen` for sound works. */
  agentSays(text: string): void {
    this.#agentText += ` ${text}`;
  }

  /** Never rejects; afterwards the call has ended, from whichever side. */
  async run(steps: readonly ReadyStep[]): Promise<CallerOutcome> {
    let at = 0;
    try {
      for (; at < steps.length; at++) {
        const next = steps.slice(at + 1).find((later) => later.do !== 'pause');
        const goesOn = next?.do === 'sound' && next.bargeInMs === undefined;
        await this.#step(steps[at] as ReadyStep, at + 1, goesOn);
      }
      await this.#until(() => this.#over, STAY_MS).catch(() => undefined);
      this.#far.hangUp();
      return { how: 'done', keys: this.#keys };
    } catch (error) {
      this.#far.hangUp();
      const why = error instanceof Error ? error.message : String(error);
      // A caller with nothing left to say does not mind that the agent hung up first.
      const wasDone =
        !this.#acting && !steps.slice(at).some((step) => step.do === 'sound' || step.do === 'keys');
      if (error instanceof CallOver) return { how: wasDone ? 'done' : 'ended', why, keys: this.#keys };
      return { how: 'stuck', why, keys: this.#keys };
    }
  }

  async #step(step: ReadyStep, number: number, goesOn: boolean): Promise<void> {
    if (this.#over) throw new CallOver(`the other side ended the call before step ${number} (${step.do})`);
    const atMs = this.#far.nowMs();
    switch (step.do) {
      case 'sound':
        await this.#moment(step.bargeInMs, number);
        return this.#sound(step, goesOn);
      case 'keys':
        await this.#moment(step.bargeInMs, number);
        return this.#press(step);
      case 'listen':
        return this.#listen(step, number);
      case 'answer':
        return this.#answer(step, number);
      case 'pause':
        return this.#until(() => false, step.ms).catch((error: unknown) => {
          if (error instanceof CallOver) throw error;
        });
      case 'hangUp':
        this.#onNews({ kind: 'hangs up', atMs });
        return this.#far.hangUp();
      case 'vanish':
        this.#onNews({ kind: 'vanishes', atMs });
        return this.#far.vanish();
    }
  }

  async #sound(step: SoundStep, goesOn: boolean): Promise<void> {
    const bargeIn = step.bargeInMs !== undefined;
    const said = this.#far.mouth.say(step.samples, step.text, this.#far.nowMs(), { bargeIn, goesOn });
    this.#onNews({ kind: 'says', text: step.text, atMs: said.fromMs, bargeIn });
    this.#acting = true;
    await this.#until(() => this.#far.nowMs() >= said.toMs, said.toMs - this.#far.nowMs() + 1000);
    this.#actedMs = said.toMs;
    this.#acting = false;
  }

  async #press(step: Extract<ReadyStep, { do: 'keys' }>): Promise<void> {
    const bargeIn = step.bargeInMs !== undefined;
    this.#onNews({ kind: 'presses', keys: step.keys, atMs: this.#far.nowMs(), bargeIn });
    this.#acting = true;
    for (const [i, digit] of step.keys.split('').entries()) {
      if (i > 0) await sleep(this.#clock, step.gapMs);
      if (this.#over) throw new CallOver('the other side ended the call while keys were pressed');
      this.#keys.push({ digit, atMs: this.#far.nowMs(), bargeIn: bargeIn && i === 0 });
      if (this.#keyTones)
        this.#far.mouth.sound(
          dtmf(digit, this.#far.mouth.rate, { onMs: KEY_MS, offMs: 0 }),
          this.#far.nowMs(),
        );
      this.#far.key(digit);
    }
    this.#actedMs = this.#far.nowMs();
    this.#acting = false;
  }

  /** Waits until the agent has been speaking for `bargeInMs`; at once without it. */
  async #moment(bargeInMs: number | undefined, number: number): Promise<void> {
    if (bargeInMs === undefined) return;
    let begun: number | undefined;
    await this.#expect(
      `step ${number}: the agent did not begin to speak, so it could not be interrupted`,
      () => {
        begun = this.#ear.begunSince(this.#actedMs);
        return begun !== undefined;
      },
    );
    const at = (begun ?? 0) + bargeInMs;
    await this.#until(() => this.#far.nowMs() >= at, bargeInMs + 1000);
  }

  /** Question and answer until the call ends, which is how it is meant to end. */
  async #answer(step: AnswerStep, number: number): Promise<void> {
    const answers = new Answers(step.answers);
    const listen = { do: 'listen', quietMs: QUIET_MS, limitS: step.limitS } as const;
    for (let turn = 0; turn < step.turns; turn++) {
      await this.#listen(listen, number);
      const said = this.#agentText.trim();
      // "One moment" is no question: what follows it may be one.
      if (!answers.fit(said) && (await this.#goesOnSpeaking())) continue;
      this.#agentText = '';
      const act = answers.to(said);
      if (!act) throw new Stuck(`step ${number}: there is no answer to what the agent said: “${said}”`);
      if (act.kind === 'sound') await this.#sound({ do: 'sound', ...act }, false);
      else await this.#press({ do: 'keys', keys: act.keys, gapMs: KEY_GAP_MS });
    }
    throw new Stuck(`step ${number}: the call did not end within ${step.turns} turns`);
  }

  async #goesOnSpeaking(): Promise<boolean> {
    const sinceMs = this.#far.nowMs();
    try {
      await this.#until(() => this.#ear.begunSince(sinceMs) !== undefined, PATIENCE_MS);
      return true;
    } catch (error) {
      if (error instanceof CallOver) throw error;
      return false;
    }
  }

  async #listen(step: Extract<ReadyStep, { do: 'listen' }>, number: number): Promise<void> {
    const { forText, limitS } = step;
    if (forText !== undefined) {
      await this.#expect(
        `step ${number}: the agent did not say ${JSON.stringify(forText)} within ${limitS} s`,
        () => plain(this.#agentText).includes(plain(forText)),
        limitS * 1000,
      );
      this.#agentText = '';
    }
    await this.#expect(
      `step ${number}: the agent did not speak and finish within ${limitS} s`,
      () => this.#ear.finishedSince(this.#actedMs, step.quietMs),
      limitS * 1000,
    );
  }

  async #expect(otherwise: string, done: () => boolean, limitMs = 30_000): Promise<void> {
    try {
      await this.#until(done, limitMs);
    } catch (error) {
      if (error instanceof CallOver) throw error;
      throw new Stuck(otherwise, { cause: error });
    }
  }

  /** @throws CallOver when the call ends first; Stuck at the limit */
  async #until(done: () => boolean, limitMs: number): Promise<void> {
    const endMs = this.#clock.now() + limitMs;
    while (!done()) {
      if (this.#over) throw new CallOver('the other side ended the call');
      const leftMs = endMs - this.#clock.now();
      if (leftMs <= 0) throw new Stuck(`nothing happened for ${limitMs} ms`);
      await sleep(this.#clock, Math.min(LOOK_MS, leftMs));
    }
  }
}

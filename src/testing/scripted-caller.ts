import type { Clock } from '../kit/clock.ts';
import { sleep } from '../kit/clock.ts';
import type { CallerScript } from './caller-script.ts';
import type { FakeLine } from './fake-line.ts';

const POLL_MS = 20;
const WAIT_MS = 30_000;
/** About five syllables a second. */
const MS_PER_WORD = 300;

/**
 * The caller of a conversation under test, as a list of what they do: each step resolves when it is done, in the
 * call's own time.
 */
export class ScriptedCaller {
  readonly #clock: Clock;
  readonly #line: FakeLine;
  readonly #script: CallerScript;
  readonly #sound: ((text: string) => Int16Array) | undefined;
  /** How many heard words earlier steps have used up. */
  #used = 0;

  /** @param sound what words sound like, at the line's rate; absent: a buzz that stands for them */
  constructor(clock: Clock, line: FakeLine, script: CallerScript, sound?: (text: string) => Int16Array) {
    this.#sound = sound;
    this.#clock = clock;
    this.#line = line;
    this.#script = script;
  }

  /** Everything the caller has heard so far. */
  get heard(): string {
    return this.#line.heard.map((word) => word.text).join(' ');
  }

  /** The call has ended. */
  get isOver(): boolean {
    return this.#line.endReason !== undefined;
  }

  /** Says words; 300 ms each unless told otherwise, or as long as they take when they are real sound. */
  async says(text: string, how: { readonly ms?: number } = {}): Promise<void> {
    if (this.#sound) return this.plays(this.#sound(text));
    const ms = how.ms ?? text.split(/\s+/).length * MS_PER_WORD;
    const end = this.#script.say(text, this.#line.position, ms);
    await this.#until(() => this.#line.position >= end, ms + WAIT_MS, `saying "${text}"`);
  }

  /** Plays a sound, at the line's rate. */
  async plays(samples: Int16Array): Promise<void> {
    const end = this.#script.play(samples, this.#line.position);
    const ms = (samples.length / this.#line.facts.rate) * 1000;
    await this.#until(() => this.#line.position >= end, ms + WAIT_MS, 'playing a sound');
  }

  /** Makes a sound without words. */
  async coughs(ms = 250): Promise<void> {
    const end = this.#script.mumble(this.#line.position, ms);
    await this.#until(() => this.#line.position >= end, ms + WAIT_MS, 'coughing');
  }

  /**
   * Waits until the agent is heard to say this, in words that no earlier `hears` has used; letters in either case,
   * punctuation and all.
   */
  async hears(what: string | RegExp, limitMs = WAIT_MS): Promise<void> {
    const pattern = typeof what === 'string' ? new RegExp(escape(what), 'i') : what;
    await this.#until(
      () => {
        const words = this.#line.heard.slice(this.#used).map((word) => word.text);
        const match = pattern.exec(words.join(' '));
        if (!match) return false;
        const before = words.join(' ').slice(0, match.index + match[0].length);
        this.#used += before.split(' ').filter(Boolean).length;
        return true;
      },
      limitMs,
      `hearing ${String(what)}`,
    );
  }

  /** Waits until the agent has said something new and has been quiet for a moment. */
  async listens(quietMs = 400, limitMs = WAIT_MS): Promise<void> {
    const before = this.#line.heard.length;
    await this.#until(
      () => {
        const since = this.#line.quietSinceMs;
        return (
          this.#line.heard.length > before && since !== undefined && this.#clock.now() - since >= quietMs
        );
      },
      limitMs,
      'the agent to finish',
    );
    this.#used = this.#line.heard.length;
  }

  /** Waits until nothing has come out of the loudspeaker for a moment. */
  async waitsForQuiet(quietMs = 300, limitMs = WAIT_MS): Promise<void> {
    await this.#until(
      () => {
        const since = this.#line.quietSinceMs;
        return since !== undefined && this.#clock.now() - since >= quietMs;
      },
      limitMs,
      'silence',
    );
  }

  /** Lets time pass. */
  waits(ms: number): Promise<void> {
    return sleep(this.#clock, ms);
  }

  /** Presses keys one after the other. */
  async keys(digits: string, gapMs = 150): Promise<void> {
    for (const digit of digits) {
      this.#line.key(digit);
      await sleep(this.#clock, gapMs);
    }
  }

  hangsUp(): void {
    this.#line.hangUp();
  }

  /** The caller's audio stops, or goes on: the network's fault. */
  goesMute(muted: boolean): void {
    this.#line.muted = muted;
  }

  /** The connection dies without a word: nothing comes any more, no frame and no sign of life. */
  vanishes(): void {
    this.#line.vanish();
  }

  async #until(done: () => boolean, limitMs: number, what: string): Promise<void> {
    const end = this.#clock.now() + limitMs;
    while (!done()) {
      if (this.#line.endReason !== undefined && !done())
        throw new Error(`the call ended (${this.#line.endReason}) while the caller waited for ${what}`);
      if (this.#clock.now() >= end)
        throw new Error(`the caller waited ${limitMs} ms for ${what}; heard so far: "${this.heard}"`);
      await sleep(this.#clock, POLL_MS);
    }
  }
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

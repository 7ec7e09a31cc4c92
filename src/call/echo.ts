import type { AgentAudio } from './agent-audio.ts';
import { wordsOf } from './turn/words.ts';

/** What is known of the way from the agent's mouth back to its ear on this line. */
export interface EchoPath {
  readonly delayMs: number;
  /** How much weaker the echo is, as a ratio of powers. */
  readonly loss: number;
}

const FRAME_MS = 32;
/** How much is looked back on to find the echo: about 4 s. */
const WINDOW = 128;
/** How often it is looked for, in frames: about every half second. */
const EVERY = 16;
/** The longest echo that is looked for; a telephone line with a satellite in it has about this much. */
const MAX_DELAY_MS = 600;
const DELAY_STEP_MS = 10;
/** How alike the two loudnesses must be to be believed. */
const ALIKE = 0.75;
/** Someone speaks over the echo when there is more than this many times its power. */
const MARGIN = 4;
/** Agent audio below this is silence and cannot come back. */
const QUIET = 1e-6;
/** An echo weaker than this (-40 dB) does not disturb. */
const MIN_LOSS = 1e-4;
/** So many words in a row, at the same time as the agent's, are no chance. */
const WORDS_ALIKE = 3;

/**
 * Tells the agent's own voice, coming back from the caller's side, from the caller. Owns what was measured of the
 * line: the delay and loss at which the caller's loudness follows the agent's.
 *
 * In: one loudness per frame of the caller. Out: whether that frame is no more than the echo; whether a text is.
 */
export class EchoGuard {
  readonly #agent: AgentAudio;
  readonly #caller = new Float64Array(WINDOW);
  readonly #times = new Float64Array(WINDOW);
  #frames = 0;
  #path: EchoPath | undefined;
  #told: EchoPath | undefined;
  readonly #onPath: ((path: EchoPath) => void) | undefined;

  /** @param onPath told of the way of the echo when it is found, and when it has changed */
  constructor(agent: AgentAudio, onPath?: (path: EchoPath) => void) {
    this.#agent = agent;
    this.#onPath = onPath;
  }

  get path(): EchoPath | undefined {
    return this.#path;
  }

  /**
   * @param power mean square of the caller's frame, full scale = 1
   * @param atMs the monotonic time at which the frame began
   * @returns whether the frame is no louder than the echo of what the agent is saying
   */
  isEcho(power: number, atMs: number): boolean {
    const slot = this.#frames % WINDOW;
    this.#caller[slot] = power;
    this.#times[slot] = atMs;
    this.#frames++;
    if (this.#frames % EVERY === 0) this.#measure();
    return this.#path !== undefined && power < this.#expected(atMs, this.#path) * MARGIN;
  }

  /** Whether recognised words are what the agent was saying: `agentText` is what sounded while they were heard. */
  isEchoText(text: string, agentText: string): boolean {
    const words = wordsOf(text);
    const said = wordsOf(agentText);
    if (words.length === 0 || words.length > said.length) return false;
    // Single words of the question are what callers answer with, so few words need a line that is known to echo.
    if (words.length < WORDS_ALIKE && !this.#path) return false;
    return said.some((_word, from) => words.every((word, i) => said[from + i] === word));
  }

  /** The loudest the echo could be around this moment: the delay wanders by a frame. */
  #expected(atMs: number, path: EchoPath): number {
    let loudest = 0;
    for (let ms = -FRAME_MS; ms <= 2 * FRAME_MS; ms += DELAY_STEP_MS)
      loudest = Math.max(loudest, this.#agent.powerAt(atMs - path.delayMs + ms));
    return loudest * path.loss;
  }

  /** Looks for the delay at which the caller's loudness follows the agent's best. */
  #measure(): void {
    const count = Math.min(this.#frames, WINDOW);
    let best: { alike: number; path: EchoPath } | undefined;
    for (let delayMs = 0; delayMs <= MAX_DELAY_MS; delayMs += DELAY_STEP_MS) {
      const found = this.#compare(delayMs, count);
      if (found && (!best || found.alike > best.alike))
        best = { alike: found.alike, path: { delayMs, loss: found.loss } };
    }
    if (!best || best.alike < ALIKE || best.path.loss < MIN_LOSS || best.path.loss > 1) return;
    const loss = this.#path ? 0.7 * this.#path.loss + 0.3 * best.path.loss : best.path.loss;
    this.#path = { delayMs: best.path.delayMs, loss };
    if (this.#told && !hasChanged(this.#told, this.#path)) return;
    this.#told = this.#path;
    this.#onPath?.(this.#path);
  }

  /** How alike (correlation of amplitudes) the loudnesses are at a delay, and the ratio of their powers. */
  #compare(delayMs: number, count: number): { alike: number; loss: number } | undefined {
    let [sa, sb, saa, sbb, sab, pa, pb, loud] = [0, 0, 0, 0, 0, 0, 0, 0];
    for (let i = 0; i < count; i++) {
      const at = (this.#times[i] as number) - delayMs;
      const agent =
        (this.#agent.powerAt(at) + this.#agent.powerAt(at + 10) + this.#agent.powerAt(at + 20)) / 3;
      const caller = this.#caller[i] as number;
      if (agent > QUIET) loud++;
      const a = Math.sqrt(agent);
      const b = Math.sqrt(caller);
      sa += a;
      sb += b;
      saa += agent;
      sbb += caller;
      sab += a * b;
      pa += agent;
      pb += caller;
    }
    if (loud < count / 4 || count < 2 * EVERY) return undefined;
    const spread = Math.sqrt((saa - (sa * sa) / count) * (sbb - (sb * sb) / count));
    if (!(spread > 0)) return undefined;
    return { alike: (sab - (sa * sb) / count) / spread, loss: pb / pa };
  }
}

/** Less than this is how measurements differ: 30 ms, or 3 dB. */
function hasChanged(told: EchoPath, now: EchoPath): boolean {
  const ratio = now.loss / told.loss;
  return Math.abs(now.delayMs - told.delayMs) > 30 || ratio > 2 || ratio < 0.5;
}

import type { Loudspeaker } from './loudspeaker.ts';
import { TURN_RULES } from './segments.ts';

/** The end of a word that was being said anyway. */
const TAIL_MS = 200;

/**
 * Listens along with the loudspeaker: when did the agent begin to speak, is it speaking now. It looks at each sample
 * once, so that a caller can ask every few milliseconds.
 */
export class Ear {
  readonly #loudspeaker: Loudspeaker;
  readonly #window: number;
  readonly #floor: number;
  /** Beginnings of stretches of sound, in milliseconds, each after at least the pause that separates turns. */
  readonly #begun: number[] = [];
  #scanned = 0;
  #lastSoundMs: number | undefined;

  constructor(loudspeaker: Loudspeaker) {
    this.#loudspeaker = loudspeaker;
    this.#window = Math.round((loudspeaker.rate * TURN_RULES.windowMs) / 1000);
    this.#floor = this.#window * (32768 * 10 ** (TURN_RULES.aboveDbfs / 20)) ** 2;
  }

  /** The end of the last sound so far, in milliseconds of the axis. */
  lastSoundMs(): number | undefined {
    this.#listen();
    return this.#lastSoundMs;
  }

  /** When the agent began its latest stretch of speech at or after `sinceMs`. */
  begunSince(sinceMs: number): number | undefined {
    this.#listen();
    return this.#begun.find((at) => at >= sinceMs);
  }

  /**
   * Something was heard after `sinceMs`, nothing for `quietMs` since, and nothing is on its way. What was still on its
   * way when the caller acted at `sinceMs` is no answer: sound up to the clearing that the act caused, or a tail
   * shorter than anybody's answer, does not count.
   */
  finishedSince(sinceMs: number, quietMs: number): boolean {
    const last = this.lastSoundMs();
    const cleared = this.#loudspeaker.clearings.find(
      ({ atMs, droppedMs }) => droppedMs > 0 && atMs >= sinceMs && atMs < sinceMs + 600,
    );
    if (last === undefined || last <= (cleared?.atMs ?? sinceMs) + TAIL_MS) return false;
    return this.#loudspeaker.nowMs() - last >= quietMs && this.#loudspeaker.bufferedMs <= 0;
  }

  #listen(): void {
    const heard = this.#loudspeaker.heard();
    for (; this.#scanned + this.#window <= heard.length; this.#scanned += this.#window) {
      let energy = 0;
      for (let i = this.#scanned; i < this.#scanned + this.#window; i++) energy += (heard[i] ?? 0) ** 2;
      if (energy <= this.#floor) continue;
      const fromMs = (this.#scanned * 1000) / this.#loudspeaker.rate;
      if (this.#isBeginning(fromMs)) this.#begun.push(fromMs);
      this.#lastSoundMs = fromMs + TURN_RULES.windowMs;
    }
  }

  /** After a pause, or after what was said before had been thrown away. */
  #isBeginning(fromMs: number): boolean {
    const last = this.#lastSoundMs;
    if (last === undefined || fromMs - last >= TURN_RULES.joinMs) return true;
    const cleared = this.#loudspeaker.clearings.findLast(({ droppedMs }) => droppedMs > 0)?.atMs;
    return cleared !== undefined && cleared >= last - TURN_RULES.windowMs && cleared <= fromMs;
  }
}

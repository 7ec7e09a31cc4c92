import type { EndReason } from '../contract/end-reasons.ts';
import type { Line, LineEvent, LineFacts, LineNews } from '../ports/line.ts';

/**
 * A line that another worker may have taken over. Owns nothing but the question: it is asked before everything the
 * other side would notice, and once the answer is yes, this worker is mute.
 */
export class LeasedLine implements Line {
  readonly facts: LineFacts;
  readonly #line: Line;
  readonly #isLost: () => boolean;
  readonly #onLost: () => void;
  #told = false;

  /** @param onLost called once, in a turn of its own */
  constructor(line: Line, isLost: () => boolean, onLost: () => void) {
    this.facts = line.facts;
    this.#line = line;
    this.#isLost = isLost;
    this.#onLost = onLost;
  }

  open(listener: (event: LineEvent) => void): void {
    this.#line.open(listener);
  }

  send(samples: Int16Array, generation: number): void {
    if (this.#mine()) this.#line.send(samples, generation);
  }

  mark(name: string, generation: number): void {
    if (this.#mine()) this.#line.mark(name, generation);
  }

  flush(generation: number): void {
    if (this.#mine()) this.#line.flush(generation);
  }

  dtmf(digits: string): void {
    if (this.#mine()) this.#line.dtmf(digits);
  }

  transfer(to: string, mode: 'cold' | 'warm'): void {
    if (this.#mine()) this.#line.transfer(to, mode);
  }

  tell(news: LineNews): void {
    if (this.#mine()) this.#line.tell(news);
  }

  ping(): void {
    this.#line.ping();
  }

  backlogBytes(): number {
    return this.#line.backlogBytes();
  }

  /** Ending a line may end the call for everybody in it; who has lost it only goes away. */
  end(reason: EndReason): Promise<void> {
    return this.#mine() ? this.#line.end(reason) : Promise.resolve();
  }

  #mine(): boolean {
    if (!this.#isLost()) return true;
    if (!this.#told) queueMicrotask(this.#onLost);
    this.#told = true;
    return false;
  }
}

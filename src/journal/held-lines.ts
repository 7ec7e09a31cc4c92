import { lineText } from './line-text.ts';
import type { JournalLine, StateLine } from './lines.ts';
import { mergeStates } from './states.ts';

/** How much of a journal is kept in memory while the disk takes nothing. */
const MAX_BYTES = 1_048_576;
/** Beyond it there is this much room for lines that must not be lost, such as what a tool did. */
const RESERVE_BYTES = 262_144;

/**
 * Lines on their way to the disk: up to 1 MiB of them in order, and beyond that what must not be lost, the newest state
 * and the end. Whole lines, the first perhaps only the rest of one that the disk took in part.
 */
export class HeldLines {
  #lines: Buffer[] = [];
  #bytes = 0;
  #newest: { state?: StateLine | undefined; end?: JournalLine | undefined } = {};

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * False when there is no room, and the line is given up.
   * @param needed there is more room for it than for others
   */
  add(line: JournalLine, needed: boolean): boolean {
    const bytes = Buffer.from(lineText(line));
    const overflowing = this.#newest.state !== undefined || this.#newest.end !== undefined;
    if (!overflowing && (this.#bytes === 0 || this.#bytes + bytes.length <= MAX_BYTES)) this.#push(bytes);
    else if (line.kind === 'state')
      this.#newest.state = this.#newest.state ? mergeStates(this.#newest.state, line) : line;
    else if (line.kind === 'end') this.#newest.end = line;
    else if (needed && this.#bytes + bytes.length <= MAX_BYTES + RESERVE_BYTES) this.#push(bytes);
    else return false;
    return true;
  }

  /** Hands everything to `write`, which says how many bytes were taken; what it throws ends it, and nothing is lost. */
  writeTo(write: (bytes: Uint8Array) => number): void {
    this.#drain(write);
    for (const kind of ['state', 'end'] as const) {
      const line = this.#newest[kind];
      if (!line) continue;
      this.#newest[kind] = undefined;
      this.#push(Buffer.from(lineText(line)));
      this.#drain(write);
    }
  }

  #push(bytes: Buffer): void {
    this.#lines.push(bytes);
    this.#bytes += bytes.length;
  }

  #drain(write: (bytes: Uint8Array) => number): void {
    for (let first = this.#lines[0]; first; first = this.#lines[0]) {
      const taken = write(first);
      if (taken === 0) throw new Error('the disk took nothing and gave no reason');
      this.#bytes -= taken;
      // A disk that fills up takes part of a line; the rest must follow it, or two lines would run together.
      if (taken < first.length) this.#lines[0] = first.subarray(taken);
      else this.#lines.shift();
    }
  }
}

import type { Line, LineEvent } from '../../src/ports/line.ts';

/** Opens a line and keeps its events; `next` waits for one of a kind, beyond those already taken. */
export class LineEvents {
  readonly all: LineEvent[] = [];
  #seen = 0;
  #wake: () => void = () => undefined;

  constructor(line: Line) {
    line.open((event) => {
      this.all.push(event);
      this.#wake();
    });
  }

  /** The next event that has this kind; events before it are passed over, and stay in `all`. */
  async next<K extends LineEvent['kind']>(kind: K): Promise<Extract<LineEvent, { kind: K }>> {
    for (;;) {
      const event = this.all[this.#seen];
      if (event) {
        this.#seen++;
        if (event.kind === kind) return event as Extract<LineEvent, { kind: K }>;
        if (event.kind === 'end')
          throw new Error(`the line ended before any ${kind}: ${event.reason}, ${event.detail}`);
        continue;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  kinds(): string[] {
    return this.all.map((event) => event.kind);
  }
}

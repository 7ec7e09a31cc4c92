/** Marks a peer may leave unanswered before the oldest are forgotten. */
const OPEN_MAX = 2000;

interface OpenMark {
  readonly name: string;
  readonly generation: number;
}

/**
 * The marks that were sent and have not come back. A carrier returns a mark both when its audio has been played and
 * when it has been cleared, and does not say which; the generation it was sent with tells.
 */
export class OpenMarks {
  readonly #byWireName = new Map<string, OpenMark>();

  /** The name the mark has on the wire. */
  sent(name: string, generation: number): string {
    const wireName = `g${generation}:${name}`;
    this.#byWireName.set(wireName, { name, generation });
    if (this.#byWireName.size > OPEN_MAX) {
      for (const oldest of this.#byWireName.keys()) {
        this.#byWireName.delete(oldest);
        break;
      }
    }
    return wireName;
  }

  /** The mark that came back; undefined when it is not open: never sent, or back already. */
  returned(wireName: string): OpenMark | undefined {
    const mark = this.#byWireName.get(wireName);
    this.#byWireName.delete(wireName);
    return mark;
  }
}

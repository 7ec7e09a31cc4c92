/** The body of a request as it arrives, up to a limit. */
export class Body {
  readonly #maxBytes: number;
  #parts: Buffer[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** False from the moment it is too large: what came is let go, and what comes is not kept. */
  add(part: Buffer): boolean {
    this.#bytes += part.length;
    if (this.#bytes > this.#maxBytes) this.#parts = [];
    else this.#parts.push(part);
    return this.#bytes <= this.#maxBytes;
  }

  /** Undefined when it is not UTF-8. */
  text(): string | undefined {
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(this.#parts));
    } catch {
      return undefined;
    }
  }
}

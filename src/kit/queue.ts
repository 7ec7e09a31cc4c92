/**
 * A bounded queue read with `for await`. When full, `push` refuses: the writer decides what that means, because
 * dropping silently and growing without limit are both wrong for a call.
 */
export class Queue<T> implements AsyncIterable<T> {
  readonly #limit: number;
  #items: T[] = [];
  #waiting: ((result: IteratorResult<T, undefined>) => void)[] = [];
  #ended = false;

  /** @param limit how many items may wait, at least 1 */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#items.length;
  }

  /** False when the queue is full or has ended; the item is then not taken. */
  push(item: T): boolean {
    if (this.#ended) return false;
    const waiting = this.#waiting.shift();
    if (waiting) {
      waiting({ done: false, value: item });
      return true;
    }
    if (this.#items.length >= this.#limit) return false;
    this.#items.push(item);
    return true;
  }

  /** No more items; readers finish what is queued. */
  end(): void {
    this.#ended = true;
    for (const waiting of this.#waiting.splice(0)) waiting({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return {
      next: () => {
        const item = this.#items.shift();
        if (item !== undefined) return Promise.resolve({ done: false, value: item });
        if (this.#ended) return Promise.resolve({ done: true, value: undefined });
        return new Promise((resolve) => void this.#waiting.push(resolve));
      },
      return: () => {
        this.end();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }
}

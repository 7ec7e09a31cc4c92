import type { CancelTimer, Clock } from './clock.ts';

/** What runs when a scope closes. A closer that fails is reported and never stops the others. */
export type Closer = () => void | Promise<void>;

/**
 * One lifetime: of a process, a connection, or a call. Everything that must end with it hangs on it; closers run in
 * reverse order of registration, each once; the first reason to end wins.
 */
export class Scope<Reason = unknown> {
  readonly #clock: Clock;
  readonly #abort = new AbortController();
  readonly #onError: (error: unknown) => void;
  #closers: Closer[] = [];
  #reason: { readonly value: Reason } | undefined;
  #closed: Promise<void> | undefined;

  constructor(clock: Clock, onError: (error: unknown) => void = () => undefined) {
    this.#clock = clock;
    this.#onError = onError;
  }

  /** Aborted the moment the scope begins to close. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get reason(): Reason | undefined {
    return this.#reason?.value;
  }

  get ending(): boolean {
    return this.#reason !== undefined;
  }

  /** Registers a closer; on a scope that has begun to close it runs at once. Returns a function that withdraws it. */
  defer(closer: Closer): () => void {
    if (this.#reason) {
      void this.#run(closer);
      return () => undefined;
    }
    this.#closers.push(closer);
    return () => {
      this.#closers = this.#closers.filter((other) => other !== closer);
    };
  }

  /** A timer that cannot outlive the scope. */
  after(delayMs: number, run: () => void): CancelTimer {
    if (this.#reason) return () => undefined;
    const cancel = this.#clock.after(delayMs, () => {
      withdraw();
      run();
    });
    const withdraw = this.defer(cancel);
    return () => {
      withdraw();
      cancel();
    };
  }

  /** Begins to close, for `reason` unless another came first; resolves when every closer has run. */
  close(reason: Reason): Promise<void> {
    this.#reason ??= { value: reason };
    this.#closed ??= this.#closeAll();
    return this.#closed;
  }

  async #closeAll(): Promise<void> {
    this.#abort.abort(this.#reason?.value);
    for (let closer = this.#closers.pop(); closer; closer = this.#closers.pop()) await this.#run(closer);
  }

  async #run(closer: Closer): Promise<void> {
    try {
      await closer();
    } catch (error) {
      this.#onError(error);
    }
  }
}

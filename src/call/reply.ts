import type { Clock } from '../kit/clock.ts';
import type { Json } from '../kit/json.ts';
import type { Ask, Move, Part, ReplyId, TextBrain } from '../ports/brain.ts';
import type { Expectation } from '../ports/expectation.ts';
import { Chunker } from './chunker.ts';

/** What a reply turns out to be, in the order the brain decided it. */
export type ReplyEvent =
  | { readonly kind: 'first-text' }
  /** It goes on; not more often than every second. */
  | { readonly kind: 'more' }
  | { readonly kind: 'text'; readonly text: string; readonly uninterruptible: boolean }
  | { readonly kind: 'expect'; readonly expectation: Expectation }
  | { readonly kind: 'tool'; readonly id: string; readonly name: string; readonly input: Json }
  | { readonly kind: 'result'; readonly fields: Readonly<Record<string, Json>> }
  | { readonly kind: 'move'; readonly move: Move }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly error: unknown };

/** More parts than any reply has: a brain that loops must not fill the memory. */
const MAX_PARTS = 2000;
/** That a brain goes on is told to the call at most so often. */
const MORE_EVERY_MS = 1000;

/**
 * One question to a text brain, and its answer. Owns the iteration and the text not yet spoken.
 * In: `abort`. Out: `ReplyEvent`s, the last of them `done` or `failed`; nothing after `abort`.
 */
export class ReplyRun {
  readonly reply: ReplyId;
  readonly #abort = new AbortController();
  readonly #listener: (event: ReplyEvent) => void;
  readonly #onPart: (part: Part, ms: number) => void;
  readonly #chunker = new Chunker();
  #uninterruptible = false;
  #begun = false;
  #toldMs = 0;

  constructor(ask: Ask, listener: (event: ReplyEvent) => void, onPart: (part: Part, ms: number) => void) {
    this.reply = ask.reply;
    this.#listener = listener;
    this.#onPart = onPart;
  }

  get aborted(): boolean {
    return this.#abort.signal.aborted;
  }

  abort(): void {
    this.#abort.abort(new Error('the reply is not wanted any more'));
  }

  async run(brain: TextBrain, ask: Ask, clock: Clock): Promise<void> {
    const askedAt = clock.now();
    let parts = 0;
    try {
      for await (const part of brain.reply(ask, this.#abort.signal)) {
        if (this.aborted) return;
        this.#onPart(part, clock.now() - askedAt);
        this.#tellOfLife(part, clock.now() - askedAt);
        this.#take(part);
        if (part.kind === 'done') break;
        if (++parts > MAX_PARTS) throw new Error(`the brain gave more than ${MAX_PARTS} parts`);
      }
      if (this.aborted) return;
      this.#flush();
      this.#tell({ kind: 'done' });
    } catch (error) {
      this.#tell({ kind: 'failed', error });
    }
  }

  #tellOfLife(part: Part, ms: number): void {
    if (!this.#begun) this.#tell({ kind: 'first-text' });
    else if (part.kind === 'done' || ms - this.#toldMs < MORE_EVERY_MS) return;
    else this.#tell({ kind: 'more' });
    this.#begun = true;
    this.#toldMs = ms;
  }

  #take(part: Part): void {
    if (part.kind === 'text') return this.#text(part.text, part.uninterruptible ?? false);
    this.#flush();
    switch (part.kind) {
      case 'audio':
        throw new Error('a text brain gave audio; a brain that speaks itself must say kind "audio"');
      case 'tool':
        return this.#tell({ kind: 'tool', id: part.id, name: part.name, input: part.input });
      case 'expect':
        return this.#tell({ kind: 'expect', expectation: part.expectation });
      case 'result':
        return this.#tell({ kind: 'result', fields: part.fields });
      case 'move':
        return this.#tell({ kind: 'move', move: part.move });
      case 'done':
        return undefined;
    }
  }

  #text(text: string, uninterruptible: boolean): void {
    if (uninterruptible !== this.#uninterruptible) this.#flush();
    this.#uninterruptible = uninterruptible;
    this.#speak(this.#chunker.push(text));
  }

  #flush(): void {
    this.#speak(this.#chunker.flush());
  }

  #speak(segments: readonly string[]): void {
    for (const text of segments) this.#tell({ kind: 'text', text, uninterruptible: this.#uninterruptible });
  }

  #tell(event: ReplyEvent): void {
    if (!this.aborted) this.#listener(event);
  }
}

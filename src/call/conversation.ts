import type { Item } from '../ports/brain.ts';
import type { Past } from './past.ts';
import type { NewItem, Said } from './turn/effects.ts';

/**
 * What happened in the conversation, as the caller could know it. Owns the items; hands out arrays that never change
 * afterwards. Positions become samples here.
 */
export class Conversation {
  readonly #rate: number;
  readonly #offset: number;
  readonly #prefix: string;
  #items: readonly Item[] = [];
  #unwritten = 0;
  #made = 0;

  /** @param past what earlier incarnations of the call left behind; the times of this one go on from theirs */
  constructor(rate: number, past?: Pick<Past, 'conversation' | 'unwritten' | 'usedMs' | 'incarnation'>) {
    this.#rate = rate;
    this.#offset = Math.round(((past?.usedMs ?? 0) / 1000) * rate);
    this.#prefix = past ? `c${past.incarnation + 1}.` : 'c';
    if (!past) return;
    this.#items = [...past.conversation, ...past.unwritten];
    this.#unwritten = past.conversation.length;
  }

  get items(): readonly Item[] {
    return this.#items;
  }

  /** The conversation as it would be if the turn in progress ended now. */
  with(said: Said): readonly Item[] {
    return [...this.#items, this.#caller('pending', said)];
  }

  add(item: NewItem): void {
    if (item.kind === 'caller') this.append(this.#caller(item.id, item));
    else if (item.kind === 'unclear') {
      const { id, fromMs, toMs } = item;
      this.append({ id, kind: 'unclear', from: this.#position(fromMs), to: this.#position(toMs) });
    } else this.append(item);
  }

  append(item: Item): void {
    this.#items = [...this.#items, item];
  }

  /** Two moments of the caller's audio as positions of this call; undefined when they are not known. */
  between(fromMs: number, toMs: number): { readonly from: number; readonly to: number } | undefined {
    if (!Number.isFinite(fromMs) || !Number.isFinite(toMs)) return undefined;
    const [from, to] = [this.#position(Math.max(0, fromMs)), this.#position(Math.max(0, toMs))];
    return { from, to: Math.max(from, to) };
  }

  /** An id for an item that the turn machine does not know. */
  newId(): string {
    return `${this.#prefix}${++this.#made}`;
  }

  remove(id: string): void {
    const at = this.#items.findIndex((item) => item.id === id);
    if (at < 0) return;
    this.#items = this.#items.filter((item) => item.id !== id);
    this.#unwritten = Math.min(this.#unwritten, at);
  }

  /** What has changed since the last time this was asked: replaces everything from index `from` on. */
  changes(): { readonly from: number; readonly items: readonly Item[] } {
    const from = this.#unwritten;
    this.#unwritten = this.#items.length;
    return { from, items: this.#items.slice(from) };
  }

  #caller(id: string, said: Said): Item {
    return {
      id,
      kind: 'caller',
      text: said.text,
      from: this.#position(said.fromMs),
      to: this.#position(said.toMs),
    };
  }

  #position(ms: number): number {
    return this.#offset + Math.round((ms / 1000) * this.#rate);
  }
}

import type { Agent } from '../agent/agent.ts';
import { cardinal } from '../agent/hear/text.ts';
import { type Redacted, redact } from '../journal/items.ts';
import type { Json } from '../kit/json.ts';
import type { Item } from '../ports/brain.ts';
import type { Expectation } from '../ports/expectation.ts';
import { digitRuns, findDigits, maskDigits, replaced } from './digit-words.ts';
import type { Effect, NewItem } from './turn/effects.ts';
import type { TurnEvent } from './turn/events.ts';

/** Digits shorter than this are not looked for elsewhere: they would be found everywhere. */
const MIN_LENGTH = 3;
const DIGIT_WORDS = Array.from({ length: 10 }, (_, digit) => cardinal(digit).join(''));

/**
 * Keeps digits that must not be written down out of everything that is written. Owns the sensitive digits heard so
 * far, by voice or keys. What the caller says or keys while they may be giving some is replaced whole; the digits
 * themselves are replaced wherever they turn up later, in figures or in words.
 */
export class Secrets {
  /** Keys may be typed ahead of the question that makes them sensitive. */
  readonly #agentHasSome: boolean;
  #asked = false;
  #askedNext = false;
  readonly #known = new Set<string>();
  /** What was heard while sensitive digits were asked for, by its shape. */
  readonly #shapes = new Map<string, string[]>();
  /** What was written of an item the first time. */
  readonly #items = new Map<string, Readonly<Record<string, string | Redacted>>>();

  /** @param written what was written of items by an earlier incarnation */
  constructor(agent: Agent, written?: ReadonlyMap<string, Readonly<Record<string, string | Redacted>>>) {
    for (const [id, kept] of written ?? []) this.#items.set(id, kept);
    this.#agentHasSome = agent.brain.kind === 'script' && asksForSecrets(agent.brain);
  }

  /**
   * What is expected now.
   * @param callerSpeaks what is being said answers the question before: it stays sensitive until it is over
   */
  expect(expectation: Expectation, callerSpeaks = false): void {
    this.#askedNext = isSensitive(expectation);
    this.#asked = this.#askedNext || (this.#asked && callerSpeaks);
  }

  get asked(): boolean {
    return this.#asked;
  }

  /** Digits that turned out to be sensitive. */
  learn(text: string): void {
    const runs = /^[\d#*]+$/.test(text) ? [text.replace(/\D/g, '')] : digitRuns(text);
    // Said with a pause or a word between, they are one; said among other numbers, each run is one.
    for (const digits of new Set([runs.join(''), ...runs]))
      if (digits.length >= MIN_LENGTH) this.#known.add(digits);
  }

  /** What the caller said or keyed, as it may be written. */
  said(text: string, growing = false): string | Redacted {
    if (!this.#asked) return this.#cleanText(text, growing);
    const digits = digitRuns(text).join('');
    // Words without a digit are none of what was asked for.
    if (digits === '') return text;
    this.learn(text);
    return redact('digits', digits);
  }

  keyed(digits: string): string | Redacted {
    if (!this.#agentHasSome || !/\d/.test(digits)) return digits;
    if (this.#asked) this.learn(digits);
    return redact('digits', digits);
  }

  /** An input of the turn machine, as it may be written. */
  event(event: TurnEvent): Json {
    if (event.kind === 'key') return { ...event, digit: this.keyed(event.digit) };
    if (event.kind === 'partial') return { ...event, text: this.#heard(event.text, true) };
    if (event.kind === 'final') {
      const text = this.#heard(event.text, false);
      this.#asked = this.#askedNext;
      return { ...event, text };
    }
    if (event.kind === 'unclear' || event.kind === 'stretch-failed') this.#asked = this.#askedNext;
    return this.clean(event as unknown as Json);
  }

  /** An effect, as it may be written. */
  effect(effect: Effect): Json {
    if (effect.kind === 'item') return { kind: 'item', item: this.item(effect.item) };
    if (effect.kind === 'ask' && effect.basis)
      return { ...effect, basis: { ...effect.basis, text: this.said(effect.basis.text, true) } };
    return this.clean(effect as unknown as Json);
  }

  /** An item of the conversation; once replaced it stays so, because the question it answered is over by then. */
  item(item: Item | NewItem): Json {
    const known = this.#items.get(item.id);
    if (known !== undefined && item.kind !== 'agent') return { ...(item as unknown as object), ...known };
    if (item.kind === 'caller') return { ...item, ...this.#kept(item.id, { text: this.said(item.text) }) };
    if (item.kind === 'keys')
      return { ...item, ...this.#kept(item.id, { digits: this.#delivered(item.digits) }) };
    return this.clean(item);
  }

  /** What a port answered, as it may be written. */
  port(port: string, event: Json): Json {
    if (port !== 'recogniser') return this.clean(event);
    const { words: _words, text, ...rest } = event as { words?: Json; text?: string };
    const written = text === undefined ? undefined : this.said(text);
    // Word by word the digits would be found by nobody.
    if (!this.#asked && written === text) return this.clean(event);
    return { ...rest, ...(written !== undefined && { text: written }) };
  }

  /** Anything else, with known digits taken out. */
  clean(value: Json): Json {
    if (this.#known.size === 0) return value;
    if (typeof value === 'string') return this.#cleanText(value, false);
    if (typeof value === 'number') {
      const shown = this.clean(String(value));
      return shown === String(value) ? value : shown;
    }
    if (Array.isArray(value)) return value.map((entry: Json) => this.clean(entry));
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, this.clean(entry)]));
    return value;
  }

  /** @param growing more of it may come: also the beginning of known digits is taken out of its end */
  #cleanText(text: string, growing: boolean): string {
    let clean = text;
    for (const digits of this.#known) {
      clean = replaced(clean, findDigits(clean, digits, growing), () => '[digits]');
      // In figures they are found even where they touch letters, as in "ref8642" or "pin_8642".
      clean = clean.replace(
        new RegExp(`(?<!\\d)${digits.split('').join('[\\s,.-]*')}(?!\\d)`, 'g'),
        '[digits]',
      );
    }
    return clean;
  }

  /** What a stretch of speech was understood as: the turn machine has to find the same in it when it is replayed. */
  #heard(text: string, growing: boolean): string | (Redacted & { readonly like: string }) {
    const written = this.said(text, growing);
    if (typeof written === 'string') return written;
    const shape = maskDigits(text, 'zero');
    const alike = this.#shapes.get(shape) ?? [];
    this.#shapes.set(shape, alike);
    // Texts that differ in their digits alone have to differ afterwards too.
    if (!alike.includes(text)) alike.push(text);
    const digit = DIGIT_WORDS[alike.indexOf(text) % DIGIT_WORDS.length] ?? '';
    return { ...written, like: maskDigits(text, digit) };
  }

  /** Keys handed to the brain answer a known question: they are sensitive only if that question is. */
  #delivered(digits: string): string | Redacted {
    return this.#asked ? this.keyed(digits) : digits;
  }

  #kept<T extends Readonly<Record<string, string | Redacted>>>(id: string, written: T): T {
    this.#items.set(id, written);
    return written;
  }
}

function isSensitive(expectation: Expectation): boolean {
  return Object.values(expectation.slots).some((slot) => slot.kind === 'digits' && slot.sensitive);
}

/** Whether a description of a brain holds a slot for sensitive digits, however deep. */
function asksForSecrets(value: unknown, seen = new Set<unknown>()): boolean {
  if (typeof value !== 'object' || value === null || seen.has(value)) return false;
  seen.add(value);
  if ('kind' in value && value.kind === 'digits' && 'sensitive' in value && value.sensitive === true)
    return true;
  return Object.values(value).some((entry) => asksForSecrets(entry, seen));
}

import type { JournalLine } from '../../journal/lines.ts';
import { isFields, textOf } from './fields.ts';

/** A part of a call that took longer than a caller should have to wait. */
export interface Slow {
  /** Milliseconds since the worker took the call. */
  readonly ms: number;
  readonly what: 'answer' | 'brain' | 'tool' | 'recogniser';
  readonly words: string;
  readonly tookMs: number;
}

/** From which duration on each counts as slow, in milliseconds: where callers begin to ask whether anybody is there. */
const SLOW_MS = { answer: 1500, brain: 1000, tool: 2000, recogniser: 600 } as const;

const WORDS: Readonly<Record<Slow['what'], string>> = {
  answer: 'the caller waited for an answer',
  brain: 'the brain took its time to the first word',
  tool: 'a tool took its time',
  recogniser: 'the recogniser took its time to the final text',
};

/** The slow parts of a call, in order. */
export function slowParts(lines: readonly JournalLine[]): Slow[] {
  const finder = new Finder();
  for (const line of lines) finder.add(line);
  return finder.found;
}

class Finder {
  readonly found: Slow[] = [];
  #zero = 0;
  #inputs = new Map<number, number>();
  readonly #asked = new Map<string, number>();
  readonly #finalised = new Map<string, number>();
  readonly #tools = new Map<string, { readonly name: string; readonly t: number }>();
  /** The end of the caller's speech that nothing has answered yet, in milliseconds of the line's audio. */
  #spokeUntil: number | undefined;

  add(line: JournalLine): void {
    if (line.kind === 'open') {
      this.#zero = line.t;
      this.#inputs = new Map();
    } else if (line.kind === 'in') {
      this.#inputs.set(line.n, line.t);
      if (isFields(line.event)) this.#input(line.t, line.event);
    } else if (line.kind === 'out' && isFields(line.effect)) {
      this.#effect(this.#inputs.get(line.of) ?? this.#zero, line.effect);
    } else if (line.kind === 'port' && line.port === 'tool') this.#tool(line);
  }

  #note(what: Slow['what'], t: number, tookMs: number, name = ''): void {
    if (tookMs < SLOW_MS[what]) return;
    const words = name === '' ? WORDS[what] : `the tool ${name} took its time`;
    this.found.push({ ms: Math.max(0, t - this.#zero), what, words, tookMs: Math.round(tookMs) });
  }

  #input(t: number, event: Readonly<Record<string, unknown>>): void {
    const { kind, at, endMs } = event;
    const reply = textOf(event['reply']) ?? '';
    if (kind === 'speech-start') this.#spokeUntil = undefined;
    if (kind === 'speech-end' && typeof endMs === 'number') this.#spokeUntil = endMs;
    if (kind === 'sounding' && typeof at === 'number' && this.#spokeUntil !== undefined) {
      this.#note('answer', t, at - this.#spokeUntil);
      this.#spokeUntil = undefined;
    }
    if (kind === 'first-text') this.#over(this.#asked, reply, 'brain', t);
    if (kind === 'final' || kind === 'unclear')
      this.#over(this.#finalised, textOf(event['stretch']) ?? '', 'recogniser', t);
  }

  #over(begun: Map<string, number>, id: string, what: Slow['what'], t: number): void {
    const began = begun.get(id);
    if (began !== undefined) this.#note(what, t, t - began);
    begun.delete(id);
  }

  #effect(t: number, effect: Readonly<Record<string, unknown>>): void {
    if (effect['kind'] === 'ask') this.#asked.set(textOf(effect['reply']) ?? '', t);
    if (effect['kind'] === 'finalise') this.#finalised.set(textOf(effect['stretch']) ?? '', t);
  }

  #tool(line: Extract<JournalLine, { port: 'tool' }>): void {
    if (line.what === 'intent') this.#tools.set(line.tool, { name: line.name, t: line.t });
    else {
      const begun = this.#tools.get(line.tool);
      if (begun) this.#note('tool', line.t, line.t - begun.t, begun.name);
      this.#tools.delete(line.tool);
    }
  }
}

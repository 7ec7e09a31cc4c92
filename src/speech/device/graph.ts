/**
 * Word graphs: what a caller may say, as a deterministic automaton whose edges are words. The decoder takes it as
 * it is, without a grammar language in between, so that paths that differ only in their beginning share their end:
 * ten digits with "double" and "triple" are 33 states here, and thousands when written out.
 */

/** What may be said, as an expression. */
export type Phrase =
  | { readonly kind: 'word'; readonly word: string }
  | { readonly kind: 'seq'; readonly of: readonly Phrase[] }
  | { readonly kind: 'any'; readonly of: readonly Phrase[] }
  | { readonly kind: 'maybe'; readonly of: Phrase }
  /** Zero or more times. */
  | { readonly kind: 'many'; readonly of: Phrase }
  /** `min` to `max` units, said one by one or repeated: `repeats` maps "double" to 2. */
  | {
      readonly kind: 'counted';
      readonly unit: Phrase;
      readonly repeats: Readonly<Record<string, number>>;
      readonly min: number;
      readonly max: number;
    }
  /** One or more of these, each at most once, in any order, `joiner` between them. */
  | { readonly kind: 'inAnyOrder'; readonly of: readonly Phrase[]; readonly joiner: Phrase };

export interface Edge {
  readonly from: number;
  readonly to: number;
  readonly word: string;
}

/** State 0 is the start. No state is unreachable, and from every state an end can be reached. */
export interface Graph {
  readonly states: number;
  readonly edges: readonly Edge[];
  /** States in which the caller may stop. */
  readonly ends: readonly number[];
}

/** A text of one or more words. */
export function said(text: string): Phrase {
  const words = text.split(' ').map((word): Phrase => ({ kind: 'word', word }));
  return words.length === 1 && words[0] ? words[0] : { kind: 'seq', of: words };
}

export const seq = (...of: readonly Phrase[]): Phrase => ({ kind: 'seq', of });
export const any = (...of: readonly Phrase[]): Phrase => ({ kind: 'any', of });
export const maybe = (...of: readonly Phrase[]): Phrase => ({ kind: 'maybe', of: any(...of) });
export const many = (of: Phrase): Phrase => ({ kind: 'many', of });
export const oneOf = (texts: readonly string[]): Phrase => any(...texts.map(said));

/** Nodes and arrows while an expression is unfolded; an arrow without a word costs nothing to follow. */
class Unfolding {
  readonly arrows: { readonly to: number; readonly word: string | undefined }[][] = [];

  node(): number {
    return this.arrows.push([]) - 1;
  }

  arrow(from: number, to: number, word?: string): void {
    this.arrows[from]?.push({ to, word });
  }

  /** Adds `phrase` between two nodes. */
  add(phrase: Phrase, from: number, to: number): void {
    switch (phrase.kind) {
      case 'word':
        return this.arrow(from, to, phrase.word);
      case 'seq': {
        let at = from;
        phrase.of.forEach((part, index) => {
          const next = index === phrase.of.length - 1 ? to : this.node();
          this.add(part, at, next);
          at = next;
        });
        if (phrase.of.length === 0) this.arrow(from, to);
        return;
      }
      case 'any':
        for (const part of phrase.of) this.add(part, from, to);
        return;
      case 'maybe':
        this.arrow(from, to);
        return this.add(phrase.of, from, to);
      case 'many': {
        const again = this.node();
        this.arrow(from, again);
        this.add(phrase.of, again, again);
        return this.arrow(again, to);
      }
      case 'counted':
        return this.#addCounted(phrase, from, to);
      case 'inAnyOrder':
        return this.#addInAnyOrder(phrase, from, to);
    }
  }

  #addCounted(phrase: Phrase & { kind: 'counted' }, from: number, to: number): void {
    const counts = Array.from({ length: phrase.max + 1 }, (_, count) => (count === 0 ? from : this.node()));
    counts.forEach((at, count) => {
      const next = counts[count + 1];
      if (next !== undefined) this.add(phrase.unit, at, next);
      for (const [word, times] of Object.entries(phrase.repeats)) {
        const after = counts[count + times];
        if (after === undefined) continue;
        const repeated = this.node();
        this.arrow(at, repeated, word);
        this.add(phrase.unit, repeated, after);
      }
      if (count >= phrase.min) this.arrow(at, to);
    });
  }

  /** One node for each set of parts already said, so the parts are unfolded n·2^(n-1) times instead of n! times. */
  #addInAnyOrder(phrase: Phrase & { kind: 'inAnyOrder' }, from: number, to: number): void {
    const sets = Array.from({ length: 1 << phrase.of.length }, (_, set) => (set === 0 ? from : this.node()));
    sets.forEach((at, set) => {
      if (set > 0) this.arrow(at, to);
      let start = at;
      if (set > 0 && set < sets.length - 1) {
        start = this.node();
        this.add(phrase.joiner, at, start);
      }
      phrase.of.forEach((part, index) => {
        const after = sets[set | (1 << index)];
        if ((set & (1 << index)) === 0 && after !== undefined) this.add(part, start, after);
      });
    });
  }

  /** All nodes reached from these without saying a word, in ascending order. */
  closure(nodes: Iterable<number>): number[] {
    const seen = new Set(nodes);
    for (const node of seen)
      for (const { to, word } of this.arrows[node] ?? []) if (word === undefined) seen.add(to);
    return [...seen].sort((a, b) => a - b);
  }
}

/** An expression as the smallest deterministic graph that says the same. */
export function compile(phrase: Phrase): Graph {
  const nodes = new Unfolding();
  const start = nodes.node();
  const end = nodes.node();
  nodes.add(phrase, start, end);
  return minimise(determinise(nodes, start, end));
}

interface Table {
  /** For each state its edges. */
  readonly next: readonly ReadonlyMap<string, number>[];
  readonly ends: readonly boolean[];
}

function determinise(nodes: Unfolding, start: number, end: number): Table {
  const numbers = new Map<string, number>();
  const sets: number[][] = [];
  const numberOf = (set: number[]) => {
    const key = set.join(',');
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, sets.push(set) - 1);
    return sets.length - 1;
  };
  numberOf(nodes.closure([start]));
  const next: Map<string, number>[] = [];
  for (let state = 0; state < sets.length; state++) {
    const targets = new Map<string, Set<number>>();
    for (const node of sets[state] ?? []) {
      for (const { to, word } of nodes.arrows[node] ?? []) {
        if (word === undefined) continue;
        const reached = targets.get(word);
        if (reached) reached.add(to);
        else targets.set(word, new Set([to]));
      }
    }
    next.push(new Map([...targets].map(([word, reached]) => [word, numberOf(nodes.closure(reached))])));
  }
  return { next, ends: sets.map((set) => set.includes(end)) };
}

/** Merges states from which the same can be said, by splitting classes until nothing splits them any more. */
function minimise({ next, ends }: Table): Graph {
  let classes: number[] = ends.map((end) => (end ? 1 : 0));
  for (let count = 0; ; ) {
    const numbers = new Map<string, number>();
    const refined = classes.map((own, state) => {
      const edges = [...(next[state] ?? [])].map(([word, to]) => `${word}>${classes[to]}`).sort();
      const key = `${own}|${edges.join('|')}`;
      const known = numbers.get(key);
      if (known !== undefined) return known;
      numbers.set(key, numbers.size);
      return numbers.size - 1;
    });
    classes = refined;
    if (numbers.size === count) break;
    count = numbers.size;
  }
  const edges = new Map<string, Edge>();
  const finals = new Set<number>();
  classes.forEach((from, state) => {
    if (ends[state]) finals.add(from);
    for (const [word, target] of next[state] ?? []) {
      const to = classes[target] ?? 0;
      edges.set(`${from} ${to} ${word}`, { from, to, word });
    }
  });
  return { states: new Set(classes).size, edges: [...edges.values()], ends: [...finals] };
}

/** True when `text` is one of the things that can be said. */
export function accepts(graph: Graph, text: string): boolean {
  let state = 0;
  for (const word of text.replaceAll(/\b([ap]) m\b/g, '$1_m').split(' ')) {
    const edge = graph.edges.find((edge) => edge.from === state && edge.word === word);
    if (!edge) return false;
    state = edge.to;
  }
  return graph.ends.includes(state);
}

/** Every word on some edge, sorted. */
export function wordsOf(graph: Graph): string[] {
  return [...new Set(graph.edges.map((edge) => edge.word))].sort();
}

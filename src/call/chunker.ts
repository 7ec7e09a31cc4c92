/**
 * Cuts a reply's text into segments for the voice while it is being written: whole sentences, because a voice speaks
 * them best; a first clause by itself when the sentence is long, so that the caller hears something soon.
 */
export class Chunker {
  #held = '';
  #first = true;

  /** @returns the segments that are complete now, without surrounding spaces */
  push(text: string): string[] {
    // Parts that are whole sentences come without a space between them; "10." and "30" are not two sentences.
    const joins = /[.!?]$/.test(this.#held) && /^\p{Lu}/u.test(text);
    this.#held += joins ? ` ${text}` : text;
    const segments: string[] = [];
    for (let cut = this.#cut(); cut > 0; cut = this.#cut()) {
      const segment = this.#held.slice(0, cut).trim();
      this.#held = this.#held.slice(cut);
      if (segment === '') continue;
      segments.push(segment);
      this.#first = false;
    }
    return segments;
  }

  /** The text is over, or something follows that is no text: whatever is held back. */
  flush(): string[] {
    const segments = this.push(' ');
    const rest = this.#held.trim();
    this.#held = '';
    if (rest !== '') {
      segments.push(rest);
      this.#first = false;
    }
    return segments;
  }

  /** Where the first segment ends; 0 while that is not known. */
  #cut(): number {
    const sentence = endOf(this.#held, SENTENCE_END);
    if (this.#first) {
      const clause = endOf(this.#held.slice(0, sentence || undefined), CLAUSE_END);
      const whole = sentence > 0 ? sentence : this.#held.length;
      if (clause >= FIRST_CLAUSE_MIN && whole - clause >= FIRST_CLAUSE_MIN) return clause;
    }
    if (sentence > 0 && sentence <= MAX_LENGTH) return sentence;
    if (this.#held.length <= MAX_LENGTH) return 0;
    const near = this.#held.slice(0, MAX_LENGTH);
    return lastEndOf(near, CLAUSE_END) || near.lastIndexOf(' ') + 1 || MAX_LENGTH;
  }
}

const FIRST_CLAUSE_MIN = 24;
/** A sentence without an end is cut after this many letters: the voice has to begin. */
const MAX_LENGTH = 240;
/** Not after "Dr." and the like, nor inside a number. */
const SENTENCE_END = /(?<!\b(?:Dr|Mr|Mrs|Ms|St|No|vs|etc|e\.g|i\.e|a\.m|p\.m))[.!?]+["')\]]*\s+/i;
const CLAUSE_END = /[,;:]\s+|\s[–—-]\s/;

function endOf(text: string, pattern: RegExp): number {
  const match = pattern.exec(text);
  return match ? match.index + match[0].length : 0;
}

function lastEndOf(text: string, pattern: RegExp): number {
  let end = 0;
  for (const match of text.matchAll(new RegExp(pattern, 'g'))) end = match.index + match[0].length;
  return end;
}

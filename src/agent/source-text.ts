/**
 * Source text with everything inside strings, comments and templates blanked out, position for position. Enough to
 * find keys and brackets in an agent file without a parser in every worker.
 *
 * @param keep `strings` leaves plain string literals as they are
 */
export function blankLiterals(source: string, keep: 'nothing' | 'strings' = 'nothing'): string {
  const literal =
    /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\[\s\S])*`/g;
  return source.replace(literal, (found) =>
    keep === 'strings' && (found.startsWith("'") || found.startsWith('"'))
      ? found
      : found.replace(/[^\n]/g, ' '),
  );
}

/**
 * The line on which a path of keys is written, as far as it can be found: the innermost key that is there.
 *
 * @param path keys, outermost first, such as `['states', 'when', 'next']`
 * @param from where to begin, such as the place of `defineAgent(`
 * @returns line number from 1
 */
export function lineOfPath(source: string, path: readonly string[], from = 0): number {
  const text = blankLiterals(source);
  // Keys may be quoted ("in-hours": …), and quotes are blanked in `text`; so keys are looked for in the source and
  // accepted where the blanked text has either the key itself or the blank of its quotes.
  let start = from;
  let end = text.length;
  let found = from;
  for (const key of path) {
    const at = keyBetween(source, text, key, start, end);
    if (at === undefined) break;
    found = at;
    const value = text.indexOf(':', at) + 1 || at;
    start = value;
    end = endOfValue(text, value, end);
  }
  return source.slice(0, found).split('\n').length;
}

function keyBetween(
  source: string,
  text: string,
  key: string,
  start: number,
  end: number,
): number | undefined {
  const escaped = key.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const pattern = new RegExp(`(?<![\\w.$])(['"]?)${escaped}\\1(?=\\s*[:,(}])`, 'g');
  pattern.lastIndex = start;
  for (let match = pattern.exec(source); match && match.index < end; match = pattern.exec(source)) {
    const quoted = match[1] !== '';
    const blanked = text.slice(match.index, match.index + match[0].length);
    // A quoted word is a key only before a colon or a bracket; elsewhere it is a value.
    const isKey = /^\s*[:(]/.test(source.slice(match.index + match[0].length));
    if (quoted ? isKey && blanked.trim() === '' : blanked === match[0]) return match.index;
  }
  return undefined;
}

/** Where the value that begins at `start` ends: at the comma or bracket that closes it. */
function endOfValue(text: string, start: number, limit: number): number {
  let depth = 0;
  for (let i = start; i < limit; i++) {
    const char = text[i] ?? '';
    if ('([{'.includes(char)) depth++;
    else if (')]}'.includes(char) && --depth < 0) return i;
    else if (char === ',' && depth === 0) return i;
  }
  return limit;
}

/** An import or export from another module, in code as the transformer prints it (one statement a line). */
export interface ImportPlace {
  readonly specifier: string;
  /** Where the specifier's characters are, without its quotes. */
  readonly from: number;
  readonly to: number;
}

/** Every module that printed code names, in order. */
export function importsOf(code: string): ImportPlace[] {
  const text = blankLiterals(code, 'strings');
  const statement =
    /(?:^(?:import|export)\b[^'"\n;]*?\bfrom\s*|^import\s*|\bimport\s*\(\s*)(?:"([^"\n]+)"|'([^'\n]+)')/gm;
  const places: ImportPlace[] = [];
  for (const match of text.matchAll(statement)) {
    const specifier = match[1] ?? match[2] ?? '';
    const to = match.index + match[0].length - 1;
    places.push({ specifier, from: to - specifier.length, to });
  }
  return places;
}

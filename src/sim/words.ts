/** Words alone: case, punctuation and spacing do not count when texts are compared. */
export function plain(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/(?<=\p{L})['’](?=\p{L})/gu, '')
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

export interface WordScore {
  readonly right: number;
  readonly of: number;
}

/** How many of the words said were heard, in their order; words that were heard besides count against it. */
export function wordsRight(said: string, heard: string): WordScore {
  const a = plain(said).split(' ').filter(Boolean);
  const b = plain(heard).split(' ').filter(Boolean);
  let row = b.map((_, j) => j + 1);
  row.unshift(0);
  for (const [i, word] of a.entries()) {
    const next = [i + 1];
    for (const [j, other] of b.entries()) {
      const same = (row[j] ?? 0) + (word === other ? 0 : 1);
      next.push(Math.min(same, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  const errors = row.at(-1) ?? 0;
  return { right: Math.max(0, a.length - errors), of: a.length };
}

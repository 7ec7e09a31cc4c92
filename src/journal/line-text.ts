import type { JournalLine } from './lines.ts';

/** Times to a hundredth of a millisecond: more would be noise in every line, and a replay has to see what was written. */
export function roundMs(ms: number): number {
  return Math.round(ms * 100) / 100;
}

/** The text of a line, with its newline. */
export function lineText(line: JournalLine): string {
  return `${JSON.stringify('t' in line && line.t !== undefined ? { ...line, t: roundMs(line.t) } : line)}\n`;
}

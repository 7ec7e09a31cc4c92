import type { Redacted } from '../journal/items.ts';
import type { JournalLine, JournalMessage, OpenLine } from '../journal/lines.ts';
import type { Json } from '../kit/json.ts';
import type { Item, ToolOutcome } from '../ports/brain.ts';

/** What the earlier incarnations of a call left behind for the next one. */
export interface Past {
  /** The number of the last of them. */
  readonly incarnation: number;
  /** Every line of theirs, in order; the record is folded from them too. */
  readonly lines: readonly JournalLine[];
  /** How the last of them began; its line as it last was. */
  readonly open: OpenLine;
  /** The conversation as it is written already, redactions left out of it. */
  readonly conversation: readonly Item[];
  /** What happened after it was last written: to be written now. */
  readonly unwritten: readonly Item[];
  /** What stands in the place of items that are not to be written in clear, by the item. */
  readonly redacted: ReadonlyMap<string, Readonly<Record<string, string | Redacted>>>;
  readonly brain: Json | undefined;
  readonly result: Readonly<Record<string, Json>>;
  readonly messages: readonly JournalMessage[];
  readonly counters: Readonly<Record<string, number>>;
  /** Keys pressed and not yet used. */
  readonly keys: string;
  /** Tool calls that were begun, by their key, with what became of them as far as anyone knows. */
  readonly begun: ReadonlyMap<string, ToolOutcome>;
  /** How long they were on the line, in milliseconds. */
  readonly usedMs: number;
}

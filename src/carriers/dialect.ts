import type { EndReason } from '../contract/end-reasons.ts';
import type { LineNews } from '../ports/line.ts';

/** What a frame means, once the start message is through. */
export type Reading =
  | { readonly kind: 'media'; readonly at: number; readonly samples: Int16Array }
  /** A mark of ours has come back, by the name it had on the wire. */
  | { readonly kind: 'mark'; readonly wireName: string }
  | { readonly kind: 'dtmf'; readonly digit: string }
  | { readonly kind: 'stop' }
  /** A sign of life; `note` names what was ignored, for one log line per call and note. */
  | { readonly kind: 'nothing'; readonly note?: string }
  | { readonly kind: 'fault'; readonly why: string };

/** What a carrier's protocol says and understands on a line; all that differs between two carriers on WebSockets. */
export interface Dialect {
  read(data: Buffer, binary: boolean, nowMs: number): Reading;
  audio(samples: Int16Array): string | Uint8Array;
  mark(wireName: string): string;
  clear(): string;
  dtmf(digit: string): string | undefined;
  news(news: LineNews): string | undefined;
  goodbye(reason: EndReason): string | undefined;
}

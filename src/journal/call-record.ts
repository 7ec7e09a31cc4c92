import type { EndReason } from '../contract/end-reasons.ts';
import type { Json } from '../kit/json.ts';
import type { Redacted } from './items.ts';
import type { JournalMessage } from './lines.ts';

/** What remains of a call: one file, written once, folded from its journal by `fold` alone. */
export interface CallRecord {
  readonly schema: 1;
  readonly call_id: string;
  readonly carrier: string | null;
  readonly carrier_call_id: string | null;
  readonly direction: string | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly agent: { readonly name: string; readonly hash: string } | null;
  /** ISO 8601, UTC; null only for a call whose worker died before it wrote a line. */
  readonly started_at: string | null;
  readonly ended_at: string | null;
  readonly duration_s: number;
  readonly end: { readonly reason: EndReason; readonly detail?: string };
  readonly conversation: readonly RecordItem[];
  readonly tools: readonly RecordTool[];
  readonly result: Readonly<Record<string, Json>>;
  readonly messages: readonly JournalMessage[];
  /** What happened around the call, such as how dialling went. */
  readonly events: readonly RecordEvent[];
  readonly counters: Readonly<Record<string, number>>;
  readonly incarnations: readonly RecordIncarnation[];
  /** Journal lines folded, and those left out for want of room. */
  readonly journal: { readonly lines: number; readonly dropped: number };
}

/** An item of the conversation; positions as milliseconds since the line's start. */
export type RecordItem =
  | {
      readonly who: 'caller';
      readonly text: string | Redacted;
      readonly from_ms: number;
      readonly to_ms: number;
    }
  | { readonly who: 'caller'; readonly unclear: true; readonly from_ms: number; readonly to_ms: number }
  | { readonly who: 'caller'; readonly keys: string | Redacted; readonly from_ms?: number }
  | { readonly who: 'caller'; readonly silent: number; readonly from_ms?: number }
  | {
      readonly who: 'agent';
      readonly text: string | Redacted;
      /** The caller did not hear all of it. */
      readonly cut: boolean;
      readonly from_ms?: number;
      readonly to_ms?: number;
    }
  | { readonly who: 'agent'; readonly tool: string; readonly ok: boolean }
  | { readonly who: 'agent'; readonly move: string; readonly ok: boolean };

export interface RecordEvent {
  readonly what: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly detail: Json;
}

export interface RecordTool {
  readonly id: string;
  readonly name: string;
  readonly effect: string;
  readonly input: Json;
  /** Milliseconds since the start of the incarnation it ran in. */
  readonly at_ms: number;
  readonly took_ms: number | null;
  readonly outcome:
    | { readonly ok: true; readonly value: Json }
    | { readonly ok: false; readonly error: string; readonly why: string };
}

export interface RecordIncarnation {
  readonly n: number;
  readonly worker: number;
  readonly pid: number;
  readonly build: string;
  readonly started_at: string;
  readonly ended: 'end' | 'died';
  readonly cause?: string;
}

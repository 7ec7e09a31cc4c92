import type { EndReason } from '../contract/end-reasons.ts';
import type { Json } from '../kit/json.ts';
import type { Expectation } from './expectation.ts';
import type { Chunk } from './line.ts';
import type { Position } from './recogniser.ts';

export type ReplyId = string;

/** What happened in the conversation, oldest first, as the caller could know it. */
export type Item =
  | {
      readonly id: string;
      readonly kind: 'caller';
      readonly text: string;
      readonly from: Position;
      readonly to: Position;
    }
  /** Something was said and not understood. */
  | { readonly id: string; readonly kind: 'unclear'; readonly from: Position; readonly to: Position }
  | { readonly id: string; readonly kind: 'keys'; readonly digits: string }
  /** Nothing was said for a while, the n-th time in a row. */
  | { readonly id: string; readonly kind: 'silence'; readonly count: number }
  /** What the caller heard of a reply; `cut` when that is not all of it. */
  | {
      readonly id: string;
      readonly kind: 'agent';
      readonly reply: ReplyId;
      readonly text: string;
      readonly cut: boolean;
      /** When it was heard; absent where that is not known. */
      readonly from?: Position;
      readonly to?: Position;
    }
  | {
      readonly id: string;
      readonly kind: 'tool';
      readonly tool: string;
      readonly name: string;
      readonly input: Json;
      readonly outcome: ToolOutcome;
    }
  | {
      readonly id: string;
      readonly kind: 'move';
      readonly move: Move['kind'];
      readonly outcome: MoveOutcome;
    };

export type ToolOutcome =
  | { readonly ok: true; readonly value: Json }
  /** `error` is the tool's own refusal or failure, in words a brain may use. */
  | {
      readonly ok: false;
      readonly error: string;
      readonly why: 'failed' | 'timeout' | 'cancelled' | 'invalid-input' | 'unknown-outcome';
    };

/** What a brain can ask of the call besides speaking. */
export type Move =
  | {
      readonly kind: 'transfer';
      readonly to: string;
      readonly mode: 'cold' | 'warm';
      readonly ringS?: number;
    }
  /** Silent and patient until the caller speaks again or the time is up. */
  | { readonly kind: 'hold'; readonly maxS: number }
  /** Records what the caller says next, until silence, a key, or the limit. */
  | { readonly kind: 'message'; readonly maxS: number }
  | { readonly kind: 'end'; readonly reason: EndReason };

export type MoveOutcome =
  | { readonly ok: true; readonly detail?: Json }
  | { readonly ok: false; readonly why: string };

export interface Ask {
  readonly reply: ReplyId;
  readonly why: 'open' | 'turn' | 'silence' | 'digits' | 'tool' | 'moved' | 'continued' | 'goodbye';
  /** The turn may go on: nothing may be done that cannot be taken back. */
  readonly speculative: boolean;
  readonly conversation: readonly Item[];
  /** Milliseconds since 1970 UTC, for "tomorrow"; journalled with the ask. */
  readonly wallMs: number;
}

export type Part =
  | { readonly kind: 'text'; readonly text: string; readonly uninterruptible?: boolean }
  | { readonly kind: 'audio'; readonly chunk: Chunk; readonly item: string }
  | { readonly kind: 'tool'; readonly id: string; readonly name: string; readonly input: Json }
  | { readonly kind: 'expect'; readonly expectation: Expectation }
  /** Fields of the record, merged over what was there. */
  | { readonly kind: 'result'; readonly fields: Readonly<Record<string, Json>> }
  /** Carried out when what was said before it has been heard. */
  | { readonly kind: 'move'; readonly move: Move }
  | { readonly kind: 'done'; readonly usage?: Readonly<Record<string, number>> };

interface BrainBase {
  /** At most 64 KiB; opening a brain with it goes on where this one was. */
  snapshot(): Json;
  /**
   * The only place where a brain's state changes: the reply is over. `heard` whole, `cut` after `heardText`, or
   * `dropped` before anything was heard (then the reply never was).
   */
  settled(reply: ReplyId, how: 'heard' | 'cut' | 'dropped', heardText: string): void;
  close(): Promise<void>;
}

/** Decides in text; a voice speaks it. It never runs a tool, sets a timer or touches the line. */
export interface TextBrain extends BrainBase {
  readonly kind: 'text';
  reply(ask: Ask, signal: AbortSignal): AsyncIterable<Part>;
}

/** Hears and speaks by itself. */
export interface AudioBrain extends BrainBase {
  readonly kind: 'audio';
  readonly rates: { readonly in: number; readonly out: number };
  readonly can: { readonly truncate: boolean; readonly manualTurns: boolean };
  hear(chunk: Chunk): void;
  endTurn(at: Position): void;
  reply(ask: Ask): void;
  cancel(reply: ReplyId): void;
  truncate(item: string, heardMs: number): void;
  toolResult(id: string, value: Json): void;
  readonly events: AsyncIterable<Part>;
}

export type Brain = TextBrain | AudioBrain;

/** What every brain is opened with. */
export interface BrainContext {
  readonly callId: string;
  readonly agentName: string;
  readonly timeZone: string;
  readonly vars: Readonly<Record<string, Json>>;
  readonly line: { readonly from?: string; readonly to?: string; readonly canTransfer: boolean };
  /** A snapshot to go on from. */
  readonly snapshot?: Json;
}

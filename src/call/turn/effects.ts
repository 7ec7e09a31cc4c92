import type { EndReason } from '../../contract/end-reasons.ts';
import type { Ask, Item, Move, ReplyId } from '../../ports/brain.ts';
import type { Expectation } from '../../ports/expectation.ts';
import type { CallCounter } from '../metrics.ts';

/** What the caller said, in milliseconds of the caller's audio; the item a speculative ask is based on. */
export interface Said {
  readonly text: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** A new item of the conversation; the conversation gives positions their unit and keeps the id. */
export type NewItem =
  | ({ readonly id: string; readonly kind: 'caller' } & Said)
  | { readonly id: string; readonly kind: 'unclear'; readonly fromMs: number; readonly toMs: number }
  | Extract<Item, { readonly kind: 'keys' | 'silence' | 'move' }>;

/**
 * What the turn machine wants done. `listen`, `ask`, `say`, `run-tool`, `start-move` and `ask-turn-model` start work
 * under an id; each is answered by exactly one terminal event with that id:
 *
 * | effect           | terminal events                                             |
 * |------------------|-------------------------------------------------------------|
 * | `listen`         | `final`, `unclear`, `stretch-failed`, `stretch-dropped`     |
 * | `ask`, `say`     | `reply-over`                                                |
 * | `run-tool`       | `tool-ended`                                                |
 * | `start-move`     | `move-over`                                                 |
 * | `ask-turn-model` | `turn-model`                                                |
 *
 * A timer fires once, or is cancelled, and is then silent.
 */
export type Effect =
  /** Begin to recognise the caller's audio from here (with what lies just before it). */
  | { readonly kind: 'listen'; readonly stretch: string; readonly fromMs: number }
  | { readonly kind: 'finalise'; readonly stretch: string; readonly uptoMs: number }
  | { readonly kind: 'drop-stretch'; readonly stretch: string }
  | { readonly kind: 'ask-turn-model'; readonly question: string; readonly fromMs: number }
  | {
      readonly kind: 'ask';
      readonly reply: ReplyId;
      readonly why: Ask['why'];
      /** Present when speculative: the turn as it stands, not yet part of the conversation. */
      readonly basis?: Said;
    }
  /** Says fixed words of the call itself, without asking the brain. */
  | { readonly kind: 'say'; readonly reply: ReplyId; readonly text: string }
  /** A speculative reply counts: its audio may go out. */
  | { readonly kind: 'commit'; readonly reply: ReplyId }
  | { readonly kind: 'cancel'; readonly reply: ReplyId; readonly how: 'cut' | 'dropped' }
  | { readonly kind: 'hold'; readonly reply: ReplyId }
  | { readonly kind: 'resume'; readonly reply: ReplyId }
  | { readonly kind: 'run-tool'; readonly tool: string }
  | { readonly kind: 'cancel-tool'; readonly tool: string }
  | { readonly kind: 'item'; readonly item: NewItem }
  /** Two turns became one: takes the first one's item back. */
  | { readonly kind: 'unsay'; readonly item: string }
  | { readonly kind: 'expect'; readonly expectation: Expectation }
  | {
      readonly kind: 'start-move';
      readonly id: string;
      readonly move: Extract<Move, { kind: 'transfer' | 'message' }>;
      /** Where a message begins. */
      readonly fromMs: number;
    }
  | { readonly kind: 'stop-move'; readonly id: string; readonly save: boolean }
  | { readonly kind: 'timer'; readonly timer: string; readonly clock: 'media'; readonly atMs: number }
  | { readonly kind: 'timer'; readonly timer: string; readonly clock: 'monotonic'; readonly afterMs: number }
  | { readonly kind: 'cancel-timer'; readonly timer: string }
  | { readonly kind: 'count'; readonly what: CallCounter }
  /** The last effect of every call. */
  | { readonly kind: 'end'; readonly reason: EndReason };

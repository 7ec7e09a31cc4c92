import type { ToolEffect } from '../../agent/tool.ts';
import type { EndReason } from '../../contract/end-reasons.ts';
import type { Move, MoveOutcome, ReplyId } from '../../ports/brain.ts';
import type { Expectation } from '../../ports/expectation.ts';

/** How a reply ended, as its owner saw it. `failed`: the brain or the voice gave up. */
export type ReplyEnd = 'heard' | 'cut' | 'dropped' | 'failed';

type What =
  /** The line is open: the first event of every call. */
  | { readonly kind: 'opened' }
  // Hearing. Times are milliseconds of the caller's audio.
  | { readonly kind: 'speech-start'; readonly fromMs: number }
  /** `endMs` is the estimated end of the sound, earlier than the moment it was noticed. */
  | { readonly kind: 'speech-end'; readonly endMs: number }
  | { readonly kind: 'partial'; readonly stretch: string; readonly text: string; readonly echo: boolean }
  | { readonly kind: 'final'; readonly stretch: string; readonly text: string; readonly echo: boolean }
  | { readonly kind: 'unclear'; readonly stretch: string }
  | { readonly kind: 'stretch-dropped'; readonly stretch: string }
  | {
      readonly kind: 'stretch-failed';
      readonly stretch: string;
      readonly retryable: boolean;
      readonly why: string;
    }
  /** From recognisers that end turns themselves. */
  | { readonly kind: 'turn-hint'; readonly what: 'eager-end' | 'resumed' | 'end' }
  | { readonly kind: 'turn-model'; readonly question: string; readonly p: number | null }
  // Replies.
  | { readonly kind: 'first-text'; readonly reply: ReplyId }
  /** The brain goes on with its answer; told now and then. */
  | { readonly kind: 'more'; readonly reply: ReplyId }
  | { readonly kind: 'expect'; readonly reply: ReplyId; readonly expectation: Expectation }
  | {
      readonly kind: 'tool-asked';
      readonly reply: ReplyId;
      readonly tool: string;
      readonly name: string;
      readonly effect: ToolEffect;
      readonly whenInterrupted: 'finish' | 'cancel';
      readonly filler: string;
    }
  | { readonly kind: 'move-asked'; readonly reply: ReplyId; readonly move: Move }
  | { readonly kind: 'brain-done'; readonly reply: ReplyId }
  /** The first sample of the reply was handed to the line. */
  | { readonly kind: 'sounding'; readonly reply: ReplyId }
  /** What is being heard from now on may, or may not, be interrupted. */
  | { readonly kind: 'passage'; readonly reply: ReplyId; readonly interruptible: boolean }
  | {
      readonly kind: 'reply-over';
      readonly reply: ReplyId;
      readonly how: ReplyEnd;
      readonly heard: string;
      readonly why?: string;
      /** Whose fault a failure was. */
      readonly reason?: EndReason;
    }
  | { readonly kind: 'tool-ended'; readonly tool: string; readonly ok: boolean }
  | { readonly kind: 'move-over'; readonly id: string; readonly outcome: MoveOutcome }
  // Line.
  | { readonly kind: 'key'; readonly digit: string }
  | { readonly kind: 'line'; readonly what: 'stalled' | 'resumed' | 'trouble' }
  | { readonly kind: 'timer'; readonly timer: string }
  /** The line ended, an operator hung up, or something broke: the call ends now. */
  | { readonly kind: 'end-asked'; readonly reason: EndReason };

/** An input of the turn machine. `at` is how much of the caller's audio had arrived, in milliseconds. */
export type TurnEvent = { readonly at: number } & What;
type TurnEventKind = What['kind'];
export type EventOf<K extends TurnEventKind> = Extract<TurnEvent, { readonly kind: K }>;
/** An event before the position has been put on it. */
export type TurnInput = What;

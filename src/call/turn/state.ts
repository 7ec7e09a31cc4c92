import type { TurnRules } from '../../agent/agent.ts';
import type { ToolEffect } from '../../agent/tool.ts';
import type { EndReason } from '../../contract/end-reasons.ts';
import type { Ask, Move, ReplyId } from '../../ports/brain.ts';
import { EXPECT_NOTHING, type Expectation } from '../../ports/expectation.ts';

/** What is fixed for the whole call. Milliseconds. */
export interface TurnConfig {
  readonly rules: TurnRules;
  readonly canTransfer: boolean;
  /** How long a brain may take to its first word. */
  readonly replyMs: number;
  /** How long the recogniser may take to its final text. */
  readonly finalMs: number;
  readonly maxCallMs: number;
  /** How long before `maxCallMs` the agent says goodbye, and how long a goodbye may take. */
  readonly goodbyeMs: number;
  readonly messageMaxMs: number;
  /** How many times in a row the brain may be asked about tools without a word of the caller. */
  readonly maxToolSteps: number;
  /** Said when the agent itself is broken. */
  readonly apology: string;
  /** The agent cannot even begin: the call apologises and ends for this reason. */
  readonly broken: EndReason | undefined;
  /** Silence after which the agent speaks first on a call we made; 0: it speaks at once. */
  readonly helloMs: number;
  /** The call goes on after its worker died: whether anything was said, keys not yet used, where ids go on. */
  readonly continues:
    | { readonly begun: boolean; readonly keys: string; readonly firstId: number }
    | undefined;
  /** Whether there is a model to ask for the end of turns. */
  readonly turnModel: boolean;
}

/** One stretch of the caller's speech, recognised as one. */
export interface Stretch {
  readonly id: string;
  readonly text: string;
  readonly state: 'open' | 'finalising' | 'settled';
  readonly unclear: boolean;
  readonly echo: boolean;
}

/** What the caller is saying, or has said and was not yet answered. */
export interface Turn {
  readonly fromMs: number;
  /** Estimated end of the sound so far. */
  readonly toMs: number;
  readonly stretches: readonly Stretch[];
  /** Text of an earlier turn that this one goes on with. */
  readonly before: string;
  readonly p: number | undefined;
  readonly speculations: number;
}

export type CallerRegion =
  | { readonly is: 'silent' }
  | { readonly is: 'speaking'; readonly turn: Turn; readonly sinceMs: number }
  | { readonly is: 'pausing'; readonly turn: Turn }
  /** The turn is over; the final text of at least one stretch is still to come. */
  | { readonly is: 'settling'; readonly turn: Turn };

/** A reply as far as the machine knows it: never its words. */
export interface Reply {
  readonly id: ReplyId;
  readonly why: Ask['why'] | 'fixed';
  readonly brainDone: boolean;
  readonly sounding: boolean;
  readonly interruptible: boolean;
  readonly move: Move | undefined;
  readonly expectation: Expectation | undefined;
  /** The turn it answers and that turn's item, so that the caller can go on with it. */
  readonly turn: Turn | undefined;
  readonly item: string | undefined;
}

type AgentRegion =
  | { readonly is: 'idle' }
  /** Without a reply: tools are running, their outcomes will be asked about. */
  | { readonly is: 'thinking'; readonly reply: Reply | undefined }
  | { readonly is: 'speaking'; readonly reply: Reply }
  /** The caller may be interrupting; nothing goes out until that is known. */
  | { readonly is: 'held'; readonly reply: Reply };

type CallRegion =
  | { readonly is: 'opening' }
  | { readonly is: 'live' }
  | {
      readonly is: 'waiting';
      readonly id: string;
      readonly move: Exclude<Move, { kind: 'end' }>;
      /** Something was said of a message. */
      readonly spoke: boolean;
      /** The message is over and being written. */
      readonly saving: boolean;
    }
  | { readonly is: 'closing'; readonly reason: EndReason }
  | { readonly is: 'ended'; readonly reason: EndReason };

export interface ToolRun {
  readonly id: string;
  readonly reply: ReplyId;
  readonly effect: ToolEffect;
  readonly whenInterrupted: 'finish' | 'cancel';
  readonly filler: string;
  /** `waiting`: asked for by a speculative reply, and not harmless. */
  readonly state: 'waiting' | 'running';
}

export const TIMERS = [
  'hello',
  'endpoint',
  'speculate',
  'final',
  'turn-limit',
  'barge',
  'held',
  'silence',
  'keys',
  'reply',
  'filler',
  'move',
  'quiet',
  'goodbye',
  'limit',
  'closing',
] as const;
export type TimerName = (typeof TIMERS)[number];

export interface TurnState {
  readonly config: TurnConfig;
  readonly call: CallRegion;
  readonly caller: CallerRegion;
  readonly agent: AgentRegion;
  /** Whoever was called is to speak first. */
  readonly awaitsHello: boolean;
  /** A reply asked for before the turn was certainly over. */
  readonly speculation:
    | {
        readonly reply: Reply;
        readonly basis: string;
        /** Tools of it have ended; the brain is asked about them when it counts. */
        readonly outcomes: boolean;
      }
    | undefined;
  /** A turn that was completed while it could not be answered. */
  readonly pending: Turn | undefined;
  readonly tools: readonly ToolRun[];
  /** Tools have ended since the brain was last asked. */
  readonly outcomes: boolean;
  /** Times in a row that the brain was asked about tools, since the caller last said or keyed something. */
  readonly toolSteps: number;
  /** The item of a move that is over and that the brain was not yet asked about. */
  readonly moved: string | undefined;
  /** Keys pressed and not yet handed to the brain. */
  readonly keys: string;
  readonly expectation: Expectation;
  /** What was expected before the reply in progress. */
  readonly expectedBefore: Expectation;
  /** Silences in a row. */
  readonly silences: number;
  /** Failures of the recogniser in a row. */
  readonly deafness: number;
  /** The line gives trouble: the caller cannot be expected to answer. */
  readonly trouble: boolean;
  /** Turn-model question under way. */
  readonly question: string | undefined;
  readonly timers: Readonly<Partial<Record<TimerName, string>>>;
  /** Makes ids. */
  readonly count: number;
}

export function initialState(config: TurnConfig): TurnState {
  return {
    config,
    call: { is: 'opening' },
    caller: { is: 'silent' },
    agent: { is: 'idle' },
    awaitsHello: false,
    speculation: undefined,
    pending: undefined,
    tools: [],
    outcomes: false,
    toolSteps: 0,
    moved: undefined,
    keys: config.continues?.keys ?? '',
    expectation: EXPECT_NOTHING,
    expectedBefore: EXPECT_NOTHING,
    silences: 0,
    deafness: 0,
    trouble: false,
    question: undefined,
    timers: {},
    count: config.continues?.firstId ?? 0,
  };
}

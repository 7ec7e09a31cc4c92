import type { z } from 'zod';

/** What a tool may know of the call it runs in. */
export interface ToolCall {
  readonly id: string;
  readonly agent: string;
  readonly timeZone: string;
  /** Milliseconds since 1970 UTC when the tool was asked for. */
  readonly wallMs: number;
  readonly line: { readonly from?: string; readonly to?: string };
}

export interface ToolContext {
  readonly call: ToolCall;
  /** The same for every attempt of this very tool call: hand it to whatever must not do a thing twice. */
  readonly key: string;
  /** Aborted at the time limit, at the end of the call, or on barge-in where the tool says so. */
  readonly signal: AbortSignal;
}

/** Whether running a tool again does harm: `none` reads only, `idempotent` may be repeated, `once` must not be. */
export type ToolEffect = 'none' | 'idempotent' | 'once';

export interface ToolSpec<Input extends z.ZodType, Output> {
  /** The name in journal, record and logs; where it is listed decides when absent. */
  readonly name?: string;
  readonly description: string;
  readonly inputSchema: Input;
  readonly effect?: ToolEffect;
  /** Said when the tool has not answered within a moment. */
  readonly filler?: string;
  readonly timeoutMs?: number;
  /** Whether a caller who interrupts stops it. Its result counts in any case. */
  readonly whenInterrupted?: 'finish' | 'cancel';
  execute(input: z.output<Input>, context: ToolContext): Output | Promise<Output>;
}

/** A tool whose parts are all known; what the call runs. */
export interface Tool<Input extends z.ZodType = z.ZodType, Output = unknown> extends ToolSpec<Input, Output> {
  readonly kind: 'tool';
  readonly effect: ToolEffect;
  readonly whenInterrupted: 'finish' | 'cancel';
}

/** Defines a tool. Without `effect` it counts as `once`: it is then never run a second time by us. */
export function tool<Input extends z.ZodType, Output>(spec: ToolSpec<Input, Output>): Tool<Input, Output> {
  return {
    kind: 'tool',
    ...spec,
    effect: spec.effect ?? 'once',
    whenInterrupted: spec.whenInterrupted ?? 'finish',
  };
}

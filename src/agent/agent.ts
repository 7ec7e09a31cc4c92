import type { z } from 'zod';
import type { LlmSpec } from './llm.ts';
import type { ScriptSpec } from './script.ts';
import type { Tool } from './tool.ts';

/** When a turn ends and what interrupts the agent; every time in milliseconds of the caller's audio. */
export interface TurnRules {
  /** Silence that ends a turn when nothing is known about the words. */
  readonly endMs: number;
  /** Silence that ends a turn whose words already answer what is expected, and can hardly go on. */
  readonly closedEndMs: number;
  /** Silence that ends a turn whose words clearly go on ("at …", four of seven digits). */
  readonly openEndMs: number;
  /** Speech that interrupts the agent: at least this long … */
  readonly interruptMs: number;
  /** … and at least so many recognised words; 0 = sound is enough. */
  readonly interruptWords: number;
  /** Silence of the caller after which the agent asks again. */
  readonly silenceMs: number;
  /** On calls we make: silence after which the agent speaks first, when whoever was called has not; 0 = at once. */
  readonly helloMs: number;
  /** Pause between two keys after which the digits so far count as complete. */
  readonly keyMs: number;
  /** Words that show listening and never interrupt. */
  readonly backchannels: readonly string[];
}

export type BrainSpec = ScriptSpec | LlmSpec;

export interface GreetingContext {
  readonly vars: Readonly<Record<string, unknown>>;
  readonly line: { readonly from?: string; readonly to?: string };
}

/** An agent with every default filled in; what the rest of the system works with. */
export interface Agent {
  readonly kind: 'agent';
  readonly name: string;
  /** BCP 47, such as `en-US`. */
  readonly language: string;
  /** IANA name, such as `America/New_York`; "tomorrow" and "half past four" are meant in it. */
  readonly timeZone: string;
  /** Recogniser, such as `device`. */
  readonly stt: string;
  /** Voice, such as `device/slt`. */
  readonly tts: string;
  readonly greeting: string | ((about: GreetingContext) => string);
  readonly vars?: z.ZodType;
  readonly result?: z.ZodType;
  readonly turns: TurnRules;
  readonly brain: BrainSpec;
  /** Every tool the brain may call, by name. */
  readonly tools: Readonly<Record<string, Tool>>;
}

/** An agent whose brain is a script. */
export type ScriptAgent = Agent & { readonly brain: ScriptSpec };

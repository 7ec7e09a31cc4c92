import type { z } from 'zod';
import type { Agent, BrainSpec, GreetingContext, TurnRules } from './agent.ts';
import { checkScript } from './check-script.ts';
import { BACKCHANNELS } from './hear/vocabulary.ts';
import { checkLlm } from './llm.ts';
import type { Mistake } from './mistakes.ts';
import { AgentMistakes } from './mistakes.ts';
import type { Tool } from './tool.ts';

/** The values of a start are read by a schema of an object. */
type VarsSchema = z.ZodType<Readonly<Record<string, unknown>>>;

/** What a user writes; everything but the name, the greeting and the brain has a default. */
export interface AgentSource<Vars extends VarsSchema = VarsSchema> {
  readonly name: string;
  /** BCP 47; `en-US` when absent. */
  readonly language?: string;
  /** IANA name; the machine's own time zone when absent. */
  readonly timeZone?: string;
  /** Recogniser; `device` when absent. */
  readonly stt?: string;
  /** Voice; `device/slt` when absent. */
  readonly tts?: string;
  readonly greeting:
    | string
    | ((about: Omit<GreetingContext, 'vars'> & { readonly vars: z.output<Vars> }) => string);
  /** What a start may hand to the agent in `vars`. */
  readonly vars?: Vars;
  /** The fields of the record that the agent fills. */
  readonly result?: z.ZodType;
  readonly turns?: Partial<TurnRules>;
  readonly brain: BrainSpec;
}

/** Waits and interruption as they are when an agent says nothing about them. */
export const TURN_RULES: TurnRules = {
  endMs: 500,
  closedEndMs: 250,
  openEndMs: 1300,
  interruptMs: 200,
  interruptWords: 0,
  silenceMs: 7000,
  helloMs: 3000,
  keyMs: 2500,
  backchannels: BACKCHANNELS,
};

/**
 * Defines an agent and checks all of it.
 *
 * @throws AgentMistakes with every mistake found
 */
export function defineAgent<Vars extends VarsSchema>(source: AgentSource<Vars>): Agent {
  const mistakes: Mistake[] = [];
  if (typeof source.name !== 'string' || !/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(source.name))
    mistakes.push({
      path: 'name',
      message: 'must be 1 to 64 letters, digits, ".", "_" or "-", and start with a letter or digit',
    });
  if (
    typeof source.greeting === 'string'
      ? source.greeting.trim() === ''
      : typeof source.greeting !== 'function'
  )
    mistakes.push({ path: 'greeting', message: 'must be a sentence, or a function that gives one' });
  const timeZone = source.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!isTimeZone(timeZone))
    mistakes.push({
      path: 'timeZone',
      message: `"${timeZone}" is no IANA time zone, such as America/New_York`,
    });
  if (source.language !== undefined && !/^en\b/i.test(source.language))
    mistakes.push({
      path: 'language',
      message: `"${source.language}": scripts understand English only; use a language that starts with "en"`,
    });
  checkTurns(source.turns ?? {}, mistakes);

  const tools: Record<string, Tool> = {};
  if (source.brain?.kind === 'script') checkScript(source.brain, tools, mistakes);
  else if (source.brain?.kind === 'llm') checkLlm(source.brain, tools, mistakes);
  else mistakes.push({ path: 'brain', message: 'must be what script({ … }) or llm({ … }) returns' });

  if (mistakes.length > 0) throw new AgentMistakes(source.name, mistakes);
  return {
    kind: 'agent',
    name: source.name,
    language: source.language ?? 'en-US',
    timeZone,
    stt: source.stt ?? 'device',
    tts: source.tts ?? 'device/slt',
    greeting: source.greeting as Agent['greeting'],
    ...(source.vars && { vars: source.vars }),
    ...(source.result && { result: source.result }),
    turns: { ...TURN_RULES, ...source.turns },
    brain: source.brain,
    tools,
  };
}

function isTimeZone(name: string): boolean {
  try {
    Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch {
    return false; // the constructor has no other way to say that it does not know the name
  }
}

function checkTurns(turns: Partial<TurnRules>, mistakes: Mistake[]): void {
  for (const [key, value] of Object.entries(turns)) {
    const path = `turns.${key}`;
    if (!(key in TURN_RULES))
      mistakes.push({ path, message: `is unknown; known are ${Object.keys(TURN_RULES).join(', ')}` });
    else if (key === 'backchannels') {
      if (!Array.isArray(value)) mistakes.push({ path, message: 'must be a list of words' });
    } else if (typeof value !== 'number' || !(value >= 0 && value <= 120_000))
      mistakes.push({ path, message: 'must be a number from 0 to 120000' });
  }
}

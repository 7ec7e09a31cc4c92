import { z } from 'zod';

/** What a simulated caller does, one step after the other: plain data, so that a caller can be written as a file. */
export interface CallerScript {
  readonly name?: string;
  readonly steps: readonly Step[];
}

export type Step =
  /** A sentence, spoken by a synthetic voice. */
  | { readonly do: 'say'; readonly text: string; readonly voice?: string; readonly bargeInMs?: number }
  /** Recordings, one right after the other. */
  | {
      readonly do: 'play';
      readonly files: readonly string[];
      readonly text: string;
      readonly bargeInMs?: number;
    }
  | { readonly do: 'keys'; readonly keys: string; readonly gapMs: number; readonly bargeInMs?: number }
  /** Until the agent has spoken and stopped; with `forText`, until it has said that. */
  | { readonly do: 'listen'; readonly forText?: string; readonly quietMs: number; readonly limitS: number }
  /** Answers by what the agent asks, turn after turn, until the call ends. */
  | {
      readonly do: 'answer';
      readonly answers: readonly Answer[];
      readonly turns: number;
      readonly limitS: number;
    }
  | { readonly do: 'pause'; readonly ms: number }
  | { readonly do: 'hangUp' }
  | { readonly do: 'vanish' };

/**
 * What the caller says or keys when the agent has said `to`, case and punctuation apart. Of several that fit, the one
 * to what was said last; `once`: not a second time.
 */
export type Answer = {
  readonly to: string;
  readonly once: boolean;
} /** The first of them, and the next one each time the same is asked again. */ & (
  | { readonly say: readonly string[]; readonly voice?: string }
  | { readonly keys: string }
);

/** A caller file that cannot be used: every problem, each with the step it is in. */
export class CallerScriptError extends Error {
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'CallerScriptError';
  }
}

/** Pauses inside one reply stay below this; a person answers about this long after somebody has finished. */
export const QUIET_MS = 700;
export const LISTEN_LIMIT_S = 30;
export const KEY_GAP_MS = 180;
const TURNS = 20;

const ms = z.number().min(0).max(600_000);
const bargeInMs = ms.optional();
const limitS = z.number().positive().max(3600);

const keypad = z.string().regex(/^[0-9*#]+$/, 'must be of 0-9, * and #');
const to = z.string().min(1);
const sentences = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]);
const once = z.boolean().default(false);
const answer = z.union([
  z.strictObject({ to, say: sentences, voice: z.string().optional(), once }).transform(
    ({ voice, say, ...rest }): Answer => ({
      ...rest,
      say: typeof say === 'string' ? [say] : say,
      ...defined({ voice }),
    }),
  ),
  z.strictObject({ to, keys: keypad, once }),
]);

/** The members of each action; the member named like the action comes first. */
const ACTIONS = {
  say: z
    .strictObject({ say: z.string().min(1), voice: z.string().optional(), bargeInMs })
    .transform(
      ({ say, voice, bargeInMs }): Step => ({ do: 'say', text: say, ...defined({ voice, bargeInMs }) }),
    ),
  play: z
    .strictObject({
      play: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
      text: z.string().optional(),
      bargeInMs,
    })
    .transform(({ play, text, bargeInMs }): Step => {
      const files = typeof play === 'string' ? [play] : play;
      return { do: 'play', files, text: text ?? '', ...defined({ bargeInMs }) };
    }),
  keys: z
    .strictObject({
      keys: keypad,
      gapMs: ms.optional(),
      bargeInMs,
    })
    .transform(
      ({ keys, gapMs, bargeInMs }): Step => ({
        do: 'keys',
        keys,
        gapMs: gapMs ?? KEY_GAP_MS,
        ...defined({ bargeInMs }),
      }),
    ),
  listen: z
    .strictObject({
      listen: z.union([z.literal(true), z.string().min(1)]),
      quietMs: ms.optional(),
      limitS: limitS.optional(),
    })
    .transform(
      ({ listen, quietMs, limitS }): Step => ({
        do: 'listen',
        quietMs: quietMs ?? QUIET_MS,
        limitS: limitS ?? LISTEN_LIMIT_S,
        ...(listen === true ? {} : { forText: listen }),
      }),
    ),
  answer: z
    .strictObject({
      answer: z.array(answer).min(1),
      turns: z.number().int().positive().max(500).optional(),
      limitS: limitS.optional(),
    })
    .transform(
      ({ answer, turns, limitS }): Step => ({
        do: 'answer',
        answers: answer,
        turns: turns ?? TURNS,
        limitS: limitS ?? LISTEN_LIMIT_S,
      }),
    ),
  pauseMs: z.strictObject({ pauseMs: ms }).transform((step): Step => ({ do: 'pause', ms: step.pauseMs })),
  hangUp: z.strictObject({ hangUp: z.literal(true) }).transform((): Step => ({ do: 'hangUp' })),
  vanish: z.strictObject({ vanish: z.literal(true) }).transform((): Step => ({ do: 'vanish' })),
} as const;

/**
 * Reads a caller file.
 * @throws CallerScriptError with every problem and the step it is in
 */
export function parseCallerScript(text: string): CallerScript {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new CallerScriptError([`not JSON: ${error instanceof Error ? error.message : String(error)}`]);
  }
  if (typeof json !== 'object' || json === null || !('steps' in json) || !Array.isArray(json.steps))
    throw new CallerScriptError(['a caller is an object with "steps", a list of what it does']);
  const problems: string[] = [];
  const steps: Step[] = [];
  for (const [i, step] of (json.steps as unknown[]).entries()) {
    const read = readStep(step);
    if (typeof read === 'string') problems.push(`step ${i + 1}: ${read}`);
    else steps.push(read);
  }
  if (problems.length > 0) throw new CallerScriptError(problems);
  return { steps, ...('name' in json && typeof json.name === 'string' ? { name: json.name } : {}) };
}

function readStep(step: unknown): Step | string {
  const names = Object.keys(ACTIONS) as (keyof typeof ACTIONS)[];
  if (typeof step !== 'object' || step === null) return 'is no object';
  const actions = names.filter((name) => name in step);
  const [action] = actions;
  if (!action || actions.length > 1)
    return `${actions.length === 0 ? 'does nothing' : `does several things at once (${actions.join(', ')})`}: give it one of ${names.join(', ')}`;
  const result = ACTIONS[action].safeParse(step);
  if (result.success) return result.data;
  return result.error.issues.map((issue) => `${issue.path.join('.') || action}: ${issue.message}`).join('; ');
}

function defined<T extends Record<string, unknown>>(
  values: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

import type { z } from 'zod';
import type { Json } from '../kit/json.ts';
import type { ToolOutcome } from '../ports/brain.ts';

/** What a tool's own check of its input says, in words a brain may use. */
export function invalidInput(error: z.ZodError): ToolOutcome {
  const problems = error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  return { ok: false, why: 'invalid-input', error: problems.join('; ') };
}

/** What survives JSON of a tool's answer; a tool that answers nothing has answered null. */
export function toJson(value: unknown): Json {
  return value === undefined ? null : (JSON.parse(JSON.stringify(value) ?? 'null') as Json);
}

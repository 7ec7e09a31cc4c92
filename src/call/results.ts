import type { z } from 'zod';
import type { Clock } from '../kit/clock.ts';
import type { Json } from '../kit/json.ts';
import { within } from '../kit/within.ts';

export type Fields = Readonly<Record<string, Json>>;

export interface CheckedResult {
  readonly result: Fields;
  /** What does not fit the agent's own description; such fields are left out of the result. */
  readonly problems: readonly { readonly field: string; readonly message: string; readonly value: Json }[];
}

/**
 * What an agent found out, against what it said it would. Fields that fit are kept whatever the others are; never
 * rejects.
 * @param schema the agent's `result`
 */
export async function checkResult(
  schema: z.ZodType | undefined,
  result: Fields,
  clock: Clock,
  limitMs: number,
): Promise<CheckedResult> {
  if (!schema) return { result, problems: [] };
  try {
    const parsed = await within(clock, limitMs, 'checking the result', schema.safeParseAsync(result));
    if (parsed.success) return { result, problems: [] };
    const problems = parsed.error.issues.flatMap(({ path, message, ...issue }) => {
      const fields = 'keys' in issue && path.length === 0 ? issue.keys : [path[0] ?? ''];
      return fields.map((field) => {
        const name = String(field);
        return { field: name, message, value: result[name] ?? null };
      });
    });
    const wrong = new Set(problems.map(({ field }) => field));
    return {
      result: Object.fromEntries(Object.entries(result).filter(([name]) => !wrong.has(name))),
      problems,
    };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { result, problems: [{ field: '', message, value: null }] };
  }
}

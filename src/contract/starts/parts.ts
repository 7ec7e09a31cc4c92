import { z } from 'zod';
import type { Json } from '../../kit/json.ts';
import { CALL_ID_RULE, isCallId } from '../call-id.ts';

/** Parts that several bodies share. Nothing here transforms: what is valid is used as it came. */

/** JSON can be nothing else, and how deep it may be is checked before anything walks through it. */
export const json = z.unknown() as unknown as z.ZodType<Json>;

export const callId = z
  .string()
  .refine(isCallId, `must be ${CALL_ID_RULE}`)
  .meta({
    description: `Names the call: ${CALL_ID_RULE}. Made up when missing.`,
    pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$',
  });

const PRINTABLE = /^[^\p{Cc}\p{Cs}]*$/u;
/** One line of text, such as a name or a number. */
export function line(max: number, description: string): z.ZodString {
  return z
    .string()
    .min(1, 'must not be empty')
    .max(max, `must have at most ${max} characters`)
    .regex(PRINTABLE, 'must have no control characters')
    .meta({ description });
}

export const agent = line(128, "The agent that answers; the host's own choice when missing.");
export const phone = (description: string) => line(128, description);
export const room = line(256, 'The LiveKit room.');
export const identity = line(256, 'A participant of the room, by identity.');

export function whole(min: number, max: number, description: string): z.ZodNumber {
  return z
    .number('must be a number')
    .int('must be a whole number')
    .min(min, `must be at least ${min}`)
    .max(max, `must be at most ${max}`)
    .meta({ description });
}

export const vars = z
  .record(z.string().min(1).max(128), json)
  .meta({ description: 'Free values for the agent, by name.' });

/** What is known of the call beforehand. */
export const context = z
  .strictObject({
    from: phone("The caller's number or name.").optional(),
    to: phone('The called number or name.').optional(),
    vars: vars.optional(),
  })
  .meta({ description: 'What is known of the call beforehand.' });

/** The deepest nesting of a body. Deeper ones are refused before anything walks through them. */
const DEPTH_MAX = 32;

/** Whether a value is nested deeper than any start needs; never deep itself, whatever it is given. */
export function isTooDeep(value: Json): boolean {
  const left: { readonly value: Json; readonly depth: number }[] = [{ value, depth: 0 }];
  for (let one = left.pop(); one; one = left.pop()) {
    if (typeof one.value !== 'object' || one.value === null) continue;
    const { depth } = one;
    if (depth >= DEPTH_MAX) return true;
    for (const inner of Object.values(one.value)) left.push({ value: inner, depth: depth + 1 });
  }
  return false;
}

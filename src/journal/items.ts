import { z } from 'zod';
import type { Json } from '../kit/json.ts';

/** The parts that lines of a journal are made of: free values, redactions, outcomes, items of the conversation. */

/** JSON.parse can make nothing else, so there is nothing to walk through: a deep value must not cost a deep stack. */
export const json = z.custom<Json>((value) => value !== undefined);
export const fields = z.record(z.string(), json);

/** Stands where a sensitive value would be: what it was and how long, never what it said. */
const redacted = z.object({ redacted: z.string(), length: z.number() });
export type Redacted = z.infer<typeof redacted>;
export const words = z.union([z.string(), redacted]);

export const toolOutcome = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), value: json }),
  z.object({ ok: z.literal(false), error: z.string(), why: z.string() }),
]);
const moveOutcome = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), detail: json.optional() }),
  z.object({ ok: z.literal(false), why: z.string() }),
]);

/** The conversation's items as `ports/brain` has them, with room for redactions, and for where the agent was heard. */
export const item = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('caller'), id: z.string(), text: words, from: z.number(), to: z.number() }),
  z.object({ kind: z.literal('unclear'), id: z.string(), from: z.number(), to: z.number() }),
  z.object({ kind: z.literal('keys'), id: z.string(), digits: words, at: z.number().optional() }),
  z.object({ kind: z.literal('silence'), id: z.string(), count: z.number(), at: z.number().optional() }),
  z.object({
    kind: z.literal('agent'),
    id: z.string(),
    reply: z.string(),
    text: words,
    cut: z.boolean(),
    from: z.number().optional(),
    to: z.number().optional(),
  }),
  z.object({
    kind: z.literal('tool'),
    id: z.string(),
    tool: z.string(),
    name: z.string(),
    input: json,
    outcome: toolOutcome,
  }),
  z.object({ kind: z.literal('move'), id: z.string(), move: z.string(), outcome: moveOutcome }),
]);
export type JournalItem = z.infer<typeof item>;

/** A sensitive value as it may be written. */
export function redact(what: string, value: string): Redacted {
  return { redacted: what, length: value.length };
}

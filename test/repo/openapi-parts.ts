import { z } from 'zod';
import { ERRORS, type ErrorCode } from '../../src/contract/errors.ts';
import { errorAnswerSchema } from '../../src/contract/starts/bodies.ts';

/** A part of an OpenAPI description. */
export type Node = Readonly<Record<string, unknown>>;

export const ref = (kind: 'schemas' | 'parameters', name: string): Node => ({
  $ref: `#/components/${kind}/${name}`,
});
export const json = (schema: Node): Node => ({ 'application/json': { schema } });
export const nameOf = (schema: z.ZodType): string => schema.meta()?.id ?? '';

const codes = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];
export const anyError = errorAnswerSchema
  .extend({
    error: z.enum(codes).meta({
      description: codes
        .map((code) => `\`${code}\` (${ERRORS[code].status}): ${ERRORS[code].means}`)
        .join('\n\n'),
    }),
  })
  .meta({ id: 'AnyError' });

/** What any request may be answered by the front or by a fault. */
const ALWAYS: readonly ErrorCode[] = ['unauthorized', 'method_not_allowed', 'rate_limited', 'internal'];
export const CALLS: readonly ErrorCode[] = [...ALWAYS, 'fleetd_away', 'no_fleet'];
export const STARTS: readonly ErrorCode[] = [
  ...ALWAYS,
  'bad_request',
  'forbidden',
  'request_timeout',
  'id_conflict',
  'taken',
  'gone',
  'too_large',
  'unusable',
  'at_capacity',
  'draining',
  'warming',
  'no_workers',
  'start_outcome_unknown',
  'stale_start',
  'no_fleet',
  'join_failed',
];

/** The answers that are no 2xx, one per status, each naming its codes. */
export function failures(possible: readonly ErrorCode[]): Node {
  const statuses = [...new Set(possible.map((code) => ERRORS[code].status))];
  return Object.fromEntries(
    statuses.map((status) => {
      const those = possible.filter((code) => ERRORS[code].status === status);
      const answer = {
        description: those.map((code) => `\`${code}\`: ${ERRORS[code].means}`).join('\n\n'),
        ...(status === 429 && {
          headers: { 'Retry-After': { schema: { type: 'integer' }, description: 'Seconds.' } },
        }),
        content: json({
          allOf: [
            ref('schemas', nameOf(anyError)),
            { type: 'object', properties: { error: { enum: those } } },
          ],
        }),
      };
      return [String(status), answer];
    }),
  );
}

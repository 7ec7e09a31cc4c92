import { z } from 'zod';
import { CLAIM_STATES } from './claim.ts';
import { END_REASONS, type EndReason } from './end-reasons.ts';

/** What the calls API answers. `docs/openapi.json` is made from these; a test holds live answers against them. */

/** `interrupted`: its worker died, and no other has it yet. */
const CALL_STATES = [...CLAIM_STATES, 'interrupted'] as const;

const reasons = Object.keys(END_REASONS) as [EndReason, ...EndReason[]];

/** A record, or what one would say now; `docs/records.md` has every member. */
const soFar = z.looseObject({
  schema: z.literal(1),
  call_id: z.string(),
  conversation: z
    .array(z.looseObject({ who: z.enum(['caller', 'agent']) }))
    .meta({ description: 'What was said and done, in order.' }),
  events: z
    .array(z.looseObject({ what: z.string(), at: z.string() }))
    .meta({ description: 'What happened around the call, such as how dialling went.' }),
});

export const callAnswer = z
  .strictObject({
    call_id: z.string(),
    fleet: z.string(),
    state: z.enum(CALL_STATES).meta({ description: 'interrupted: its worker died and no other has it yet.' }),
    worker: z.number().int().nullable().meta({ description: 'Which worker has it, or had it last.' }),
    result: z
      .record(z.string(), z.unknown())
      .meta({ description: 'How dialling went, where there was dialling.' })
      .optional(),
    so_far: soFar.meta({ description: 'While it has no record: what that would say now.' }).optional(),
    record: soFar
      .extend({ end: z.looseObject({ reason: z.enum(reasons) }) })
      .meta({ description: 'What remains of a call that is over.' })
      .optional(),
  })
  .meta({ id: 'Call' });

/** The most calls of one page, and how many there are when the question does not say. */
const PAGE_MOST = 200;
const PAGE_DEFAULT = 50;

/** What may be asked of the list of calls, as the members of its query. */
export const callsQuery = z.strictObject({
  state: z.enum(CALL_STATES).meta({ description: 'Calls in this state alone.' }).optional(),
  agent: z.string().max(128).meta({ description: 'Calls with this agent alone.' }).optional(),
  carrier: z.string().max(128).meta({ description: 'Calls over this carrier alone.' }).optional(),
  limit: z.coerce
    .number<number>()
    .int()
    .min(1)
    .max(PAGE_MOST)
    .default(PAGE_DEFAULT)
    .meta({ description: 'How many calls at most.' }),
  cursor: z
    .string()
    .regex(/^[re]_\d{1,16}_[A-Za-z0-9._-]{1,128}$/, 'must be `next` of an answer')
    .meta({ description: '`next` of the page before.' })
    .optional(),
});
export type CallsQuery = z.output<typeof callsQuery>;

const listedCall = z.strictObject({
  call_id: z.string(),
  state: z.enum(CALL_STATES),
  worker: z.number().int().nullable(),
  agent: z.string().optional(),
  carrier: z.string().optional(),
  direction: z.string().optional(),
  from: z.string().optional(),
  to: z.string().optional(),
  route: z
    .string()
    .meta({ description: 'The route that started it, while it runs; for starts by request.' })
    .optional(),
  started_at: z.string().meta({ description: 'ISO 8601, UTC.' }).optional(),
  ended_at: z.string().meta({ description: 'ISO 8601, UTC.' }).optional(),
  duration_s: z.number().optional(),
  reason: z.enum(reasons).meta({ description: 'Why it ended.' }).optional(),
});
export type ListedCall = z.output<typeof listedCall>;

export const callsAnswer = z
  .strictObject({
    fleet: z.string(),
    calls: z
      .array(listedCall)
      .meta({ description: 'Those that run first, then those that ended; newest first.' }),
    next: z
      .string()
      .meta({ description: 'The cursor of the next page; absent when there is none.' })
      .optional(),
  })
  .meta({ id: 'Calls' });

export const hungUpAnswer = z
  .strictObject({ call_id: z.string(), hung_up: z.literal(true) })
  .meta({ id: 'HungUp' });

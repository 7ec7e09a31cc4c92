import { z } from 'zod';
import type { Json } from '../kit/json.ts';

/** A repeated id is answered from its claim for this long after the call has ended. */
export const CLAIM_KEPT_MS = 600_000;

/**
 * `starting`: nobody has been promised a call yet. `reserved`: promised, and the other party is still to come. `live`:
 * promised, and there is a line. `ended`: over, with its result.
 */
export const CLAIM_STATES = ['starting', 'reserved', 'live', 'ended'] as const;

const json = z.unknown() as unknown as z.ZodType<Json>;
const members = z.record(z.string(), json);

/** What the start said of the call, and how it is carried: `kind` is expect, dial or livekit. */
const context = z.looseObject({
  kind: z.string().optional(),
  carrier: z.string().optional(),
  direction: z.string().optional(),
  from: z.string().optional(),
  to: z.string().optional(),
  vars: members.optional(),
});

/**
 * The host-wide record that a call id has an owner: what any process of the host needs to answer for the call. One JSON
 * file each; members a reader does not know come from a neighbouring build.
 */
export const claimSchema = z.object({
  schema: z.literal(1),
  /** What is claimed: a call id, or `<carrier>:<id>` for a carrier's own. */
  key: z.string(),
  call_id: z.string(),
  /** The start's route, such as `/attach`. */
  route: z.string(),
  /** Of the start's body, so that the same id with another body is told apart. */
  body_hash: z.string(),
  owner: z.object({ pid: z.number().int(), started: z.string() }),
  worker: z.number().int(),
  fleet: z.string(),
  state: z.enum(CLAIM_STATES),
  agent: z.string().optional(),
  /** LiveKit: the room, and who of ours is in it. */
  room: z.string().optional(),
  participants: z.array(z.string()).optional(),
  /** What another process needs to carry the call in this one's place, such as the values of its start. */
  context: context.optional(),
  /** What the start was answered, beyond the members every answer has; a duplicate is told the same. */
  answer: members.optional(),
  result: members.optional(),
  taken_ms: z.number(),
  /** A reservation is over then. */
  expires_ms: z.number().optional(),
  ended_ms: z.number().optional(),
});
export type Claim = z.infer<typeof claimSchema>;

/** What the owner of a claim says of it when taking it; the rest is the claims' own business. */
export type ClaimDraft = Omit<Claim, 'schema' | 'key' | 'owner' | 'taken_ms' | 'ended_ms' | 'result'>;

/** What may change while a claim is owned. */
export type ClaimPatch = Partial<
  Pick<
    Claim,
    'call_id' | 'state' | 'agent' | 'room' | 'participants' | 'context' | 'answer' | 'expires_ms' | 'result'
  >
>;

/** The key under which a carrier's own id of a call is claimed. */
export function carrierKey(carrier: string, carrierCallId: string): string {
  return `${carrier}:${carrierCallId}`;
}

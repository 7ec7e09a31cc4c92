import { createHash } from 'node:crypto';
import { z } from 'zod';
import { sameSecret } from '../../kit/ids.ts';
import { parseJson } from '../../kit/json.ts';
import type { LiveKitKey } from './keys.ts';
import { participant } from './participant.ts';
import { verifyToken } from './tokens.ts';

// The server leaves out what is zero: a standard participant has no kind, a fresh one no attributes. 64-bit numbers
// come as strings. `track_*` events carry of a participant only its sid and identity.
const wire = z.object({
  event: z.string(),
  id: z.string(),
  createdAt: z.coerce.number().optional(),
  room: z.object({ name: z.string().default(''), sid: z.string().default('') }).optional(),
  participant: participant.optional(),
});

/** What LiveKit tells about a room; `docs/carriers/livekit.md` says which events the fleet acts on. */
export interface WebhookEvent {
  /** `participant_joined`, `participant_left`, `room_finished` … */
  readonly event: string;
  /** The same in every repetition of the event. */
  readonly id: string;
  /**
   * Wall clock in milliseconds, at the latest: the server says the second. Events may be 30 s old when the receiver was
   * away.
   */
  readonly createdAtMs: number | undefined;
  readonly room: string;
  readonly participant: z.output<typeof participant> | undefined;
}

export type Webhook =
  | { readonly ok: true; readonly event: WebhookEvent }
  | { readonly ok: false; readonly code: 'unauthorized' | 'bad_request'; readonly why: string };

/**
 * @param raw the body as it came: the signature covers its bytes
 * @param authorization the header's value; the server sends the bare token, without "Bearer"
 */
export function readWebhook(
  raw: Buffer,
  authorization: string | undefined,
  keys: readonly LiveKitKey[],
  wallMs: number,
): Webhook {
  if (authorization === undefined)
    return { ok: false, code: 'unauthorized', why: 'the Authorization header is missing' };
  const verdict = verifyToken(authorization, keys, wallMs);
  if (!verdict.ok) return { ok: false, code: 'unauthorized', why: `its token was refused: ${verdict.why}` };
  const { sha256 } = verdict.claims;
  if (typeof sha256 !== 'string' || !sameSecret(sha256, createHash('sha256').update(raw).digest('base64')))
    return { ok: false, code: 'unauthorized', why: 'the signature is for another body' };
  const parsed = wire.safeParse(parseJson(raw.toString()));
  if (!parsed.success)
    return {
      ok: false,
      code: 'bad_request',
      why: `the event is not valid: ${z.prettifyError(parsed.error)}`,
    };
  const { event, id, createdAt, room, participant: who } = parsed.data;
  return {
    ok: true,
    event: {
      event,
      id,
      createdAtMs: createdAt === undefined ? undefined : createdAt * 1000 + 999,
      room: room?.name ?? '',
      participant: who,
    },
  };
}

import { z } from 'zod';

const KINDS = ['standard', 'ingress', 'egress', 'sip', 'agent', 'connector', 'bridge'] as const;
export type ParticipantKind = (typeof KINDS)[number];

/** The server writes names, a client library the numbers of the same list. A kind from the future is treated as a person. */
export function kindOf(kind: string | number | undefined): ParticipantKind {
  if (typeof kind === 'number') return KINDS[kind] ?? 'standard';
  return KINDS.find((known) => known.toUpperCase() === kind) ?? 'standard';
}

/** A participant as the server's API and webhooks show it. The API writes snake_case, webhooks camelCase. */
export const participant = z
  .object({
    sid: z.string().default(''),
    identity: z.string().default(''),
    kind: z.union([z.string(), z.number()]).optional(),
    attributes: z.record(z.string(), z.string()).default({}),
    disconnectReason: z.union([z.string(), z.number()]).optional(),
    disconnect_reason: z.union([z.string(), z.number()]).optional(),
  })
  .transform(({ disconnect_reason, disconnectReason = disconnect_reason, kind, ...rest }) => ({
    ...rest,
    kind: kindOf(kind),
    /** Such as `CLIENT_INITIATED`; in `participant_left` only. */
    disconnectReason,
  }));

export type Participant = z.output<typeof participant>;

/** A telephone caller whom nobody has answered. */
export function rings({ kind, attributes }: Pick<Participant, 'kind' | 'attributes'>): boolean {
  return kind === 'sip' && attributes['sip.callStatus'] === 'ringing';
}

/** Recorders and the like are in a room without taking part: they neither hold it nor answer a call. */
export function takesPart({ kind }: Participant): boolean {
  return kind !== 'egress' && kind !== 'ingress';
}

import { z } from 'zod';
import { CLAIM_STATES } from '../claim.ts';
import { SOCKET_CARRIERS } from '../states.ts';
import { agent, callId, context, identity, json, line, phone, room, vars, whole } from './parts.ts';

/** The bodies of the four routes that start a call by request. Members we do not know are refused, not ignored. */

const expect = z
  .strictObject({
    kind: z.literal('expect'),
    carrier: z.enum(SOCKET_CARRIERS).meta({ description: 'Who will connect.' }),
    ttl_s: whole(1, 3600, 'How long the seat is held for the media; the host has a default.').optional(),
  })
  .meta({ description: 'Holds a seat; the media connects to the `media_url` of the answer.' });

const livekit = z
  .strictObject({
    kind: z.literal('livekit'),
    room,
    url: z
      .string()
      .max(1024)
      .regex(/^wss?:\/\/[^/\s?#]+(\/[^\s?#]*)?$/, 'must be an address such as wss://livekit.example.com')
      .meta({ description: "The LiveKit server; the host's own when missing." })
      .optional(),
    token: line(8192, 'A token to join with; made by the host when missing.').optional(),
    participant_identity: identity
      .meta({ description: 'Whom to wait for; anybody when missing.' })
      .optional(),
    ttl_s: whole(1, 3600, 'How long to wait for the caller in the room.').optional(),
  })
  .meta({ description: 'Joins a room that exists.' });

/** Set by the WebSocket handshake, or by us. */
const NOT_YOURS = /^(host|connection|upgrade|content-length|transfer-encoding|sec-websocket-.*)$/i;
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/;

const dial = z
  .strictObject({
    kind: z.literal('dial'),
    carrier: z.literal('pcm').meta({ description: 'The protocol spoken there: plain audio.' }),
    url: z
      .string()
      .max(2048)
      .regex(/^wss?:\/\/[^/\s?#@]+(\/[^\s#]*)?$/, 'must be an address such as wss://media.example.com/call')
      .meta({ description: 'The server to connect to; its host must be one of CXBCORE_DIAL_ALLOW.' }),
    headers: z
      .record(
        z
          .string()
          .regex(HEADER_NAME)
          .refine((name) => !NOT_YOURS.test(name), 'is not yours to set'),
        z
          .string()
          .max(4096)
          .regex(/^[\t\x20-\x7e]*$/, 'must be printable ASCII'),
      )
      .refine((all) => Object.keys(all).length <= 32, 'must be at most 32')
      .meta({ description: 'Headers of the handshake, such as Authorization.' })
      .optional(),
  })
  .meta({ description: 'Connects out after the answer; the server there plays the client of /media/pcm.' });

export const attachBody = z
  .strictObject({
    call_id: callId.optional(),
    agent: agent.optional(),
    media: z.discriminatedUnion('kind', [expect, livekit, dial]),
    context: context.optional(),
  })
  .meta({ id: 'AttachBody' });
export type AttachBody = z.infer<typeof attachBody>;

export const dialoutBody = z
  .strictObject({
    call_id: callId.optional(),
    agent: agent.optional(),
    to: phone('The number to dial.'),
    from: phone('The number shown to the called party.').optional(),
    trunk_id: line(128, "LiveKit's outbound trunk; the host has a default.").optional(),
    ringing_timeout_s: whole(1, 80, 'How long it may ring.').optional(),
    max_duration_s: whole(1, 86_400, 'The longest call, counted from its answer.').optional(),
    context: z.strictObject({ vars: vars.optional() }).optional(),
  })
  .meta({ id: 'DialoutBody' });
export type DialoutBody = z.infer<typeof dialoutBody>;

export const widgetBody = z
  .strictObject({
    call_id: callId.optional(),
    agent: agent.optional(),
    name: line(128, "The visitor's name, as others in the room see it.").optional(),
    context: context.optional(),
  })
  .meta({ id: 'WidgetBody' });
export type WidgetBody = z.infer<typeof widgetBody>;

export const dispatchBody = z
  .strictObject({
    room,
    participant_identity: identity,
    sip_call_id: callId.meta({ description: "LiveKit's id of the call (`sip.callID`); it is the call id." }),
    agent: agent.optional(),
    from: phone("The caller's number.").optional(),
    to: phone('The called number.').optional(),
    trunk_id: line(128, "LiveKit's inbound trunk.").optional(),
    rule_id: line(128, "LiveKit's dispatch rule.").optional(),
    attributes: z.record(z.string().max(256), z.string().max(4096)).optional(),
    received_at: whole(1, 8.64e15, 'When the caller began to ring: milliseconds since 1970 UTC.'),
    deadline_ms: whole(1, 600_000, 'How long after `received_at` an agent may still answer.'),
    vars: vars.optional(),
  })
  .meta({ id: 'DispatchBody' });
export type DispatchBody = z.infer<typeof dispatchBody>;

/** Only on a worker's own socket: fleetd asks for it after a worker died. */
export const continueBody = z.strictObject({ call_id: callId, cause: line(256, 'How the worker died.') });

const accepted = z.looseObject({
  call_id: z.string(),
  worker: z.number().int(),
  fleet: z.string(),
  status_url: z.string(),
  media_url: z
    .string()
    .meta({ description: 'Where the media connects, once; `media.kind` expect.' })
    .optional(),
  expires_at: z.string().meta({ description: 'ISO 8601: until when.' }).optional(),
  room: z.string().optional(),
  server_url: z.string().meta({ description: 'LiveKit, for the visitor; /livekit/widget.' }).optional(),
  participant_token: z.string().meta({ description: 'Lets the visitor in; /livekit/widget.' }).optional(),
  identity: z.string().meta({ description: "The visitor's identity; /livekit/widget." }).optional(),
});

/** 202: the call is promised, and nothing of it has been noticed by anybody yet. */
export const acceptedAnswer = accepted.meta({ id: 'Accepted' });

/** 200: the id is of a call that runs here, or ended less than ten minutes ago. */
export const duplicateAnswer = accepted
  .extend({
    status: z.literal('duplicate'),
    state: z.enum(CLAIM_STATES),
    result: z.record(z.string(), json).optional(),
  })
  .meta({ id: 'Duplicate' });

/** Every answer that is no 2xx. */
export const errorAnswerSchema = z
  .looseObject({
    error: z.string(),
    message: z.string(),
    call_id: z.string().optional(),
    retry_after_s: z.number().optional(),
  })
  .meta({ id: 'Error' });

import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { type Json, parseJson } from '../../kit/json.ts';
import { CALL_ID_RULE, isCallId } from '../call-id.ts';
import {
  type AttachBody,
  attachBody,
  type DialoutBody,
  type DispatchBody,
  dialoutBody,
  dispatchBody,
  type WidgetBody,
  widgetBody,
} from './bodies.ts';
import { isTooDeep } from './parts.ts';

/** A valid start by request. */
export type StartBody =
  | { readonly route: '/attach'; readonly body: AttachBody }
  | { readonly route: '/livekit/dialout'; readonly body: DialoutBody }
  | { readonly route: '/livekit/widget'; readonly body: WidgetBody }
  | { readonly route: '/livekit/dispatch'; readonly body: DispatchBody };

export type StartRoute = StartBody['route'];

export const START_BODIES = {
  '/attach': attachBody,
  '/livekit/dialout': dialoutBody,
  '/livekit/widget': widgetBody,
  '/livekit/dispatch': dispatchBody,
} as const satisfies Record<StartRoute, z.ZodType>;

export type ReadStart =
  /** `callId` when the request names one; `hash` of what makes two requests the same. */
  | {
      readonly ok: true;
      readonly start: StartBody;
      readonly callId: string | undefined;
      readonly hash: string;
    }
  /** In words, every wrong part. */
  | { readonly ok: false; readonly why: string };

/** How many wrong parts a message names: a hostile body may have thousands. */
const FAULTS_MAX = 20;
/** How long that message may be: names of members come from whoever sent the body. */
const FAULT_CHARACTERS_MAX = 2000;

/** Reads the body of a start by request, and its `Idempotency-Key`. Never throws. */
export function readStart(route: StartRoute, text: string, idempotencyKey: string | undefined): ReadStart {
  const json = parseJson(text);
  if (json === undefined) return fault('the body is not valid JSON');
  if (isTooDeep(json)) return fault('the body is nested too deeply');
  const parsed = START_BODIES[route].safeParse(json);
  if (!parsed.success) return fault(faultsOf(parsed.error));
  const start = { route, body: parsed.data } as StartBody;
  const own = start.route === '/livekit/dispatch' ? start.body.sip_call_id : start.body.call_id;
  if (idempotencyKey !== undefined && !isCallId(idempotencyKey))
    return fault(`Idempotency-Key is another way to give call_id, and must be ${CALL_ID_RULE}`);
  if (idempotencyKey !== undefined && own !== undefined && own !== idempotencyKey)
    return fault('Idempotency-Key and the call id in the body are different: give one, or both the same');
  return { ok: true, start, callId: own ?? idempotencyKey, hash: hashOf(start) };
}

/** What is wrong with a value, part by part. */
export function faultsOf(error: z.ZodError): string {
  const wrong = error.issues.slice(0, FAULTS_MAX).map(({ path, message }) => {
    const where = path.map(String).join('.');
    return where === '' ? message : `${where}: ${message}`;
  });
  const more = error.issues.length - wrong.length;
  const all = [...wrong, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
  return all.length > FAULT_CHARACTERS_MAX ? `${all.slice(0, FAULT_CHARACTERS_MAX)}…` : all;
}

function fault(why: string): ReadStart {
  return { ok: false, why };
}

/** A dispatch is the same when it is about the same caller: its times differ from try to try. */
function hashOf({ route, body }: StartBody): string {
  const { call_id: _ignored, ...rest } = { call_id: undefined, ...body };
  const same =
    route === '/livekit/dispatch'
      ? { room: body.room, participant: body.participant_identity, call: body.sip_call_id }
      : rest;
  return createHash('sha256')
    .update(`${route}\n${canonical(same as Json)}`)
    .digest('hex');
}

/** The same text for the same value, whatever the order of its members. */
function canonical(value: Json): string {
  return JSON.stringify(value, (_name, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

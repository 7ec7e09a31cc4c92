import { z } from 'zod';
import { number, optionalText, type Setting, secrets, text } from './kinds.ts';

/** LiveKit: where it is, who we are there, and how long its steps may take. */
export const LIVEKIT_SETTINGS = {
  livekitUrl: {
    env: 'LIVEKIT_URL',
    read: z.optional(
      text
        .regex(
          /^(wss?|https?):\/\/[^/\s?#]+(\/[^\s?#]*)?$/,
          'must be an address such as wss://livekit.example.com, without query',
        )
        .transform((value) => value.replace(/^http/, 'ws').replace(/\/+$/, '')),
    ),
    shownDefault: '(none)',
    means:
      'The LiveKit server. When it is set, workers load the LiveKit client before their first call and serve the LiveKit routes.',
  } satisfies Setting<string | undefined>,
  livekitApiKeys: secrets('LIVEKIT_API_KEY', 'LiveKit API keys.', false),
  livekitApiSecrets: secrets(
    'LIVEKIT_API_SECRET',
    'Their secrets, in the same order; the first signs, all are accepted in webhooks.',
    false,
  ),
  livekitTrunk: optionalText(
    'CXBCORE_LIVEKIT_TRUNK',
    'The outbound SIP trunk of dial-outs that name none, such as ST_….',
  ),
  livekitJoinMs: number(
    'CXBCORE_LIVEKIT_JOIN_MS',
    3000,
    'ms',
    'How long joining a room may take; a join that succeeds later is undone.',
  ),
  livekitRequestMs: number(
    'CXBCORE_LIVEKIT_REQUEST_MS',
    5000,
    'ms',
    "How long LiveKit's server may take to answer a request, a dial apart.",
  ),
  livekitAnswerS: number(
    'CXBCORE_LIVEKIT_ANSWER_S',
    15,
    's',
    'How long after our audio was published an incoming call may take to be connected.',
  ),
  livekitRingingS: number(
    'CXBCORE_LIVEKIT_RINGING_S',
    30,
    's',
    'How long a dial-out rings when its request does not say.',
    { max: 80 },
  ),
  livekitNoShowS: number(
    'CXBCORE_LIVEKIT_NO_SHOW_S',
    30,
    's',
    'How long a worker waits for the visitor of a widget, or for anybody in a room it was attached to.',
  ),
  livekitVisitorS: number(
    'CXBCORE_LIVEKIT_VISITOR_S',
    180,
    's',
    "How long a widget visitor's token lets them join.",
    { max: 300 },
  ),
} as const;

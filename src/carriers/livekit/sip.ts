import type { ServerAccess } from './rooms.ts';
import { requestToken } from './tokens.ts';
import { callTwirp } from './twirp.ts';

/** The server waits for the far side longer than it lets it ring; a dial cut off early would be one of unknown outcome. */
const OVER_RINGING_MS = 15_000;
/** How long the person a caller is transferred to is rung. */
const TRANSFER_RINGING_S = 30;

export interface SipDial {
  readonly trunk: string;
  readonly to: string;
  readonly from: string | undefined;
  readonly room: string;
  readonly identity: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly ringingS: number;
  /** Bounds the leg even when nobody of ours is left to end it. */
  readonly maxS: number;
}

/** Places one call and resolves when it is answered. Never repeated. @throws LiveKitError */
export async function createSipParticipant(access: ServerAccess, dial: SipDial): Promise<void> {
  await callTwirp(access.address, access.clock, {
    service: 'SIP',
    method: 'CreateSIPParticipant',
    token: requestToken(access.key, { sip: { call: true } }, access.clock.wall()),
    body: {
      sip_trunk_id: dial.trunk,
      sip_call_to: dial.to,
      ...(dial.from === undefined ? {} : { sip_number: dial.from }),
      room_name: dial.room,
      participant_identity: dial.identity,
      participant_name: dial.to,
      participant_attributes: dial.attributes,
      ringing_timeout: `${dial.ringingS}s`,
      max_call_duration: `${dial.maxS}s`,
      wait_until_answered: true,
    },
    limitMs: dial.ringingS * 1000 + OVER_RINGING_MS,
  });
}

/**
 * Hands a telephone call on (SIP REFER). That it resolves is no proof that somebody took over: it also does when the
 * caller hung up meanwhile.
 *
 * @param to `tel:+1…` or `sip:…`
 * @throws LiveKitError
 */
export async function transferSipParticipant(
  access: ServerAccess,
  room: string,
  identity: string,
  to: string,
): Promise<void> {
  await callTwirp(access.address, access.clock, {
    service: 'SIP',
    method: 'TransferSIPParticipant',
    token: requestToken(
      access.key,
      { video: { roomAdmin: true, room }, sip: { call: true } },
      access.clock.wall(),
    ),
    body: {
      participant_identity: identity,
      room_name: room,
      transfer_to: /^\+?\d+$/.test(to) ? `tel:${to}` : to,
      ringing_timeout: `${TRANSFER_RINGING_S}s`,
    },
    limitMs: TRANSFER_RINGING_S * 1000 + OVER_RINGING_MS,
  });
}

import { createHash, createHmac } from 'node:crypto';
import { z } from 'zod';
import { type Chance, realChance, sameSecret } from '../kit/ids.ts';
import { parseJson } from '../kit/json.ts';
import { isCallId } from './call-id.ts';
import { SOCKET_CARRIERS, type SocketCarrierName } from './states.ts';

/**
 * A media token lets one connection start one call: `cxb1.<claims>.<signature>`, claims as base64url JSON, signature
 * HMAC-SHA256. It is made of characters that a URL path, a WebSocket subprotocol and a TwiML parameter all take.
 * One use: whoever accepts it claims its `id` with `kit/once`.
 */
const PREFIX = 'cxb1';
/** Signed along with the claims, so that a key used elsewhere too never signs a token by accident. */
const PURPOSE = 'cxbcore media token';
/** Twilio carries 500 characters per parameter, name included. */
const MAX_LENGTH = 480;

export interface TokenClaims {
  readonly carrier: SocketCarrierName;
  /** Milliseconds since 1970 UTC. */
  readonly expiresAtMs: number;
  readonly callId?: string;
  readonly agent?: string;
}

export interface Token extends TokenClaims {
  /** Names this token among all, without giving it away. */
  readonly id: string;
}

export type TokenVerdict =
  | { readonly ok: true; readonly token: Token }
  | { readonly ok: false; readonly why: TokenFault };

type TokenFault = 'malformed' | 'wrong signature' | 'expired' | 'for another carrier';

const wire = z.strictObject({
  c: z.enum(SOCKET_CARRIERS),
  e: z.number().int().positive(),
  i: z.string().refine(isCallId).optional(),
  a: z.string().min(1).optional(),
  n: z.string(),
});

/**
 * @param key one of `CXBCORE_TOKEN_KEYS`, the first by custom
 * @throws RangeError when the claims are not valid, or too long for every carrier to transport
 */
export function issueToken(claims: TokenClaims, key: string, chance: Chance = realChance): string {
  const parsed = wire.safeParse({
    c: claims.carrier,
    e: claims.expiresAtMs,
    ...(claims.callId === undefined ? {} : { i: claims.callId }),
    ...(claims.agent === undefined ? {} : { a: claims.agent }),
    n: Buffer.from(chance.bytes(9)).toString('base64url'),
  });
  if (!parsed.success) throw new RangeError(`no token can be made of this: ${z.prettifyError(parsed.error)}`);
  const body = Buffer.from(JSON.stringify(parsed.data)).toString('base64url');
  const token = `${PREFIX}.${body}.${sign(body, key)}`;
  if (token.length > MAX_LENGTH)
    throw new RangeError(
      `the token would have ${token.length} characters, more than the ${MAX_LENGTH} a carrier transports: use a shorter call id or agent name`,
    );
  return token;
}

/** Whether this server issued the token, for this carrier, and it has not expired. Not whether it has been used. */
export function verifyToken(
  text: string,
  expected: { readonly keys: readonly string[]; readonly carrier: SocketCarrierName; readonly nowMs: number },
): TokenVerdict {
  if (text.length > MAX_LENGTH) return { ok: false, why: 'malformed' };
  const [prefix, body, signature, ...more] = text.split('.');
  if (prefix !== PREFIX || !body || !signature || more.length > 0) return { ok: false, why: 'malformed' };
  // Every key is tried to the end, so that the time taken does not tell which one fits.
  let signed = false;
  for (const key of expected.keys) signed = sameSecret(signature, sign(body, key)) || signed;
  if (!signed) return { ok: false, why: 'wrong signature' };
  const claims = wire.safeParse(parseJson(Buffer.from(body, 'base64url').toString()));
  if (!claims.success) return { ok: false, why: 'malformed' };
  const { c: carrier, e: expiresAtMs, i: callId, a: agent } = claims.data;
  if (expiresAtMs <= expected.nowMs) return { ok: false, why: 'expired' };
  if (carrier !== expected.carrier) return { ok: false, why: 'for another carrier' };
  return {
    ok: true,
    token: {
      id: createHash('sha256').update(text).digest('hex').slice(0, 40),
      carrier,
      expiresAtMs,
      ...(callId === undefined ? {} : { callId }),
      ...(agent === undefined ? {} : { agent }),
    },
  };
}

function sign(body: string, key: string): string {
  return createHmac('sha256', key).update(`${PURPOSE}\n${PREFIX}.${body}`).digest('base64url');
}

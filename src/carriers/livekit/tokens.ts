import { createHmac } from 'node:crypto';
import { sameSecret } from '../../kit/ids.ts';
import type { Json } from '../../kit/json.ts';
import { parseJson } from '../../kit/json.ts';
import type { LiveKitKey } from './keys.ts';

/**
 * LiveKit's access tokens: JWT with HS256, `iss` the API key, `sub` the identity. Own code, because the server SDK
 * would cost a worker 10 MB for it; the tests compare with the SDK.
 */
const HEADER = Buffer.from(JSON.stringify({ alg: 'HS256' })).toString('base64url');
/** How far the server's clock may differ from ours when we check what it signed. */
const TOLERANCE_S = 10;
/** Our requests are sent at once; this only has to cover clocks that differ. */
const REQUEST_TTL_S = 60;

type Claims = Readonly<Record<string, Json>>;

/** Settings a room gets if this join creates it. */
export interface RoomConfig {
  readonly maxParticipants?: number;
  /** Seconds after the last participant left; the server's default is 20. */
  readonly departureTimeoutS?: number;
  /** Seconds a room waits for its first participant. */
  readonly emptyTimeoutS?: number;
}

export interface Join {
  readonly room: string;
  readonly identity: string;
  /** How long the token lets its holder join. */
  readonly ttlS: number;
  /** A visitor may send a microphone and nothing else, and may not change what is known of them. */
  readonly role: 'agent' | 'visitor';
  readonly name?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly roomConfig?: RoomConfig;
}

/** A token that lets its holder join a room as a participant of the standard kind, the only kind a room counts. */
export function joinToken(key: LiveKitKey, join: Join, wallMs: number): string {
  const video: Claims =
    join.role === 'agent'
      ? { canPublish: true, canSubscribe: true, canPublishData: true, canUpdateOwnMetadata: true }
      : { canPublish: true, canPublishSources: ['microphone'], canSubscribe: true, canPublishData: false };
  return sign(
    key,
    {
      sub: join.identity,
      video: { roomJoin: true, room: join.room, ...video },
      ...(join.name === undefined ? {} : { name: join.name }),
      ...(join.attributes === undefined ? {} : { attributes: join.attributes }),
      ...(join.roomConfig === undefined ? {} : { roomConfig: roomConfigClaim(join.roomConfig) }),
    },
    join.ttlS,
    wallMs,
  );
}

/** A token for one request to the server's API. */
export function requestToken(
  key: LiveKitKey,
  grants: { readonly video?: Claims; readonly sip?: Claims },
  wallMs: number,
): string {
  return sign(key, { ...grants }, REQUEST_TTL_S, wallMs);
}

/** The claims of a token that one of our keys signed and that is valid now; otherwise why it is not. */
export function verifyToken(
  token: string,
  keys: readonly LiveKitKey[],
  wallMs: number,
): { readonly ok: true; readonly claims: Claims } | { readonly ok: false; readonly why: string } {
  const [header, body, signature, ...more] = token.split('.');
  if (header === undefined || body === undefined || signature === undefined || more.length > 0)
    return { ok: false, why: 'it is no token' };
  if (member(decoded(header), 'alg') !== 'HS256') return { ok: false, why: 'it is not signed with HS256' };
  const signed = keys.filter(({ secret }) => sameSecret(signature, hmac(`${header}.${body}`, secret)));
  const claims = decoded(body);
  if (claims === undefined || !signed.some(({ key }) => claims['iss'] === key))
    return { ok: false, why: 'none of our keys signed it' };
  const { exp, nbf } = claims;
  const nowS = wallMs / 1000;
  if (typeof exp !== 'number' || exp + TOLERANCE_S < nowS) return { ok: false, why: 'it has expired' };
  if (typeof nbf === 'number' && nbf - TOLERANCE_S > nowS) return { ok: false, why: 'it is not valid yet' };
  return { ok: true, claims };
}

function sign(key: LiveKitKey, claims: Claims, ttlS: number, wallMs: number): string {
  const nowS = Math.floor(wallMs / 1000);
  const payload = { ...claims, iss: key.key, nbf: nowS - TOLERANCE_S, exp: nowS + ttlS };
  const body = Buffer.from(JSON.stringify(payload)).toString('base64url');
  return `${HEADER}.${body}.${hmac(`${HEADER}.${body}`, key.secret)}`;
}

function hmac(text: string, secret: string): string {
  return createHmac('sha256', secret).update(text).digest('base64url');
}

function decoded(part: string): Claims | undefined {
  const value = parseJson(Buffer.from(part, 'base64url').toString());
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Claims) : undefined;
}

function member(claims: Claims | undefined, name: string): Json | undefined {
  return claims?.[name];
}

function roomConfigClaim({ maxParticipants, departureTimeoutS, emptyTimeoutS }: RoomConfig): Claims {
  return {
    ...(maxParticipants === undefined ? {} : { maxParticipants }),
    ...(departureTimeoutS === undefined ? {} : { departureTimeout: departureTimeoutS }),
    ...(emptyTimeoutS === undefined ? {} : { emptyTimeout: emptyTimeoutS }),
  };
}

import { AccessToken, RoomConfiguration, TokenVerifier } from 'livekit-server-sdk';
import { describe, expect, test } from 'vitest';
import { readSettings } from '../../contract/settings.ts';
import { livekitKeys } from './keys.ts';
import { joinToken, requestToken, verifyToken } from './tokens.ts';

const KEY = { key: 'devkey', secret: 'devsecretdevsecretdevsecretdevsecret' };
const OTHER = { key: 'newkey', secret: 'anothersecretanothersecretanothersec' };
const now = Date.now();

describe('LiveKit tokens', () => {
  test('say what the vendor’s own say', async () => {
    const theirs = new AccessToken(KEY.key, KEY.secret, {
      identity: 'agent-1',
      ttl: 60,
      attributes: { a: 'b' },
    });
    theirs.addGrant({
      roomJoin: true,
      room: 'r',
      canPublish: true,
      canSubscribe: true,
      canPublishData: true,
      canUpdateOwnMetadata: true,
    });
    theirs.roomConfig = new RoomConfiguration({ maxParticipants: 2, departureTimeout: 5 });
    const verifier = new TokenVerifier(KEY.key, KEY.secret);
    const expected = await verifier.verify(await theirs.toJwt());
    const ours = joinToken(
      KEY,
      {
        room: 'r',
        identity: 'agent-1',
        role: 'agent',
        ttlS: 60,
        attributes: { a: 'b' },
        roomConfig: { maxParticipants: 2, departureTimeoutS: 5 },
      },
      now,
    );
    const { exp, nbf, ...claims } = await verifier.verify(ours);
    const { exp: theirExp, nbf: _nbf, roomConfig, ...theirClaims } = expected;
    expect({ ...claims, roomConfig: undefined }).toEqual({ ...theirClaims, roomConfig: undefined });
    expect(claims.roomConfig).toMatchObject({ maxParticipants: 2, departureTimeout: 5 });
    expect(roomConfig).toMatchObject({ maxParticipants: 2, departureTimeout: 5 });
    expect(Math.abs((exp ?? 0) - (theirExp ?? 0))).toBeLessThan(30);
    expect(nbf).toBeLessThanOrEqual(now / 1000);
  });

  test('let a visitor send a microphone and nothing else', async () => {
    const token = joinToken(KEY, { room: 'web-1', identity: 'v', role: 'visitor', ttlS: 120 }, now);
    const { video } = await new TokenVerifier(KEY.key, KEY.secret).verify(token);
    expect(video).toEqual({
      roomJoin: true,
      room: 'web-1',
      canPublish: true,
      canPublishSources: ['microphone'],
      canSubscribe: true,
      canPublishData: false,
    });
  });

  test('of the vendor are accepted, signed with any of our keys', async () => {
    const token = await new AccessToken(OTHER.key, OTHER.secret, { identity: 'x', ttl: 60 }).toJwt();
    expect(verifyToken(token, [KEY, OTHER], now)).toMatchObject({ ok: true, claims: { sub: 'x' } });
    expect(verifyToken(token, [KEY], now)).toMatchObject({ ok: false });
  });

  test('are refused when forged, expired, early, unsigned, or under another name', () => {
    const token = requestToken(KEY, { video: { roomList: true } }, now);
    const [header = '', body = '', signature = ''] = token.split('.');
    const unsigned = Buffer.from('{"alg":"none"}').toString('base64url');
    for (const [forged, why] of [
      [`${header}.${body}x.${signature}`, /none of our keys/],
      [`${unsigned}.${body}.${signature}`, /HS256/],
      [`${header}.${body}`, /no token/],
      [`Bearer ${token}`, /HS256/],
      [requestToken({ ...KEY, key: 'somebody' }, {}, now), /none of our keys/],
      [requestToken(KEY, {}, now - 3_600_000), /expired/],
      [requestToken(KEY, {}, now + 3_600_000), /not valid yet/],
    ] as const)
      expect(verifyToken(forged, [KEY], now)).toEqual({ ok: false, why: expect.stringMatching(why) });
    expect(verifyToken(token, [KEY], now).ok).toBe(true);
  });
});

describe('LiveKit keys', () => {
  const env = (key: string, secret: string) => ({
    LIVEKIT_URL: 'wss://livekit.example.com/',
    LIVEKIT_API_KEY: key,
    LIVEKIT_API_SECRET: secret,
  });

  test('are pairs, or one key with several secrets', () => {
    expect(livekitKeys(readSettings(env('a,b', 's1,s2'), 'h'))).toEqual([
      { key: 'a', secret: 's1' },
      { key: 'b', secret: 's2' },
    ]);
    expect(livekitKeys(readSettings(env('a', 's1,s2'), 'h'))).toEqual([
      { key: 'a', secret: 's1' },
      { key: 'a', secret: 's2' },
    ]);
  });

  test('that do not fit together are a wrong setting', () => {
    expect(() => readSettings(env('a,b', 's1'), 'h')).toThrow('as many values');
    expect(() => readSettings(env('', ''), 'h')).toThrow('needs LIVEKIT_API_KEY');
  });
});

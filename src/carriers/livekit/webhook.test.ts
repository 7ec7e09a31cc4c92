import { createHash } from 'node:crypto';
import { AccessToken } from 'livekit-server-sdk';
import { describe, expect, test } from 'vitest';
import { readWebhook } from './webhook.ts';

const KEY = { key: 'devkey', secret: 'devsecretdevsecretdevsecretdevsecret' };
const now = Date.now();

async function authorization(body: string, key = KEY): Promise<string> {
  const token = new AccessToken(key.key, key.secret, { ttl: 300 });
  token.sha256 = createHash('sha256').update(body).digest('base64');
  return token.toJwt();
}

const body = JSON.stringify({
  event: 'participant_joined',
  id: 'EV_1',
  createdAt: '1795466612',
  room: { sid: 'RM_1', name: 'in_1' },
  participant: {
    sid: 'PA_1',
    identity: 'sip_+15550100',
    state: 'ACTIVE',
    kind: 'SIP',
    attributes: { 'sip.callID': 'SCL_1', 'sip.callStatus': 'ringing' },
  },
});

describe('a LiveKit webhook', () => {
  test('signed by one of our keys tells who came, into which room, when', async () => {
    const other = { key: 'k2', secret: 'anothersecretanothersecretanothersec' };
    const read = readWebhook(Buffer.from(body), await authorization(body), [other, KEY], now);
    expect(read).toEqual({
      ok: true,
      event: {
        event: 'participant_joined',
        id: 'EV_1',
        createdAtMs: 1_795_466_612_999,
        room: 'in_1',
        participant: {
          sid: 'PA_1',
          identity: 'sip_+15550100',
          kind: 'sip',
          attributes: { 'sip.callID': 'SCL_1', 'sip.callStatus': 'ringing' },
          disconnectReason: undefined,
        },
      },
    });
  });

  test('leaves out what is zero', async () => {
    const small = JSON.stringify({
      event: 'participant_left',
      id: 'EV_2',
      room: { name: 'r' },
      participant: { identity: 'web', disconnectReason: 'CLIENT_INITIATED' },
    });
    expect(readWebhook(Buffer.from(small), await authorization(small), [KEY], now)).toMatchObject({
      ok: true,
      event: {
        participant: { kind: 'standard', attributes: {}, disconnectReason: 'CLIENT_INITIATED' },
        createdAtMs: undefined,
      },
    });
  });

  test('is refused without our signature over exactly its bytes', async () => {
    const token = await authorization(body);
    const stranger = await authorization(body, {
      key: 'devkey',
      secret: 'guessedguessedguessedguessedguessed1',
    });
    for (const [raw, header] of [
      [body, undefined],
      [body, `Bearer ${token}`],
      [`${body} `, token],
      [body, stranger],
      [body, ''],
    ] as const)
      expect(readWebhook(Buffer.from(raw), header, [KEY], now)).toMatchObject({
        ok: false,
        code: 'unauthorized',
      });
    expect(readWebhook(Buffer.from(body), token, [KEY], now + 600_000)).toMatchObject({ ok: false });
    expect(readWebhook(Buffer.from(body), token, [], now)).toMatchObject({ ok: false });
  });

  test('that is no event is a bad request', async () => {
    for (const odd of ['', '[]', '{"event":7,"id":"x"}'])
      expect(readWebhook(Buffer.from(odd), await authorization(odd), [KEY], now)).toMatchObject({
        ok: false,
        code: 'bad_request',
      });
  });
});

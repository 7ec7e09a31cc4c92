import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pcm } from '../../src/carriers/pcm/media.ts';
import { twilio } from '../../src/carriers/twilio/media.ts';
import { signTwilio } from '../../src/carriers/twilio/signature.ts';
import { issueToken } from '../../src/contract/token.ts';
import type { CarrierMedia } from '../../src/ports/carrier.ts';
import { NoLine } from '../../src/ports/carrier.ts';
import { CarrierServer } from '../support/carrier-server.ts';
import { RawClient, RefusedError } from '../support/raw-client.ts';
import { CONNECTED, mediaFrame, START, startWith } from '../support/twilio-far-end.ts';

const SECRETS = {
  CXBCORE_TOKEN_KEYS: 'token-key-of-16-chars',
  CXBCORE_API_KEYS: 'key-new-of-16-chars,key-old-of-16-chars',
};
/** What no stranger needs to know: names of settings, and our address. */
const SETTING = /[A-Z]{3,}_[A-Z]|voice\.example/;
const PUBLIC = { CXBCORE_PUBLIC_URL: 'https://voice.example.com', TWILIO_AUTH_TOKEN: 'auth-new,auth-old' };

let server: CarrierServer;
let clients: RawClient[];

beforeEach(() => {
  clients = [];
});
afterEach(() => {
  for (const client of clients) client.socket.terminate();
  server.close();
});

async function serve(carrier: CarrierMedia, env: Readonly<Record<string, string>>, trusted = false) {
  server = new CarrierServer(carrier, { env, trusted });
  const address = `ws://127.0.0.1:${await server.listen()}/media/${carrier.name}`;
  return async (headers: Readonly<Record<string, string>> = {}, protocols: readonly string[] = []) => {
    const client = await RawClient.connect(address, protocols, { headers });
    clients.push(client);
    return client;
  };
}

/** What a connection that should not become a line is closed with. */
async function refusal(client: RawClient): Promise<{ code: number; reason: string }> {
  const outcome = await server.outcome();
  if (!('error' in outcome)) throw new Error('it became a line');
  expect(outcome.error).toBeInstanceOf(NoLine);
  return client.closed;
}

function token(
  over: { carrier?: 'pcm' | 'twilio'; inMs?: number; agent?: string; callId?: string; key?: string } = {},
) {
  const { carrier = 'pcm', inMs = 60_000, key = 'token-key-of-16-chars', ...claims } = over;
  return issueToken({ carrier, expiresAtMs: server.clock.wall() + inMs, ...claims }, key);
}

const pcmStart = { event: 'start', rate: 16000 };

describe('a plain-audio upgrade in production', () => {
  test('without configured credentials is refused before 101, and only the operator learns what to set', async () => {
    const connect = await serve(pcm, {});
    await expect(connect()).rejects.toMatchObject({ status: 401, body: expect.not.stringMatching(SETTING) });
    expect(server.problems).toEqual([expect.stringContaining('CXBCORE_API_KEYS')]);
    await expect(connect({}, ['cxb', `cxb.${token()}`])).rejects.toMatchObject({
      status: 401,
      body: expect.not.stringMatching(SETTING),
    });
    expect(server.problems[1]).toContain('CXBCORE_TOKEN_KEYS');
  });

  test('passes with any of the API keys, and with nothing that looks like one', async () => {
    const connect = await serve(pcm, SECRETS);
    for (const key of ['key-new-of-16-chars', 'key-old-of-16-chars']) {
      (await connect({ Authorization: `Bearer ${key}` })).send(pcmStart);
      expect((await server.line()).facts.carrier).toBe('pcm');
    }
    for (const value of [
      'Bearer key-x',
      'Bearer',
      'Basic key-new-of-16-chars',
      'key-new-of-16-chars',
      'Bearer key-new-of-16-chars,key-old-of-16-chars',
      '',
    ])
      await expect(connect({ Authorization: value })).rejects.toBeInstanceOf(RefusedError);
    await expect(connect()).rejects.toMatchObject({ status: 401 });
  });

  test('passes with a token from a browser, whose subprotocol is answered and whose claims count', async () => {
    const connect = await serve(pcm, SECRETS);
    const client = await connect({}, ['cxb', `cxb.${token({ agent: 'clinic', callId: 'c-7' })}`]);
    expect(client.socket.protocol).toBe('cxb');
    client.send(pcmStart);
    expect((await server.line()).facts).toMatchObject({ agent: 'clinic', callId: 'c-7' });
  });

  test('with a token that is expired, forged, for another carrier, or used is refused before 101', async () => {
    const connect = await serve(pcm, SECRETS);
    const used = token();
    (await connect({}, ['cxb', `cxb.${used}`])).send(pcmStart);
    await server.line();
    const faults = {
      used,
      expired: token({ inMs: -1 }),
      signature: token({ key: 'x' }),
      carrier: token({ carrier: 'twilio' }),
    };
    for (const [word, text] of Object.entries(faults))
      await expect(connect({}, ['cxb', `cxb.${text}`])).rejects.toMatchObject({
        status: 401,
        body: expect.stringContaining(word),
      });
  });

  test('keeps its token when no call came of it, and lets one of two racing starts in', async () => {
    const connect = await serve(pcm, SECRETS);
    const text = token();
    const failed = await connect({}, ['cxb', `cxb.${text}`]);
    failed.send({ event: 'start', rate: 1 });
    expect(await refusal(failed)).toMatchObject({ code: 1008 });
    const racing = [await connect({}, ['cxb', `cxb.${text}`]), await connect({}, ['cxb', `cxb.${text}`])];
    for (const client of racing) client.send(pcmStart);
    const outcomes = [await server.outcome(), await server.outcome()];
    expect(outcomes.filter((outcome) => 'line' in outcome)).toHaveLength(1);
  });

  test('cannot use a token for another agent or call id than it names', async () => {
    const connect = await serve(pcm, SECRETS);
    for (const start of [{ agent: 'other' }, { call_id: 'c-8' }]) {
      const client = await connect({}, ['cxb', `cxb.${token({ agent: 'clinic', callId: 'c-7' })}`]);
      client.send({ ...pcmStart, ...start });
      expect(await refusal(client)).toMatchObject({ code: 1008, reason: expect.stringContaining('another') });
    }
  });
});

describe('a Twilio upgrade in production', () => {
  const url = 'wss://voice.example.com/media/twilio';
  const signed = (key: string, address = url) => ({ 'X-Twilio-Signature': signTwilio(address, {}, key) });

  test.each([
    ['TWILIO_AUTH_TOKEN', { ...PUBLIC, TWILIO_AUTH_TOKEN: '' }],
    ['CXBCORE_TOKEN_KEYS', PUBLIC],
    ['CXBCORE_PUBLIC_URL', { CXBCORE_MODE: 'development', TWILIO_AUTH_TOKEN: 'auth-new' }],
  ])('without %s is refused before 101, and only the operator learns what to set', async (name, env) => {
    const connect = await serve(twilio, env);
    await expect(connect(signed('auth-new'))).rejects.toMatchObject({
      status: 401,
      body: expect.not.stringMatching(SETTING),
    });
    expect(server.problems).toEqual([expect.stringContaining(name)]);
  });

  test('with a signature for another address is not told which address or setting it should have been', async () => {
    const connect = await serve(twilio, { ...PUBLIC, ...SECRETS });
    await expect(connect(signed('auth-new', 'wss://other.example.com/media/twilio'))).rejects.toMatchObject({
      status: 401,
      body: expect.not.stringMatching(SETTING),
    });
    expect(server.problems).toEqual([expect.stringContaining('voice.example.com')]);
  });

  test('passes with a signature by any of the auth tokens, and not without one', async () => {
    const connect = await serve(twilio, { ...PUBLIC, ...SECRETS });
    for (const key of ['auth-new', 'auth-old']) await connect(signed(key));
    await connect(signed('auth-new', `${url}/`));
    await expect(connect(signed('auth-x'))).rejects.toMatchObject({ status: 401 });
    await expect(connect(signed('auth-new', 'wss://evil.example.com/media/twilio'))).rejects.toMatchObject({
      status: 401,
    });
    await expect(connect()).rejects.toMatchObject({ status: 401 });
  });

  test('needs its token once in the start message: missing, forged, expired and used ones are refused', async () => {
    const connect = await serve(twilio, { ...PUBLIC, ...SECRETS });
    const used = token({ carrier: 'twilio' });
    const start = async (parameters: Readonly<Record<string, string>>) => {
      const client = await connect(signed('auth-new'));
      client.send(CONNECTED);
      client.send(startWith(parameters));
      return client;
    };
    await start({ token: used });
    expect((await server.line()).facts.vars).toEqual({});
    const faults: [Readonly<Record<string, string>>, string][] = [
      [{}, 'no token'],
      [{ token: used }, 'used'],
      [{ token: token({ carrier: 'twilio', key: 'x' }) }, 'signature'],
      [{ token: token({ carrier: 'twilio', inMs: 0 }) }, 'expired'],
      [{ token: token({ carrier: 'pcm' }) }, 'another carrier'],
      [{ token: token({ carrier: 'twilio', agent: 'clinic' }), agent: 'survey' }, 'another agent'],
    ];
    for (const [parameters, word] of faults)
      expect(await refusal(await start(parameters))).toMatchObject({
        code: 1008,
        reason: expect.stringContaining(word),
      });
  });

  test('does without the token where that is set, but not with a wrong one', async () => {
    const connect = await serve(twilio, { ...PUBLIC, ...SECRETS, CXBCORE_TWILIO_TOKEN: 'optional' });
    (await connect(signed('auth-new'))).send(START);
    expect((await server.line()).facts.carrierCallId).toBe('CA1');
    const client = await connect(signed('auth-new'));
    client.send(startWith({ token: 'made up' }));
    expect(await refusal(client)).toMatchObject({ code: 1008 });
  });
});

describe('the first message', () => {
  const cases: [string, CarrierMedia, (object | string | Uint8Array)[]][] = [
    ['audio before the start, of plain audio', pcm, [new Uint8Array(640)]],
    ['another message first, of plain audio', pcm, [{ event: 'mark', name: 'x' }]],
    ['a rate there is not', pcm, [{ event: 'start', rate: 11025 }]],
    ['text that is not JSON, of plain audio', pcm, ['hello']],
    ['media before the start, of Twilio', twilio, [CONNECTED, mediaFrame(new Int16Array(160), 0)]],
    ['media first of all, of Twilio', twilio, [mediaFrame(new Int16Array(160), 0)]],
    ['an unknown message first, of Twilio', twilio, [{ event: 'hello' }]],
    ['a binary message first, of Twilio', twilio, [new Uint8Array(10)]],
    ['stop before the start, of Twilio', twilio, [CONNECTED, { event: 'stop' }]],
    [
      'a codec that is not Twilio’s',
      twilio,
      [{ ...START, start: { ...START.start, mediaFormat: { encoding: 'opus', sampleRate: 8000 } } }],
    ],
    ['a call id that is none, of Twilio', twilio, [startWith({ call_id: 'a b' })]],
  ];
  test.each(cases)('closes with 1008 and the reason: %s', async (_name, carrier, messages) => {
    const connect = await serve(carrier, {}, true);
    const client = await connect();
    for (const message of messages) client.send(message);
    const { code, reason } = await refusal(client);
    expect(code).toBe(1008);
    expect(reason).not.toBe('');
  });

  test.each([pcm, twilio])('has to come in time, or the seat is given back', async (carrier) => {
    const connect = await serve(carrier, { CXBCORE_FIRST_MESSAGE_MS: '5000' }, true);
    const client = await connect();
    if (carrier === twilio) client.send(CONNECTED);
    await server.clock.runUntil(server.clock.now() + 5000);
    expect(await refusal(client)).toMatchObject({ code: 1008, reason: expect.stringContaining('5000 ms') });
  });

  test.each([pcm, twilio])(
    'never comes when the other side goes away, and that is told at once',
    async (carrier) => {
      const connect = await serve(carrier, {}, true);
      (await connect()).socket.terminate();
      expect(await server.outcome()).toMatchObject({ error: { name: 'NoLine' } });
      const broken = await connect();
      broken.send('x'.repeat(server.settings.maxMessageBytes + 1));
      expect(await refusal(broken)).toMatchObject({ code: 1009 });
    },
  );

  test('may be preceded by what Twilio adds one day', async () => {
    const connect = await serve(twilio, {}, true);
    const client = await connect();
    for (const message of [CONNECTED, { event: 'weather' }, START]) client.send(message);
    expect((await server.line()).facts.carrierCallId).toBe('CA1');
  });
});

describe('in development, from this machine', () => {
  test('neither carrier needs credentials, and a subprotocol is still answered', async () => {
    const connect = await serve(pcm, {}, true);
    const client = await connect({}, ['cxb']);
    expect(client.socket.protocol).toBe('cxb');
    client.send(pcmStart);
    expect((await server.line()).facts.carrier).toBe('pcm');
  });

  test('a token that is given still says which agent, and is still used up', async () => {
    const connect = await serve(pcm, SECRETS, true);
    const text = token({ agent: 'clinic' });
    (await connect({}, ['cxb', `cxb.${text}`])).send(pcmStart);
    expect((await server.line()).facts.agent).toBe('clinic');
  });
});

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { signTwilio } from '../../src/carriers/twilio/signature.ts';
import { journalFolder, recordPath } from '../../src/journal/paths.ts';
import { entryPath } from '../../src/kit/entry.ts';
import { RawClient } from '../support/raw-client.ts';
import { CONNECTED, startWith } from '../support/twilio-far-end.ts';
import { freeWorker } from '../support/worker.ts';

const KEYS = { CXBCORE_TOKEN_KEYS: 'a-long-random-text' };
const ENV = {
  ...KEYS,
  CXBCORE_MODE: 'production',
  CXBCORE_PUBLIC_URL: 'https://voice.example.com',
  TWILIO_AUTH_TOKEN: 'auth-token',
};

test('in production a Twilio call needs its signature and its token, and a worker that refuses stays free', async () => {
  const worker = await freeWorker({ env: ENV });
  const connect = async (authToken: string) => {
    await worker.until(({ state }) => state === 'free');
    const signature = signTwilio('wss://voice.example.com/media/twilio', {}, authToken);
    return RawClient.connect(`ws+unix:${worker.socket}:/media/twilio`, [], {
      headers: { 'X-Twilio-Signature': signature },
    });
  };
  const start = async (parameters: Readonly<Record<string, string>>) => {
    const client = await connect('auth-token');
    client.send(CONNECTED);
    client.send(startWith(parameters));
    return client;
  };

  await expect(connect('another')).rejects.toMatchObject({
    status: 401,
    body: expect.stringContaining('"error":"unauthorized"'),
  });
  expect(await (await start({})).closed).toMatchObject({ code: 1008 });
  expect(readdirSync(journalFolder(worker.dataDir))).toEqual([]);

  const words = [entryPath('cli/main'), 'token', '--carrier', 'twilio', '--call-id', 'call_signed'];
  const token = execFileSync(process.execPath, words, { env: KEYS, encoding: 'utf8' }).trim();
  const caller = await start({ token, from: '+15550101' });
  expect(await caller.nextJson()).toMatchObject({ event: 'media', streamSid: 'MZ1' });
  caller.send({ event: 'stop', streamSid: 'MZ1', stop: { accountSid: 'AC1', callSid: 'CA1' } });
  expect(await caller.closed).toMatchObject({ code: 1000 });
  await worker.until(({ state }) => state === 'free');
  expect(JSON.parse(readFileSync(recordPath(worker.dataDir, 'call_signed'), 'utf8'))).toMatchObject({
    carrier: 'twilio',
    carrier_call_id: 'CA1',
    from: '+15550101',
    end: { reason: 'caller.hung_up' },
  });

  expect(await (await start({ token })).closed).toMatchObject({ code: 1008 });
  expect(readdirSync(journalFolder(worker.dataDir))).toHaveLength(1);
  expect(worker.output()).not.toContain(token);
  expect(worker.output()).not.toContain('auth-token');
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { quietHost, type TestHost, until } from '../support/host.ts';
import { describeWith } from '../support/programs.ts';
import { freePort } from '../support/worker.ts';
import { ring } from './support/calls.ts';
import { KEY, LiveKitServer } from './support/server.ts';

describeWith('livekit-server')('a LiveKit server that is started anew in mid-call', () => {
  let server: LiveKitServer;
  let started: TestHost;
  beforeEach(async () => {
    const frontPort = await freePort();
    server = await LiveKitServer.start(`http://127.0.0.1:${frontPort}/webhooks/livekit`);
    const env = { LIVEKIT_URL: server.url, LIVEKIT_API_KEY: KEY.key, LIVEKIT_API_SECRET: KEY.secret };
    started = await quietHost({ workers: 1, front: 'builtin', frontPort, env });
    await started.host.ready(1);
  });
  afterEach(() => server.stop());

  const inState = (wanted: string) => until(async () => (await started.host.status(1))?.state === wanted);
  const inCall = async () => {
    const ringing = await ring(server.url);
    ringing.caller.answerWhenHeard();
    await inState('live');
    return ringing;
  };

  test.each([
    ['was stopped', 'stop', 'SERVER_SHUTDOWN'],
    ['crashed', 'kill', expect.any(String)],
  ] as const)(
    'and %s: the call is over, its record says so, and the same worker answers the next caller',
    async (_, how, detail) => {
      const pid = started.host.workers()[0]?.pid;
      const { at } = await inCall();
      await server[how]();
      await server.start();
      const record = await until(() => recordOf(started.folder, at.callId));
      expect(record).toMatchObject({
        end: { reason: 'line.lost', detail },
        incarnations: [{ n: 1, ended: 'end' }],
      });
      await inState('free');
      const next = await inCall();
      expect(started.host.workers()[0]?.pid).toBe(pid);
      await next.caller.leave();
    },
  );
});

function recordOf(folder: string, callId: string): unknown {
  try {
    return JSON.parse(readFileSync(join(folder, 'data/records', `${callId}.json`), 'utf8'));
  } catch {
    return undefined;
  }
}

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeWav } from '../../src/audio/wav.ts';
import { ask, quietHost, type TestHost, temporaryFolder, until } from '../support/host.ts';
import { post } from '../support/post.ts';
import { describeWith } from '../support/programs.ts';
import { freePort } from '../support/worker.ts';
import { eventually, ring, tone } from './support/calls.ts';
import type { Party } from './support/far-end.ts';
import { KEY, LiveKitServer } from './support/server.ts';

// The agents of these hosts speak silence: whatever a caller hears is the announcement.
describeWith('livekit-server')('callers for whom there is no seat', () => {
  let frontPort: number;
  let server: LiveKitServer;
  // One for each test: it would go on telling a host that is gone of its rooms, and this test's events wait behind that.
  beforeEach(async () => {
    frontPort = await freePort();
    server = await LiveKitServer.start(`http://127.0.0.1:${frontPort}/webhooks/livekit`);
  });
  afterEach(() => server.stop());

  const openHost = async (env: Record<string, string>): Promise<TestHost> => {
    const keys = { LIVEKIT_URL: server.url, LIVEKIT_API_KEY: KEY.key, LIVEKIT_API_SECRET: KEY.secret };
    const opened = await quietHost({ workers: 1, front: 'builtin', frontPort, env: { ...keys, ...env } });
    await opened.host.ready(1);
    return opened;
  };
  /** Its one seat is kept for a visitor. */
  const fullHost = async (env: Record<string, string>): Promise<TestHost> => {
    const opened = await openHost({ CXBCORE_DISPATCH_S: '1', ...env });
    expect((await post({ port: frontPort }, '/livekit/widget', {})).status).toBe(202);
    return opened;
  };
  const recording = (): string => {
    const path = join(temporaryFolder(), 'busy.wav');
    writeFileSync(path, writeWav({ rate: 8000, channels: [tone(1000, 8000)] }));
    return path;
  };
  const metric = async (line: string) => (await ask(frontPort, '/metrics')).body.includes(line);
  /** How much of what was heard was not silence. */
  const loudMs = ({ loudAt }: Party) => loudAt.length * 20;

  test('a caller who rings in vain is answered by the announcement, hears all of it, and is hung up', async () => {
    await fullHost({ CXBCORE_DISPATCH_BUSY: 'announce', CXBCORE_BUSY_TEXT: 'All lines are busy. Goodbye.' });
    const { caller } = await ring(server.url);
    caller.answerWhenHeard();
    expect(await caller.gone).toBe('PARTICIPANT_REMOVED');
    expect(loudMs(caller)).toBeGreaterThan(1000); // of two seconds with their pauses
    await until(() => metric('cxbcore_announcements_total{outcome="done"} 1'));
    expect(await metric('cxbcore_dispatches_total{outcome="no_seat"} 1')).toBe(true);
  });

  test('a recording is played in place of the sentence, to no more callers at once than set', async () => {
    const most = { CXBCORE_BUSY_WAV: recording(), CXBCORE_BUSY_MOST: '1' };
    await fullHost({ CXBCORE_DISPATCH_BUSY: 'announce', ...most });
    const { caller: first } = await ring(server.url);
    await eventually('the announcement waits for the first', () => first.room.remoteParticipants.size === 1);
    const { caller: second } = await ring(server.url);
    expect(await second.gone).toBe('PARTICIPANT_REMOVED');
    expect(loudMs(second)).toBe(0);
    expect(await metric('cxbcore_announcements_total{outcome="too_many"} 1')).toBe(true);
    first.answerWhenHeard();
    expect(await first.gone).toBe('PARTICIPANT_REMOVED');
    expect(loudMs(first)).toBeGreaterThan(800);
    expect(loudMs(first)).toBeLessThan(1200);
  });

  test('an announcement that cannot be played hangs up all the same', async () => {
    await fullHost({ CXBCORE_DISPATCH_BUSY: 'announce', CXBCORE_BUSY_WAV: '/nowhere/busy.wav' });
    const { caller } = await ring(server.url);
    expect(await caller.gone).toBe('PARTICIPANT_REMOVED');
    await until(() => metric('cxbcore_announcements_total{outcome="failed"} 1'));
  });

  test('a caller who hears the announcement and leaves is looked for no more', async () => {
    await fullHost({ CXBCORE_DISPATCH_BUSY: 'announce' });
    const { caller } = await ring(server.url);
    caller.answerWhenHeard();
    await eventually('it speaks', () => loudMs(caller) > 0);
    await caller.leave();
    await until(() => metric('cxbcore_announcements_total{outcome="done"} 1'));
  });

  test('a caller whose worker died, and for whom no other has a seat, hears it too and is hung up', async () => {
    const { host, folder } = await openHost({
      CXBCORE_DISPATCH_BUSY: 'announce',
      CXBCORE_BUSY_WAV: recording(),
      CXBCORE_RESURRECT_WAIT_S: '1',
    });
    const { at, caller } = await ring(server.url);
    caller.answerWhenHeard();
    await until(async () => (await host.status(1))?.state === 'live');
    // It comes back, and takes no call any more.
    await post({ socketPath: join(folder, 'cxbcore_1.ctl') }, '/drain', '');
    const [worker] = host.workers();
    process.kill(worker?.pid ?? 0, 'SIGKILL');
    expect(await caller.gone).toBe('PARTICIPANT_REMOVED');
    expect(loudMs(caller)).toBeGreaterThan(800);
    await until(() => metric('cxbcore_continuations_total{outcome="no_seat"} 1'));
    const record = await until(() => recordOf(folder, at.callId));
    expect(record).toMatchObject({ end: { reason: 'worker.died' }, incarnations: [{ n: 1 }] });
  });

  test('with no continuation allowed a caller whose worker died is hung up at once', async () => {
    const { host, folder } = await openHost({ CXBCORE_RESURRECT_MAX: '0' });
    const { at, caller } = await ring(server.url);
    caller.answerWhenHeard();
    await until(async () => (await host.status(1))?.state === 'live');
    const [worker] = host.workers();
    process.kill(worker?.pid ?? 0, 'SIGKILL');
    expect(await caller.gone).toBe('ROOM_DELETED');
    expect(loudMs(caller)).toBe(0);
    await until(() => metric('cxbcore_continuations_total{outcome="over"} 1'));
    const record = await until(() => recordOf(folder, at.callId));
    expect(record).toMatchObject({ end: { reason: 'worker.died' }, incarnations: [{ n: 1 }] });
  });
});

function recordOf(folder: string, callId: string): unknown {
  try {
    return JSON.parse(readFileSync(join(folder, 'data/records', `${callId}.json`), 'utf8'));
  } catch {
    return undefined;
  }
}

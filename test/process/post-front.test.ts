import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { openReferenceFront } from '../../bench/reference-front.ts';
import { START_POSTS } from '../../src/contract/front-answers.ts';
import { ask, quietHost, type TestHost, temporaryFolder, until } from '../support/host.ts';
import { EXPECT_PCM, type Posted, post } from '../support/post.ts';
import { describeWith } from '../support/programs.ts';
import { RawClient, RefusedError } from '../support/raw-client.ts';

const WORKER = fileURLToPath(new URL('../fixtures/request-worker.mjs', import.meta.url));

interface RequestHost extends TestHost {
  /** What the workers' LiveKit was asked: `<worker> prepare|board|undo <kind> <call id>`. */
  readonly asked: () => readonly string[];
}

async function requestHost(workers: number, env: Record<string, string> = {}): Promise<RequestHost> {
  const folder = temporaryFolder();
  const notes = join(folder, 'requests');
  const started = await quietHost({
    workers,
    front: 'nginx',
    socketDir: folder,
    workerCommand: { file: process.execPath, args: [WORKER] },
    env: {
      CXBCORE_AGENT: 'quiet',
      CXBCORE_TOKEN_KEYS: 'token-key-0123456789',
      CXBCORE_FLEET: 'here',
      REQUEST_NOTES: notes,
      ...env,
    },
  });
  await started.host.ready(workers);
  const asked = () => (existsSync(notes) ? readFileSync(notes, 'utf8').trim().split('\n') : []);
  return { ...started, asked };
}

function bodyOf(route: string, callId: string, vars: object = {}): object {
  switch (route) {
    case '/attach':
      return { ...EXPECT_PCM, call_id: callId };
    case '/livekit/dialout':
      return { to: '+15550123', call_id: callId, context: { vars } };
    case '/livekit/widget':
      return { call_id: callId, context: { vars } };
    default:
      return {
        room: 'r',
        participant_identity: 'sip_1',
        sip_call_id: callId,
        received_at: Date.now(),
        deadline_ms: 60_000,
        vars,
      };
  }
}

async function hangUpAll({ host, folder }: RequestHost): Promise<void> {
  for (const { worker } of host.workers()) await control(folder, worker, '/hangup');
  for (const { worker } of host.workers())
    await until(async () => (await host.status(worker))?.state === 'free');
}

function control(folder: string, worker: number, path: string): Promise<Posted> {
  return post({ socketPath: join(folder, `cxbcore_${worker}.ctl`) }, path, '');
}

const statuses = (answers: readonly Posted[]) => answers.map(({ status }) => status).sort((a, b) => a - b);
const all = (status: number, count: number) => Array.from({ length: count }, () => status);

describeWith('nginx')('starts by request through nginx', () => {
  it('16 at once on each route fill 16 workers, the 17th is 429 and a repeated one 200; the same with the reference blocks', async () => {
    const started = await requestHost(16);
    const { host, folder } = started;
    const fill = async (port: number, route: string, round: string) => {
      const ids = Array.from({ length: 16 }, (_, n) => `${round}-${n}`);
      const answers = await Promise.all(ids.map((id) => post({ port }, route, bodyOf(route, id))));
      expect([route, statuses(answers)]).toEqual([route, all(202, 16)]);
      const workers = new Set(answers.map(({ json }) => json['worker']));
      expect(workers.size).toBe(16);
    };
    for (const route of START_POSTS) {
      const round = `ours${route.replaceAll('/', '-')}`;
      await fill(host.port, route, round);
      const refused = await post({ port: host.port }, route, bodyOf(route, `${round}-17`));
      expect(refused).toMatchObject({ status: 429, json: { error: 'at_capacity' } });
      expect(refused.headers['retry-after']).toBe('1');
      const again = await post({ port: host.port }, route, bodyOf(route, `${round}-0`));
      expect(again).toMatchObject({ status: 200, json: { status: 'duplicate', call_id: `${round}-0` } });
      await hangUpAll(started);
    }
    for (const route of START_POSTS.slice(0, 3)) {
      // One nginx process: without a shared zone each counts for itself.
      const front = await openReferenceFront(folder, 16, 1);
      onTestFinished(() => front.stop());
      const round = `reference${route.replaceAll('/', '-')}`;
      await fill(front.port, route, round);
      const refused = await fetch(`http://127.0.0.1:${front.port}${route}`, { method: 'POST', body: '{}' });
      expect([429, 502]).toContain(refused.status);
      await front.stop();
      await hangUpAll(started);
    }
  });

  it('a start whose worker dies with it is 502, reached one worker, and is no call', async () => {
    const { host, asked, folder } = await requestHost(3);
    const body = bodyOf('/livekit/dialout', 'c1', { fault: 'crash' });
    const answer = await post({ port: host.port }, '/livekit/dialout', body);
    expect(answer).toMatchObject({ status: 502, json: { error: 'start_outcome_unknown' } });
    expect(asked()).toHaveLength(1);
    expect(existsSync(join(folder, 'data', 'records', 'c1.json'))).toBe(false);
    // Nobody was promised a call, so the id may be used for the one that follows.
    const again = await until(async () => {
      const tried = await post({ port: host.port }, '/livekit/dialout', bodyOf('/livekit/dialout', 'c1'));
      return tried.status === 202 && tried;
    });
    expect(again.json).toMatchObject({ call_id: 'c1' });
  });

  it('a start that nginx has given up before its worker looked at it is not read, and asked again it is a call', async () => {
    // Nobody kills the worker for being silent meanwhile.
    const patience = { CXBCORE_GUARD_AWAY_MS: '60000', CXBCORE_GUARD_FREE_MS: '60000' };
    const fleet = await requestHost(1, { CXBCORE_START_MAX_AGE_MS: '1000', ...patience });
    const pid = fleet.host.workers()[0]?.pid ?? 0;
    process.kill(pid, 'SIGSTOP');
    const body = bodyOf('/livekit/dialout', 'late-1');
    const given = await post(fleet.host, '/livekit/dialout', body);
    expect(given).toMatchObject({ status: 502, json: { error: 'start_outcome_unknown' } });
    process.kill(pid, 'SIGCONT');
    const counted = 'cxbcore_starts_total{worker="1",route="/livekit/dialout",outcome="stale_start"} 1';
    await until(async () => (await ask(fleet.host.port, '/metrics')).body.includes('stale_start'));
    expect((await ask(fleet.host.port, '/metrics')).body).toContain(counted);
    expect(fleet.asked()).toEqual([]);
    expect(await post(fleet.host, '/livekit/dialout', body)).toMatchObject({ status: 202 });
  });

  it('a start that is refused while it is prepared leaves nothing, and its seat is free', async () => {
    const { host, asked } = await requestHost(1);
    const body = bodyOf('/livekit/dispatch', 'SCL_1', { fault: 'taken' });
    const refused = await post({ port: host.port }, '/livekit/dispatch', body);
    expect(refused).toMatchObject({ status: 409, json: { error: 'taken', call_id: 'SCL_1' } });
    const next = await post({ port: host.port }, '/livekit/dispatch', bodyOf('/livekit/dispatch', 'SCL_1'));
    expect(next.status).toBe(202);
    await until(() => asked().some((line) => line.includes('board')));
    expect(asked().filter((line) => line.includes('board'))).toHaveLength(1);
  });

  it('a caller who has rung for too long is not answered, and the seat is not touched', async () => {
    const { host, asked } = await requestHost(1);
    const body = { ...bodyOf('/livekit/dispatch', 'SCL_1'), received_at: Date.now() - 60_001 };
    const answer = await post({ port: host.port }, '/livekit/dispatch', body);
    expect(answer).toMatchObject({ status: 410, json: { error: 'gone', call_id: 'SCL_1' } });
    expect(asked()).toEqual([]);
  });

  it('the same start many times at once is one call', async () => {
    const { host, asked } = await requestHost(4);
    const start = () =>
      post({ port: host.port }, '/livekit/widget', bodyOf('/livekit/widget', 'c1', { wait_ms: 100 }));
    const answers = await Promise.all(Array.from({ length: 12 }, start));
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
    // Who met no free seat could not be told that the call is there: the others were looking at the same moment.
    for (const { status } of answers) expect([200, 202, 429]).toContain(status);
    await until(() => asked().some((line) => line.includes('board')));
    expect(asked().filter((line) => line.includes('prepare'))).toHaveLength(1);
  });

  it('a call nobody answers gives its seat back, and tells what it came to', async () => {
    const { host, folder } = await requestHost(1);
    const body = bodyOf('/livekit/dialout', 'c1', { fault: 'no-caller' });
    expect((await post({ port: host.port }, '/livekit/dialout', body)).status).toBe(202);
    await until(async () => (await host.status(1))?.state === 'free');
    const again = await post({ port: host.port }, '/livekit/dialout', body);
    expect(again).toMatchObject({
      status: 200,
      json: {
        status: 'duplicate',
        state: 'ended',
        result: { reason: 'dial.busy', sip_status_code: 486 },
        room: 'room-c1',
        participant_token: 'fresh for c1',
      },
    });
    const record: unknown = JSON.parse(readFileSync(join(folder, 'data', 'records', 'c1.json'), 'utf8'));
    expect(record).toMatchObject({ end: { reason: 'dial.busy' }, carrier: 'livekit' });
  });

  it('whoever leaves before the answer gets no call', async () => {
    const { host, folder, asked } = await requestHost(1);
    const body = JSON.stringify(bodyOf('/livekit/widget', 'c1', { wait_ms: 300 }));
    // Straight to the worker: nginx would wait in the leaver's place.
    const socket = connect(join(folder, 'cxbcore_1.sock'));
    socket.write(
      `POST /livekit/widget HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await until(() => asked().some((line) => line.includes('prepare')));
    socket.destroy();
    await until(() => asked().some((line) => line.includes('undo')));
    await until(async () => (await host.status(1))?.state === 'free');
    expect(asked().some((line) => line.includes('board'))).toBe(false);
    expect(existsSync(join(folder, 'data', 'records', 'c1.json'))).toBe(false);
  });

  it('the media of a reservation reaches the one seat that waits for it', async () => {
    const started = await requestHost(4);
    const { host } = started;
    const promised = [];
    for (let n = 1; n <= 3; n++)
      promised.push(await post({ port: host.port }, '/attach', bodyOf('/attach', `c${n}`)));
    const path = (answer: Posted | undefined) =>
      String(answer?.json['media_url']).replace(/^ws:\/\/[^/]+/, '');
    const open = (where: string) => RawClient.connect(`ws://127.0.0.1:${host.port}${where}`);
    const second = await open(path(promised[1]));
    second.send({ event: 'start', rate: 8000 });
    expect(await second.nextJson()).toEqual({ event: 'ready', call_id: 'c2' });
    const status = await host.status(Number(promised[1]?.json['worker']));
    expect(status?.state).toBe('live');

    // The seat of another call, the one free seat, a seat that is not there, and another host's.
    const token = path(promised[0]).split('/').at(-1) ?? '';
    const places = [promised[2]?.json['worker'], 4, 99].map((worker) => `here/${Number(worker)}`);
    for (const place of [...places, 'elsewhere/1'])
      expect([place, await refusedWith(open(`/media/pcm/r/${place}/${token}`))]).toEqual([place, 410]);
    expect(await refusedWith(open(`/media/pcm/r/here/x/${token}`))).toBe(404);
    const plain = await fetch(`http://127.0.0.1:${host.port}${path(promised[0])}`);
    expect(plain.status).toBe(426);

    const first = await open(path(promised[0]));
    first.send({ event: 'start', rate: 8000 });
    expect(await first.nextJson()).toEqual({ event: 'ready', call_id: 'c1' });
    for (const client of [first, second]) client.socket.close();
    await hangUpAll(started);
  });

  it('the media of a reservation whose worker died is carried by another, with what was asked for', async () => {
    const started = await requestHost(2);
    const { host, folder } = started;
    const body = { ...EXPECT_PCM, call_id: 'c1', agent: 'talker', context: { to: '+49', vars: { n: 1 } } };
    const promised = await post({ port: host.port }, '/attach', body);
    const first = Number(promised.json['worker']);
    const pid = host.workers().find(({ worker }) => worker === first)?.pid ?? 0;
    process.kill(pid, 'SIGKILL');
    const path = String(promised.json['media_url']).replace(/^ws:\/\/[^/]+/, '');
    const client = await until(() =>
      RawClient.connect(`ws://127.0.0.1:${host.port}${path}`).catch(() => undefined),
    );
    client.send({ event: 'start', rate: 8000 });
    expect(await client.nextJson()).toEqual({ event: 'ready', call_id: 'c1' });
    // Until the dead worker's successor is there, no seat is free to say what is wrong.
    const again = await until(async () => {
      const status = await refusedWith(RawClient.connect(`ws://127.0.0.1:${host.port}${path}`));
      return status !== 429 && status;
    });
    expect(again).toBe(401);
    client.socket.close();
    const record = await until(() => recordOf(folder, 'c1'));
    expect(record).toMatchObject({
      agent: { name: 'talker' },
      to: '+49',
      end: { reason: 'caller.hung_up' },
      incarnations: [
        { n: 1, ended: 'died' },
        { n: 2, ended: 'end' },
      ],
    });
    await hangUpAll(started);
  });

  it('a call whose worker died goes on in another when it is asked to, and in one alone', async () => {
    const { host, folder, asked } = await requestHost(3);
    const first = await post({ port: host.port }, '/livekit/dialout', bodyOf('/livekit/dialout', 'c1'));
    const worker = Number(first.json['worker']);
    await until(async () => (await host.status(worker))?.state === 'live');
    const going = (id: string) =>
      Promise.all(
        [1, 2, 3]
          .filter((other) => other !== worker)
          .map((other) =>
            post({ socketPath: join(folder, `cxbcore_${other}.sock`) }, '/continue', {
              call_id: id,
              cause: 'killed by SIGKILL',
            }),
          ),
      );
    expect(statuses(await going('c1'))).toEqual([410, 410]);
    process.kill(host.workers().find((one) => one.worker === worker)?.pid ?? 0, 'SIGKILL');
    await until(() => host.workers().find((one) => one.worker === worker)?.at !== 'up');
    const answers = await going('c1');
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
    await until(() => asked().some((line) => line.includes('board continue c1')));
    expect(asked().filter((line) => line.includes('board continue c1'))).toHaveLength(1);
    const again = await post({ port: host.port }, '/livekit/dialout', bodyOf('/livekit/dialout', 'c1'));
    expect(again).toMatchObject({ status: 200, json: { status: 'duplicate', state: 'live' } });
    const other = Number(again.json['worker']);
    expect(other).not.toBe(worker);
    await control(folder, other, '/hangup');
    expect(await until(() => recordOf(folder, 'c1'))).toMatchObject({
      end: { reason: 'operator.hung_up' },
      incarnations: [{ n: 1, ended: 'died', cause: expect.any(String) }, { n: 2 }],
    });
    // The front has no way to it.
    expect((await post({ port: host.port }, '/continue', { call_id: 'c1', cause: 'x' })).status).toBe(404);
  });

  it('a dispatch whose worker died while the phone rang is answered by another', async () => {
    const { host, folder, asked } = await requestHost(2);
    const body = bodyOf('/livekit/dispatch', 'SCL_1');
    const first = await post({ port: host.port }, '/livekit/dispatch', body);
    expect(first.status).toBe(202);
    const worker = Number(first.json['worker']);
    process.kill(host.workers().find((one) => one.worker === worker)?.pid ?? 0, 'SIGKILL');
    const second = await until(async () => {
      const answer = await post({ port: host.port }, '/livekit/dispatch', body);
      return answer.status === 202 && answer;
    });
    await until(() => asked().filter((line) => line.includes('board dispatch SCL_1')).length >= 1);
    await control(folder, Number(second.json['worker']), '/hangup');
    expect(await until(() => recordOf(folder, 'SCL_1'))).toMatchObject({
      end: { reason: 'operator.hung_up' },
    });
  });

  it('a raw path with dots gets no further than its meaning', async () => {
    const { host } = await requestHost(1);
    const promised = await post({ port: host.port }, '/attach', bodyOf('/attach', 'c1'));
    const token = String(promised.json['media_url']).split('/').at(-1) ?? '';
    for (const path of [
      `/media/pcm/r/here/1/../../../../drain`,
      `/media/pcm/r/here/1/%2e%2e/${token}`,
      `/media/pcm/r/here/1/..%2f..%2f${token}`,
      `/media/pcm/r/here/1/${token}/../../x`,
    ])
      expect([path, await rawStatus(host.port, path)]).toEqual([path, 404]);
    expect((await host.status(1))?.state).toBe('reserved');
  });
});

function recordOf(folder: string, callId: string): unknown {
  const path = join(folder, 'data', 'records', `${callId}.json`);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as unknown) : undefined;
}

async function refusedWith(connecting: Promise<RawClient>): Promise<number> {
  try {
    await connecting;
    return 101;
  } catch (error) {
    if (error instanceof RefusedError) return error.status;
    throw error;
  }
}

function rawStatus(port: number, path: string): Promise<number> {
  const head = [
    `GET ${path} HTTP/1.1`,
    'Host: localhost',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ];
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${head.join('\r\n')}\r\n\r\n`));
    socket.once('data', (bytes) => {
      socket.destroy();
      resolve(Number(bytes.toString('latin1', 9, 12)));
    });
    socket.on('error', reject);
  });
}

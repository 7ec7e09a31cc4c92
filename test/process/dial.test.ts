import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import type { CallRecord } from '../../src/journal/call-record.ts';
import { until } from '../support/host.ts';
import { post } from '../support/post.ts';
import { freeWorker, type WorkerProcess } from '../support/worker.ts';

/** A media server that is dialled: it plays the client of /media/pcm. */
class MediaServer {
  readonly #http: Server;
  readonly sockets: WebSocket[] = [];
  readonly asked: { url: string; headers: Record<string, unknown> }[] = [];
  readonly heard: Record<string, unknown>[] = [];

  constructor(start: object | undefined, answer?: string) {
    this.#http = createServer();
    const server = new WebSocketServer({ noServer: true });
    this.#http.on('upgrade', (request, socket, head) => {
      this.asked.push({ url: request.url ?? '', headers: request.headers });
      if (answer !== undefined) return void socket.end(answer);
      server.handleUpgrade(request, socket, head, (ws) => {
        this.sockets.push(ws);
        ws.on('message', (data: Buffer, binary) => {
          if (!binary) this.heard.push(JSON.parse(data.toString()) as Record<string, unknown>);
        });
        if (start) ws.send(JSON.stringify(start));
      });
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#http.listen(0, '127.0.0.1', resolve));
    return `127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  close(): void {
    for (const socket of this.sockets) socket.terminate();
    this.#http.closeAllConnections();
    this.#http.close();
  }
}

const open: { close(): void }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

async function serving(start: object | undefined, answer?: string): Promise<[MediaServer, string]> {
  const server = new MediaServer(start, answer);
  open.push(server);
  return [server, await server.listen()];
}

const dialling = (allow: string, env: Record<string, string> = {}) =>
  freeWorker({ env: { CXBCORE_DIAL_ALLOW: allow, CXBCORE_AGENT: 'quiet', CXBCORE_DIAL_MS: '500', ...env } });
const dial = (worker: WorkerProcess, url: string, more: object = {}) =>
  post({ socketPath: worker.socket }, '/attach', {
    call_id: 'c1',
    media: { kind: 'dial', carrier: 'pcm', url, ...more },
    context: { to: '+49', vars: { order: 7 } },
  });
const record = (worker: WorkerProcess): Promise<CallRecord> =>
  until(() => {
    try {
      return JSON.parse(readFileSync(join(worker.dataDir, 'records', 'c1.json'), 'utf8')) as CallRecord;
    } catch {
      return undefined;
    }
  });

it('a dialled server speaks as a client does, and the call is the one that was asked for', async () => {
  const [server, host] = await serving({ event: 'start', rate: 16_000, from: '+1' });
  const worker = await dialling(host);
  const answer = await dial(worker, `ws://${host}/call?room=7`, {
    headers: { authorization: 'Bearer theirs' },
  });
  expect(answer).toMatchObject({ status: 202, json: { call_id: 'c1' } });
  await worker.until(({ state }) => state === 'live');
  expect(server.asked).toHaveLength(1);
  expect(server.asked[0]).toMatchObject({ url: '/call?room=7', headers: { authorization: 'Bearer theirs' } });
  await until(() => server.heard.some(({ event }) => event === 'ready'));
  expect(server.heard[0]).toEqual({ event: 'ready', call_id: 'c1' });
  server.sockets[0]?.send(JSON.stringify({ event: 'stop' }));
  expect(await record(worker)).toMatchObject({
    carrier: 'pcm',
    direction: 'outbound',
    from: '+1',
    to: '+49',
    end: { reason: 'caller.hung_up' },
    events: [{ what: 'dialling', detail: { host } }, { what: 'answered' }],
  });
  await worker.until(({ state }) => state === 'free');
});

it('a server that is not there, or says no, is one failed call, dialled once', async () => {
  const [server, host] = await serving(undefined, 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
  const worker = await dialling(`${host},127.0.0.1:1`);
  expect((await dial(worker, `ws://${host}/`)).status).toBe(202);
  expect((await record(worker)).end).toMatchObject({ reason: 'dial.failed' });
  expect((await record(worker)).end.detail).toContain('403');
  expect(server.asked).toHaveLength(1);
  await worker.until(({ state }) => state === 'free');
  const again = await dial(worker, `ws://${host}/`);
  expect(again).toMatchObject({
    status: 200,
    json: { status: 'duplicate', state: 'ended', result: { reason: 'dial.failed', outcome: 'failed' } },
  });
  expect(server.asked).toHaveLength(1);
});

it('a redirect is not followed', async () => {
  const [inside, insideHost] = await serving({ event: 'start', rate: 8000 });
  const [, host] = await serving(
    undefined,
    `HTTP/1.1 302 Found\r\nLocation: ws://${insideHost}/\r\nContent-Length: 0\r\n\r\n`,
  );
  const worker = await dialling(host);
  await dial(worker, `ws://${host}/`);
  expect((await record(worker)).end.reason).toBe('dial.failed');
  expect(inside.asked).toEqual([]);
});

it('a server that never answers, and one that never starts, give the seat back', async () => {
  const silent = net.createServer(() => undefined).listen(0, '127.0.0.1');
  open.push(silent);
  await new Promise((resolve) => void silent.once('listening', resolve));
  const host = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const worker = await dialling(host);
  await dial(worker, `ws://${host}/`);
  expect((await record(worker)).end.reason).toBe('dial.no_answer');
  await worker.until(({ state }) => state === 'free');

  const [, mute] = await serving(undefined);
  const other = await dialling(mute, { CXBCORE_FIRST_MESSAGE_MS: '200' });
  await dial(other, `ws://${mute}/`);
  expect((await record(other)).end.reason).toBe('dial.failed');
  await other.until(({ state }) => state === 'free');
});

it('a start for another call is not taken from a dialled server', async () => {
  const [, host] = await serving({ event: 'start', rate: 8000, call_id: 'another' });
  const worker = await dialling(host);
  await dial(worker, `ws://${host}/`);
  expect((await record(worker)).end).toMatchObject({ reason: 'dial.failed' });
});

it('a hang-up while it is dialled ends the call', async () => {
  const silent = net.createServer(() => undefined).listen(0, '127.0.0.1');
  open.push(silent);
  await new Promise((resolve) => void silent.once('listening', resolve));
  const host = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const worker = await dialling(host, { CXBCORE_DIAL_MS: '60000' });
  await dial(worker, `ws://${host}/`);
  expect(await worker.post('/hangup')).toEqual({ call_id: 'c1' });
  expect((await record(worker)).end.reason).toBe('operator.hung_up');
  await worker.until(({ state }) => state === 'free');
});

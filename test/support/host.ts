import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { HostEvent } from '../../src/fleet/events.ts';
import { type Host, type HostOptions, startHost } from '../../src/fleet/host.ts';
import { WORKER_COMMAND } from '../../src/fleet/worker-process.ts';
import { realClock, sleep } from '../../src/kit/clock.ts';
import { silentLog } from '../../src/kit/log.ts';

export const FIXTURE_WORKER = fileURLToPath(new URL('../fixtures/worker.mjs', import.meta.url));

/** Agents that hear nothing and speak silence. */
export const QUIET_AGENTS = fileURLToPath(new URL('../fixtures/quiet-agents', import.meta.url));

/** A folder for one test, removed after it. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cxb-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface TestHost {
  readonly host: Host;
  readonly folder: string;
  readonly events: HostEvent[];
  /** What the fixture workers have noted: one line for each start and signal. */
  readonly notes: () => readonly string[];
}

/** A host of fixture workers in a folder of its own, stopped after the test. */
export async function fixtureHost(
  over: Partial<HostOptions> & { readonly fault?: string } = {},
): Promise<TestHost> {
  const folder = over.socketDir ?? temporaryFolder();
  const events: HostEvent[] = [];
  const { fault = '', ...options } = over;
  const host = await startHost({
    workers: 2,
    frontPort: 0,
    front: 'builtin',
    socketDir: folder,
    dataDir: join(folder, 'data'),
    env: {
      ...process.env,
      CXBCORE_MODE: 'development',
      FIXTURE: fault,
      FIXTURE_NOTES: join(folder, 'notes'),
    },
    clock: realClock,
    log: silentLog,
    onEvent: (event) => void events.push(event),
    workerCommand: { file: process.execPath, args: [FIXTURE_WORKER] },
    ...options,
  });
  onTestFinished(() => host.stop('now'));
  const notes = () => {
    const path = join(folder, 'notes');
    return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
  };
  return { host, folder, events, notes };
}

/** Waits for something to become true; the test's own time-out ends a wait that is in vain. */
export async function until<T>(look: () => T | Promise<T>): Promise<Exclude<T, false | undefined | null>> {
  for (;;) {
    const seen = await look();
    if (seen) return seen as Exclude<T, false | undefined | null>;
    await sleep(realClock, 20);
  }
}

export interface Answered {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export function ask(
  port: number,
  path: string,
  options: { method?: string; body?: string | Buffer; headers?: Record<string, string> } = {},
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const { method = 'GET', body, headers = {} } = options;
    const asking = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text }),
      );
    });
    asking.on('error', reject);
    asking.end(body);
  });
}

/** A WebSocket start, as far as its answer: 101 with the open connection, or the refusal. */
export function upgrade(
  port: number,
  path = '/media/pcm',
  headers: Record<string, string> = {},
  host = '127.0.0.1',
): Promise<Answered & { readonly socket?: Socket }> {
  return new Promise((resolve, reject) => {
    const asking = request({
      host,
      port,
      path,
      agent: false,
      headers: {
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
        ...headers,
      },
    });
    asking.on('upgrade', (answer, socket: Socket) => {
      socket.on('error', () => undefined);
      socket.resume();
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: '', socket });
    });
    asking.on('response', (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text }),
      );
    });
    asking.on('error', reject);
    asking.end();
  });
}

/** A call over plain audio that has been opened: the worker has said `ready`. Or the refusal. */
export async function pcmCall(port: number): Promise<Answered & { readonly socket?: Socket }> {
  const started = await upgrade(port);
  const { socket } = started;
  if (socket) {
    const ready = new Promise<void>((resolve) => {
      let seen = '';
      // A host that is lost just now says nothing more.
      socket.once('close', () => resolve());
      socket.on('data', (bytes) => {
        seen += bytes.toString('latin1');
        if (seen.includes('"ready"')) resolve();
      });
    });
    const body = Buffer.from('{"event":"start","rate":8000}');
    // A text frame, masked with zeroes.
    socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | body.length, 0, 0, 0, 0]), body]));
    await ready;
  }
  return started;
}

/** A host of real workers whose agent needs no engines. */
export function quietHost(over: Partial<HostOptions> = {}): Promise<TestHost> {
  const { env, ...options } = over;
  return fixtureHost({
    workerCommand: WORKER_COMMAND,
    env: { ...process.env, CXBCORE_MODE: 'development', CXBCORE_AGENTS: QUIET_AGENTS, ...env },
    ...options,
  });
}

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const RUN_WORKER = fileURLToPath(new URL('../../scripts/run_worker.sh', import.meta.url));
/** An agent without device engines: it costs a call nothing but its transport. */
export const QUIET_AGENTS = fileURLToPath(new URL('../fixtures/quiet-agents', import.meta.url));

/** The parts of `GET /status` that tests look at. */
export interface WorkerStatus {
  readonly worker: number;
  readonly state: string;
  readonly draining: boolean;
  readonly degraded: string | null;
  readonly pid: number;
  readonly calls: number;
  readonly warm_up_ms: Readonly<Record<string, number>>;
  readonly memory: { readonly rss: number; readonly pss: number | null };
  readonly call: { readonly call_id: string; readonly carrier: string; readonly agent: string } | null;
}

export interface WorkerProcess {
  readonly child: ChildProcess;
  readonly folder: string;
  readonly dataDir: string;
  readonly socket: string;
  readonly control: string;
  /** Everything the process has written. */
  output(): string;
  status(): Promise<WorkerStatus>;
  metrics(): Promise<string>;
  post(path: string): Promise<unknown>;
  /** Resolves with the first status for which `fits` holds. Rejects when the process ends before. */
  until(fits: (status: WorkerStatus) => boolean): Promise<WorkerStatus>;
  signal(signal: NodeJS.Signals): void;
  /** Kills the process and waits until it is gone; called by itself when the test is over, unless `shared`. */
  dispose(): Promise<void>;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

/** A folder for sockets and data, removed when the test is over. */
export function workerFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cxb-test-'));
  mkdirSync(join(folder, 'data'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}

export interface WorkerProcessOptions {
  readonly folder?: string;
  readonly number?: number;
  /** Over the defaults: development mode, the quiet agent, short limits. An empty value removes a default. */
  readonly env?: Readonly<Record<string, string>>;
  /** The working directory; the test's own when absent. */
  readonly cwd?: string;
  /** For all tests of a file: the caller disposes of the process, and gives a folder. */
  readonly shared?: boolean;
}

/** Starts a real worker process through `run_worker.sh`; it is killed when the test is over. Needs `npm run build`. */
export function startWorkerProcess(options: WorkerProcessOptions = {}): WorkerProcess {
  const { folder = workerFolder(), number = 1, env = {}, cwd } = options;
  const socket = join(folder, `cxbcore_${number}.sock`);
  const all: Record<string, string | undefined> = {
    PATH: process.env['PATH'],
    CXBCORE_MODE: 'development',
    CXBCORE_SOCKET: socket,
    CXBCORE_SOCKET_DIR: folder,
    CXBCORE_DATA_DIR: join(folder, 'data'),
    CXBCORE_AGENTS: QUIET_AGENTS,
    ...env,
  };
  const child = spawn(RUN_WORKER, [], { env: all, stdio: ['ignore', 'pipe', 'pipe'], ...(cwd && { cwd }) });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (part: string) => {
      output += part;
    });
  }
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  const dispose = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  if (!options.shared) onTestFinished(dispose);
  const control =
    env['CXBCORE_SOCKET'] === ''
      ? join(folder, `cxbcore_tcp${env['CXBCORE_PORT']}.ctl`)
      : join(folder, `cxbcore_${number}.ctl`);
  const status = async () => JSON.parse(await ask(control, 'GET', '/status')) as WorkerStatus;
  return {
    child,
    folder,
    dataDir: join(folder, 'data'),
    socket,
    control,
    output: () => output,
    status,
    metrics: () => ask(control, 'GET', '/metrics'),
    post: async (path) => JSON.parse(await ask(control, 'POST', path)) as unknown,
    async until(fits) {
      for (;;) {
        if (child.exitCode !== null || child.signalCode !== null) {
          throw new Error(`the worker ended with ${child.exitCode ?? child.signalCode}:\n${output}`);
        }
        const now = existsSync(control) ? await status().catch(() => undefined) : undefined;
        if (now && fits(now)) return now;
        await new Promise((resolve) => void setTimeout(resolve, 5));
      }
    },
    signal: (signal) => void child.kill(signal),
    dispose,
    exited,
  };
}

/** A worker that has warmed up and is free. */
export async function freeWorker(options: WorkerProcessOptions = {}): Promise<WorkerProcess> {
  const worker = startWorkerProcess(options);
  await worker.until(({ state }) => state === 'free');
  return worker;
}

function ask(socketPath: string, method: 'GET' | 'POST', path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, method, path, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve(text));
    });
    sent.on('error', reject);
    sent.end();
  });
}

/** A TCP port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** Sends bytes as they are and resolves with everything that came back until the connection closed. */
export function rawExchange(socketPath: string, bytes: string | Uint8Array): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(socketPath, () => socket.write(bytes));
    let text = '';
    socket.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
  });
}

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { readSettings } from '../src/contract/settings.ts';
import { freePort } from '../src/fleet/front.ts';
import { findNginx, startNginx } from '../src/fleet/front-nginx.ts';
import { startHost } from '../src/fleet/host.ts';
import { realClock, sleep } from '../src/kit/clock.ts';
import { packageRoot } from '../src/kit/entry.ts';
import { silentLog } from '../src/kit/log.ts';
import { ingressFiles } from '../src/ops/haproxy/config.ts';
import { INGRESS } from '../src/ops/haproxy/description.ts';
import { installedVersion } from '../src/ops/haproxy/program.ts';
import { haproxyAt } from '../src/ops/haproxy/runtime.ts';
import { serversOf } from '../src/ops/haproxy/runtime-text.ts';

/** One host: workers whose agent needs no engines, behind nginx. */
export interface Fleet {
  readonly entry: object;
  readonly dataDir: string;
  allFree(): Promise<void>;
}

/** One HAProxy in front of all fleets. */
export interface Node {
  readonly port: number;
  /** How often it has tried a start again since it began. */
  triesAgain(): Promise<number>;
  stop(): Promise<void>;
}

const closers: (() => Promise<void>)[] = [];

export async function closeAll(): Promise<void> {
  for (const close of closers.toReversed()) await close();
}

export async function openBenchFleet(options: {
  readonly name: string;
  readonly folder: string;
  readonly workers: number;
  readonly key: string;
}): Promise<Fleet> {
  const { name, folder, workers, key } = options;
  const port = await freePort(0);
  const env = {
    ...process.env,
    CXBCORE_MODE: 'development',
    LOG_LEVEL: 'debug',
    CXBCORE_FLEET: name,
    CXBCORE_AGENTS: join(packageRoot, 'bench/quiet-agents'),
    CXBCORE_API_KEYS: key,
    CXBCORE_TOKEN_KEYS: `${key}-for-tokens`,
    CXBCORE_PUBLIC_URL: 'http://127.0.0.1',
    CXBCORE_INGRESS: '127.0.0.0/8',
    CXBCORE_CHECK_LISTEN: 'off',
  };
  const dataDir = join(folder, 'data');
  const host = await startHost({
    workers,
    frontPort: 0,
    front: 'builtin',
    socketDir: folder,
    dataDir,
    env,
    clock: realClock,
    log: silentLog,
    onEvent: () => undefined,
  });
  closers.push(() => host.stop('now'));
  await host.ready(workers);
  const program = findNginx(process.env['PATH']);
  if (program === undefined) throw new Error('this benchmark needs nginx');
  const front = await startNginx({
    program,
    prefix: join(folder, 'nginx'),
    port,
    socketDir: folder,
    workers,
    settings: readSettings(env, name),
    clock: realClock,
    processes: 2,
    onDeath: (how) => void process.stderr.write(`nginx ${how}\n`),
  });
  closers.push(() => front.stop('now'));
  // All its seats, as a host says whose workers are well.
  const check = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.resume();
    socket.end(`up 100% maxconn:${workers}\n`);
  });
  const checkPort = await freePort(0);
  await new Promise<void>((resolve) => void check.listen(checkPort, '127.0.0.1', resolve));
  closers.push(async () => void check.close());
  return {
    entry: { name, address: '127.0.0.1', port, check_port: checkPort, workers },
    dataDir,
    async allFree() {
      for (let worker = 1; worker <= workers; worker++)
        while ((await host.status(worker))?.state !== 'free') await sleep(realClock, 20);
    },
  };
}

export async function openNode(options: {
  readonly name: string;
  readonly folder: string;
  readonly fleets: readonly Fleet[];
}): Promise<Node> {
  const { name, folder, fleets } = options;
  mkdirSync(folder);
  const [port, local, metrics, peer] = [
    await freePort(0),
    await freePort(0),
    await freePort(0),
    await freePort(0),
  ];
  const ingress = INGRESS.parse({
    name,
    listen: [`127.0.0.1:${port}`],
    local: `127.0.0.1:${local}`,
    metrics: `127.0.0.1:${metrics}`,
    peer_listen: `127.0.0.1:${peer}`,
    trusted: ['127.0.0.0/8'],
    config_dir: folder,
    state_dir: folder,
    stats_socket: join(folder, 'admin.sock'),
    fleets: fleets.map(({ entry }) => entry),
  });
  const version = await installedVersion(ingress.program);
  for (const [file, text] of Object.entries(ingressFiles(ingress, version, 'bench')))
    writeFileSync(join(folder, file), text);
  const child = spawn(ingress.program, ['-db', '-f', folder], { stdio: 'ignore' });
  const stop = () => ended(child);
  closers.push(stop);
  const ask = haproxyAt(ingress.stats_socket, realClock);
  const servers = async () => serversOf(await ask('show stat').catch(() => ''));
  while ((await servers()).filter(({ check }) => check === 'L7OK').length < fleets.length * 3) {
    if (child.exitCode !== null) throw new Error('HAProxy did not start');
    await sleep(realClock, 100);
  }
  return {
    port,
    triesAgain: async () => (await servers()).reduce((sum, { triedAgain }) => sum + triedAgain, 0),
    stop,
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => void child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  await gone;
}

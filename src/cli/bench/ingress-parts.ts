import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../fleet/front.ts';
import { startHost } from '../../fleet/host.ts';
import { realClock, sleep } from '../../kit/clock.ts';
import { packageRoot } from '../../kit/entry.ts';
import { silentLog } from '../../kit/log.ts';
import { ingressFiles } from '../../ops/haproxy/config.ts';
import { INGRESS, IngressError } from '../../ops/haproxy/description.ts';
import { installedVersion } from '../../ops/haproxy/program.ts';
import { haproxyAt } from '../../ops/haproxy/runtime.ts';
import { serversOf } from '../../ops/haproxy/runtime-text.ts';
import { KEPT } from '../demo/stage.ts';

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
  /** Whether it is connected to every other node. */
  knowsPeers(): Promise<boolean>;
  stop(): Promise<void>;
}

/** Hosts and ingress nodes of a benchmark, all below one folder. Owns their processes; `close` ends them. */
export class BenchSite {
  readonly #folder: string;
  readonly #haproxy: string;
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #closers: (() => Promise<void>)[] = [];

  /** @param env what a process needs to run at all is taken from it, and nothing else */
  constructor(folder: string, haproxy: string, env: Readonly<Record<string, string | undefined>>) {
    this.#folder = folder;
    this.#haproxy = haproxy;
    this.#env = Object.fromEntries(KEPT.map((name) => [name, env[name]]));
  }

  async close(): Promise<void> {
    for (const close of this.#closers.toReversed()) await close();
  }

  async openFleet(name: string, workers: number, key: string): Promise<Fleet> {
    const folder = join(this.#folder, name);
    const dataDir = join(folder, 'data');
    const checkPort = await freePort(0);
    const env = {
      ...this.#env,
      CXBCORE_MODE: 'development',
      LOG_LEVEL: 'debug',
      CXBCORE_FLEET: name,
      CXBCORE_AGENTS: join(packageRoot, 'bench/quiet-agents'),
      CXBCORE_API_KEYS: key,
      CXBCORE_TOKEN_KEYS: `${key}-for-tokens`,
      CXBCORE_PUBLIC_URL: 'http://127.0.0.1',
      CXBCORE_INGRESS: '127.0.0.0/8',
      CXBCORE_CHECK_LISTEN: `127.0.0.1:${checkPort}`,
    };
    const host = await startHost({
      workers,
      frontPort: await freePort(0),
      front: 'nginx',
      socketDir: folder,
      dataDir,
      env,
      clock: realClock,
      log: silentLog,
      nginxProcesses: 2,
    });
    this.#closers.push(() => host.stop('now'));
    await host.ready(workers);
    return {
      entry: { name, address: '127.0.0.1', port: host.port, check_port: checkPort, workers },
      dataDir,
      async allFree() {
        for (let worker = 1; worker <= workers; worker++)
          while ((await host.status(worker))?.state !== 'free') await sleep(realClock, 20);
      },
    };
  }

  /** Nodes that know each other, so that what one remembers of a call id the others do too. */
  async openNodes(count: number, fleets: readonly Fleet[]): Promise<Node[]> {
    const peers: { readonly name: string; readonly address: string }[] = [];
    for (let n = 1; n <= count; n++)
      peers.push({ name: `ingress${count}${n}`, address: `127.0.0.1:${await freePort(0)}` });
    const nodes: Node[] = [];
    for (const own of peers) nodes.push(await this.#openNode(own, peers, fleets));
    // Two that connect to each other at the same moment give both up, and try again after seconds only.
    for (const node of nodes) while (!(await node.knowsPeers())) await sleep(realClock, 100);
    return nodes;
  }

  async #openNode(
    own: { readonly name: string; readonly address: string },
    peers: readonly { readonly name: string; readonly address: string }[],
    fleets: readonly Fleet[],
  ): Promise<Node> {
    const folder = join(this.#folder, own.name);
    mkdirSync(folder);
    const [port, local, metrics] = [await freePort(0), await freePort(0), await freePort(0)];
    const ingress = INGRESS.parse({
      name: own.name,
      program: this.#haproxy,
      listen: [`127.0.0.1:${port}`],
      local: `127.0.0.1:${local}`,
      metrics: `127.0.0.1:${metrics}`,
      peer_listen: own.address,
      peers: peers.filter(({ name }) => name !== own.name),
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
    this.#closers.push(stop);
    const ask = haproxyAt(ingress.stats_socket, realClock);
    const servers = async () => serversOf(await ask('show stat').catch(() => ''));
    while ((await servers()).filter(({ check }) => check === 'L7OK').length < fleets.length * 3) {
      if (child.exitCode !== null) throw new IngressError('HAProxy did not start with our configuration');
      await sleep(realClock, 100);
    }
    return {
      port,
      knowsPeers: async () => {
        const said = await ask('show peers').catch(() => '');
        return (said.match(/\(remote,active\)/g) ?? []).length >= peers.length - 1;
      },
      triesAgain: async () => (await servers()).reduce((sum, { triedAgain }) => sum + triedAgain, 0),
      stop,
    };
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => void child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  await gone;
}

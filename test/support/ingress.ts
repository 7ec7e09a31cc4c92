import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { realClock } from '../../src/kit/clock.ts';
import { ingressFiles } from '../../src/ops/haproxy/config.ts';
import { INGRESS } from '../../src/ops/haproxy/description.ts';
import { haproxyAt } from '../../src/ops/haproxy/runtime.ts';
import { processesOf, serversOf } from '../../src/ops/haproxy/runtime-text.ts';
import { cxbcore, type RunningCommand } from './cli.ts';
import { ended } from './fleet.ts';
import { temporaryFolder, until } from './host.ts';
import { freePort } from './worker.ts';

/** A real HAProxy with our files, in a folder of its own. */
export interface TestIngress {
  readonly port: number;
  readonly localPort: number;
  readonly metricsPort: number;
  readonly folder: string;
  readonly file: string;
  readonly configDir: string;
  /** Everything it has logged: a line of JSON for each request, after the date. */
  log(): string;
  ask(command: string): Promise<string>;
  reload(): Promise<void>;
  /** The master's `show proc`. */
  processes(): Promise<string>;
  /** `cxbcore ingress` with these words, on this ingress. */
  run(...words: string[]): RunningCommand;
  status(server: string, backend?: string): Promise<string | undefined>;
}

export async function openIngress(
  fleets: readonly { readonly entry: object }[],
  over: object = {},
): Promise<TestIngress> {
  const folder = temporaryFolder();
  const [port, localPort, metricsPort, peerPort] = await Promise.all([
    freePort(),
    freePort(),
    freePort(),
    freePort(),
  ]);
  const configDir = join(folder, 'conf.d');
  const description = {
    name: 'ingress1',
    listen: [`127.0.0.1:${port}`],
    local: `127.0.0.1:${localPort}`,
    metrics: `127.0.0.1:${metricsPort}`,
    peer_listen: `127.0.0.1:${peerPort}`,
    // The callers of the tests come from one address.
    trusted: ['127.0.0.0/8'],
    log: 'stdout',
    config_dir: configDir,
    state_dir: folder,
    stats_socket: join(folder, 'admin.sock'),
    master_socket: join(folder, 'master.sock'),
    fleets: fleets.map(({ entry }) => entry),
    ...over,
  };
  const file = join(folder, 'ingress.json');
  writeFileSync(file, JSON.stringify(description));
  mkdirSync(configDir);
  const files = ingressFiles(INGRESS.parse(description), { major: 2, minor: 6 }, file);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(configDir, name), text);
  const child = spawn('/usr/sbin/haproxy', ['-W', '-f', configDir, '-S', description.master_socket], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (part: string) => {
      log += part;
    });
  onTestFinished(() => ended(child, 'SIGTERM'));
  const ask = haproxyAt(description.stats_socket, realClock);
  const master = haproxyAt(description.master_socket, realClock);
  const status = async (server: string, backend = 'cxb_calls') =>
    serversOf(await ask('show stat')).find((one) => one.server === server && one.backend === backend)?.status;
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`HAProxy ended: ${log}`);
    const servers = serversOf(await ask('show stat').catch(() => ''));
    const checked = servers.filter(({ check }) => check === 'L7OK');
    return checked.length === fleets.length * 3 && (await master('show proc').catch(() => '')) !== '';
  });
  const reload = async () => {
    const before = processesOf(await master('show proc')).worker;
    await master('reload').catch(() => undefined);
    await until(async () => {
      const { worker } = processesOf(await master('show proc').catch(() => ''));
      return worker !== undefined && worker !== before;
    });
  };
  return {
    port,
    localPort,
    metricsPort,
    folder,
    file,
    configDir,
    ask,
    reload,
    processes: () => master('show proc'),
    status,
    log: () => log,
    run: (verb = '', ...words) => cxbcore(['ingress', verb, ...words, '--file', file]),
  };
}

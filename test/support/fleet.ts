import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import net, { type Socket } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { readSettings } from '../../src/contract/settings.ts';
import type { Host } from '../../src/fleet/host.ts';
import { frontText, nginxMain } from '../../src/ops/nginx.ts';
import { quietHost, until, upgrade } from './host.ts';
import { freePort } from './worker.ts';

/** One host of several: real workers without engines behind a real nginx, on a loopback address of its own. */
export interface TestFleet {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly checkPort: number;
  readonly workers: number;
  readonly host: Host;
  readonly folder: string;
  /** How many of its seats carry a call, by the workers themselves. */
  busy(): Promise<number>;
  /** What the host says to whoever asks, until it is changed. */
  readonly says: { name: string; draining: boolean };
  /** As entry of an ingress description. */
  readonly entry: object;
  /** Ends nginx and the workers, all at once, as the loss of the host would. */
  lose(): Promise<void>;
}

let last = 0;

export async function openFleet(
  name: string,
  options: { readonly workers?: number; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<TestFleet> {
  const { workers = 2, env = {} } = options;
  last += 1;
  const address = `127.0.1.${last}`;
  const { host, folder } = await quietHost({ workers, fleetd: false, env: { CXBCORE_FLEET: name, ...env } });
  const says = { name, draining: false };
  const busy = async () => {
    const all = await Promise.all(host.workers().map(({ worker }) => host.status(worker)));
    return all.filter((status) => status && ['reserved', 'live', 'ending'].includes(status.state)).length;
  };
  const fleetd = await standInFleetd(folder, workers, says, busy);
  const port = await freePort();
  const nginx = await openNginx({ folder, listen: `${address}:${port}`, workers });
  await host.ready(workers);
  const lose = async () => {
    await nginx.stop();
    fleetd.stop();
    await host.stop('now');
  };
  return {
    name,
    address,
    port,
    checkPort: fleetd.port,
    workers,
    host,
    folder,
    busy,
    says,
    lose,
    entry: { name, address, port, check_port: fleetd.port, workers },
  };
}

/** Takes every seat of the fleet from beside, as starts do that the ingress does not see. Returns how to give them back. */
export async function fillFleet(fleet: TestFleet): Promise<() => Promise<void>> {
  const calls: Socket[] = [];
  while (calls.length < fleet.workers) {
    const call = await upgrade(fleet.port, '/media/pcm', {}, fleet.address);
    if (call.socket) calls.push(call.socket);
  }
  await until(async () => (await fleet.busy()) === fleet.workers);
  return async () => {
    for (const socket of calls) socket.destroy();
    await until(async () => (await fleet.busy()) === 0);
  };
}

interface NginxPlace {
  readonly folder: string;
  readonly listen: string;
  readonly workers: number;
}

async function openNginx({ folder, listen, workers }: NginxPlace): Promise<{ stop(): Promise<void> }> {
  const prefix = join(folder, 'nginx');
  mkdirSync(prefix);
  const settings = readSettings({ CXBCORE_INGRESS: '127.0.0.0/8' }, 'here');
  const text = frontText({ listen, socketDir: folder, workers, accessLog: `${prefix}/access.log`, settings });
  const asRoot = process.getuid?.() === 0;
  writeFileSync(join(prefix, 'fleet.conf'), text);
  writeFileSync(join(prefix, 'nginx.conf'), nginxMain({ prefix, workers, asRoot, processes: 2 }));
  const child = spawn('/usr/sbin/nginx', ['-p', prefix, '-c', join(prefix, 'nginx.conf')], {
    stdio: 'ignore',
  });
  const stop = () => ended(child, 'SIGTERM');
  onTestFinished(stop);
  const [host = '', port = ''] = listen.split(':');
  await until(() => answers(host, Number(port)));
  return { stop };
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port }, () => resolve(true));
    socket.on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}

/** What the ingress asks of a host beside its starts: how full it is, and the line of the agent-check. */
async function standInFleetd(
  folder: string,
  workers: number,
  says: TestFleet['says'],
  busy: () => Promise<number>,
): Promise<{ readonly port: number; stop(): void }> {
  const http = createServer((asking, answering) => {
    asking.resume();
    const answer = (status: number, body: object) =>
      void answering
        .writeHead(status, { 'Content-Type': 'application/json', 'Retry-After': '1' })
        .end(JSON.stringify(body));
    if (asking.url === '/health/live') return answer(200, { status: 'live' });
    // A start that the front could place nowhere.
    if (asking.headers['x-cxb-sent'] === '1') return answer(502, { error: 'start_outcome_unknown' });
    if (asking.url !== '/health/capacity')
      return answer(asking.headers['x-cxb-ingress'] ? 503 : 429, { error: 'at_capacity' });
    void busy().then((count) => {
      const { name: fleet, draining } = says;
      const free = workers - count;
      answer(free > 0 && !draining ? 200 : 503, { fleet, capacity: workers, busy: count, free, draining });
    });
  });
  const agent = net.createServer((socket) => {
    socket.on('error', () => undefined);
    socket.resume();
    socket.end(says.draining ? 'up 0%\n' : `up 100% maxconn:${workers}\n`);
  });
  const path = join(folder, 'cxbcore_fleetd.http');
  rmSync(path, { force: true });
  await new Promise<void>((resolve) => void http.listen(path, resolve));
  await new Promise<void>((resolve) => void agent.listen(0, '0.0.0.0', resolve));
  const at = agent.address();
  const stop = () => {
    http.close();
    agent.close();
  };
  onTestFinished(stop);
  return { port: typeof at === 'object' && at ? at.port : 0, stop };
}

export async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => void child.once('exit', () => resolve()));
  child.kill(signal);
  await gone;
}

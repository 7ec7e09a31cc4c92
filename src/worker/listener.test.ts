import { mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../kit/virtual-clock.ts';
import { Listener } from './listener.ts';

let dir: string;
let path: string;
let clock: VirtualClock;
let accepted: net.Socket[];
let listener: Listener;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cxb-listener-'));
  path = join(dir, 'w_1.sock');
  clock = new VirtualClock();
  accepted = [];
  listener = new Listener({ path, mode: 0o660, clock, onConnection: (socket) => accepted.push(socket) });
});

afterEach(() => {
  listener.stop();
  for (const socket of accepted) socket.destroy();
  rmSync(dir, { recursive: true });
});

/** How a connection attempt ends. */
function connect(): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect(path);
    socket.on('connect', () => {
      resolve('connected');
      socket.destroy();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

describe('a listener', () => {
  it('accepts while it listens and is refused, not missing, while it does not', async () => {
    listener.start();
    expect(await connect()).toBe('connected');
    listener.stop();
    expect(await connect()).toBe('ECONNREFUSED');
    listener.start();
    expect(await connect()).toBe('connected');
  });

  it('refuses from the moment stop returns', async () => {
    listener.start();
    listener.stop();
    expect(await connect()).toBe('ECONNREFUSED');
  });

  it('gives the socket its permissions before the path shows it, and leaves no temporary name', () => {
    listener.start();
    expect(statSync(path).mode & 0o777).toBe(0o660);
    expect(readdirSync(dir)).toEqual(['w_1.sock']);
  });

  it('replaces the socket file of a process that died', async () => {
    const dead = net.createServer().listen(`${path}.dead`);
    renameSync(`${path}.dead`, path);
    await new Promise((resolve) => void dead.close(resolve));
    expect(await connect()).toBe('ECONNREFUSED');
    listener.start();
    expect(await connect()).toBe('connected');
  });

  it('serves what is queued while it leaves rotation, and refuses newcomers at once', async () => {
    listener.start();
    const queued = connect();
    const left = listener.leave();
    expect(await queued).toBe('connected');
    expect(await connect()).toBe('ECONNREFUSED');
    await clock.runUntil(30);
    await left;
    expect(listener.open).toBe(false);
    expect(accepted).toHaveLength(1);
    expect(readdirSync(dir)).toEqual(['w_1.sock']);
  });

  it('can come back while it is leaving', async () => {
    listener.start();
    const left = listener.leave();
    listener.start();
    await left;
    expect(await connect()).toBe('connected');
  });

  it('publishes its path again when somebody replaced or removed it', async () => {
    listener.start();
    expect(listener.verify()).toBe(false);
    rmSync(path);
    writeFileSync(path, 'not a socket');
    expect(listener.verify()).toBe(true);
    expect(await connect()).toBe('connected');
    rmSync(path);
    expect(listener.verify()).toBe(true);
    expect(await connect()).toBe('connected');
  });

  it('does not put its path back while it does not listen', () => {
    listener.start();
    listener.stop();
    rmSync(path);
    expect(listener.verify()).toBe(false);
  });

  it('removes its own path at the end, and nobody else’s', () => {
    listener.start();
    rmSync(path);
    writeFileSync(path, '');
    listener.remove();
    expect(readdirSync(dir)).toEqual(['w_1.sock']);
  });

  it('says which path it cannot bind and what to look at', () => {
    const lost = new Listener({
      path: join(dir, 'no', 'w.sock'),
      mode: 0o660,
      clock,
      onConnection: () => undefined,
    });
    expect(() => lost.start()).toThrow(/cannot listen on .*is its folder there/);
  });
});

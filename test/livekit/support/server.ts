import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

export const KEY = { key: 'devkey', secret: 'devsecretdevsecretdevsecretdevsecret' };

/** A real LiveKit server on loopback, with one port for signalling and one for all media. */
export class LiveKitServer {
  readonly port: number;
  readonly url: string;
  readonly #udpPort: number;
  readonly #webhook: string | undefined;
  #process: ChildProcess | undefined;

  private constructor(port: number, udpPort: number, webhook: string | undefined) {
    this.port = port;
    this.#udpPort = udpPort;
    this.#webhook = webhook;
    this.url = `ws://127.0.0.1:${port}`;
  }

  /** @param webhook where it posts its events */
  static async start(webhook?: string): Promise<LiveKitServer> {
    const server = new LiveKitServer(await freeTcpPort(), await freeUdpPort(), webhook);
    await server.start();
    return server;
  }

  async start(): Promise<void> {
    const child = spawn('livekit-server', ['--config-body', this.#config()], { stdio: 'ignore' });
    this.#process = child;
    for (let tries = 0; tries < 1500; tries++) {
      if (child.exitCode !== null) throw new Error(`livekit-server ended with ${child.exitCode}`);
      const ready = await fetch(`http://127.0.0.1:${this.port}/`).then(
        (answer) => answer.status === 200,
        () => false,
      );
      if (ready) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error('livekit-server did not get ready within 30 s');
  }

  /** The first SIGTERM lets calls go on; the second ends them. Clients are told. */
  async stop(): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 30));
    child.kill('SIGTERM');
    await gone;
  }

  /** Vanishes without a word to anybody. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  #config(): string {
    const config = {
      port: this.port,
      bind_addresses: ['127.0.0.1'],
      rtc: {
        udp_port: this.#udpPort,
        tcp_port: 0,
        node_ip: '127.0.0.1',
        use_external_ip: false,
        enable_loopback_candidate: true,
        interfaces: { includes: ['lo'] },
        // Otherwise clients are given public host names, and look them up with threads of their own at every join.
        stun_servers: ['127.0.0.1:9'],
      },
      keys: { [KEY.key]: KEY.secret },
      logging: { level: 'error', json: true },
      ...(this.#webhook === undefined ? {} : { webhook: { api_key: KEY.key, urls: [this.#webhook] } }),
    };
    return JSON.stringify(config); // JSON is YAML
  }
}

async function freeTcpPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}

import { bytesFromSamples, samplesFromBytes } from '../../src/audio/pcm.ts';
import type { CarrierServer } from './carrier-server.ts';
import type { Connected, FarEnd } from './line-conformance.ts';
import { RawClient } from './raw-client.ts';
import { pinged } from './twilio-far-end.ts';

class PcmFarEnd implements FarEnd {
  readonly closed: Promise<{ readonly code: number }>;
  readonly #client: RawClient;

  constructor(client: RawClient) {
    this.#client = client;
    this.closed = client.closed;
  }

  media(samples: Int16Array): void {
    this.#client.send(bytesFromSamples(samples));
  }

  dtmf(digit: string): void {
    this.#client.send({ event: 'dtmf', digit });
  }

  stop(): void {
    this.#client.send({ event: 'stop' });
  }

  echo(name: string): void {
    this.#client.send({ event: 'mark', name });
  }

  async next(): ReturnType<FarEnd['next']> {
    for (;;) {
      const frame = await this.#client.next();
      if (typeof frame !== 'string') return { audio: samplesFromBytes(frame) };
      const message = JSON.parse(frame) as { event: string; name?: string };
      if (message.event === 'mark') return { mark: message.name ?? '' };
      if (message.event === 'clear') return { clear: true };
    }
  }

  close(): void {
    this.#client.socket.close();
  }

  closeHalf(): void {
    this.#client.closeHalf();
  }

  vanish(): void {
    this.#client.socket.terminate();
  }

  deafen(): void {
    this.#client.socket.pause();
  }

  settled(): Promise<void> {
    return pinged(this.#client);
  }
}

/** A started plain-audio connection on a server of its own. */
export async function connectPcm(
  server: CarrierServer,
  start: object = { event: 'start', rate: 16000 },
): Promise<Connected & { client: RawClient }> {
  const port = await server.listen();
  const client = await RawClient.connect(`ws://127.0.0.1:${port}/media/pcm`);
  client.send(start);
  const line = await server.line();
  return {
    line,
    far: new PcmFarEnd(client),
    client,
    pass: (ms) => server.clock.runUntil(server.clock.now() + ms),
    release: () => {
      client.socket.terminate();
      server.close();
    },
  };
}

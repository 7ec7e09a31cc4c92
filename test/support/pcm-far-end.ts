import { bytesFromSamples, samplesFromBytes } from '../../src/audio/pcm.ts';
import type { CarrierServer } from './carrier-server.ts';
import type { Connected, FarEnd } from './line-conformance.ts';
import type { RawClient } from './raw-client.ts';
import { connectSocket, SocketFarEnd } from './socket-far-end.ts';

class PcmFarEnd extends SocketFarEnd implements FarEnd {
  media(samples: Int16Array): void {
    this.client.send(bytesFromSamples(samples));
  }

  dtmf(digit: string): void {
    this.client.send({ event: 'dtmf', digit });
  }

  stop(): void {
    this.client.send({ event: 'stop' });
  }

  echo(name: string): void {
    this.client.send({ event: 'mark', name });
  }

  async next(): ReturnType<FarEnd['next']> {
    for (;;) {
      const frame = await this.client.next();
      if (typeof frame !== 'string') return { audio: samplesFromBytes(frame) };
      const message = JSON.parse(frame) as { event: string; name?: string };
      if (message.event === 'mark') return { mark: message.name ?? '' };
      if (message.event === 'clear') return { clear: true };
    }
  }
}

/** A started plain-audio connection on a server of its own. */
export function connectPcm(
  server: CarrierServer,
  start: object = { event: 'start', rate: 16000 },
): Promise<Connected & { client: RawClient }> {
  return connectSocket(server, '/media/pcm', [start], (client) => new PcmFarEnd(client));
}

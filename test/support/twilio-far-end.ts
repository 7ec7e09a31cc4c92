import { decodeMulaw, encodeMulaw } from '../../src/audio/g711.ts';
import type { CarrierServer } from './carrier-server.ts';
import type { Connected, FarEnd } from './line-conformance.ts';
import type { LineEvents } from './line-events.ts';
import type { RawClient } from './raw-client.ts';
import { connectSocket, SocketFarEnd } from './socket-far-end.ts';

export const START = {
  event: 'start',
  sequenceNumber: '1',
  streamSid: 'MZ1',
  start: {
    streamSid: 'MZ1',
    accountSid: 'AC1',
    callSid: 'CA1',
    tracks: ['inbound'],
    mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
    customParameters: {},
  },
};

export const CONNECTED = { event: 'connected', protocol: 'Call', version: '1.0.0' };

export function startWith(customParameters: Readonly<Record<string, string>>): object {
  return { ...START, start: { ...START.start, customParameters } };
}

/** A media message as Twilio sends it; `timestampMs` since the start of the stream. */
export function mediaFrame(samples: Int16Array, timestampMs?: number | string, track = 'inbound'): object {
  const payload = Buffer.from(encodeMulaw(samples)).toString('base64');
  const timestamp = timestampMs === undefined ? {} : { timestamp: String(timestampMs) };
  return {
    event: 'media',
    sequenceNumber: '2',
    streamSid: 'MZ1',
    media: { track, chunk: '1', ...timestamp, payload },
  };
}

class TwilioFarEnd extends SocketFarEnd implements FarEnd {
  #timestampMs = 0;

  media(samples: Int16Array): void {
    this.client.send(mediaFrame(samples, this.#timestampMs));
    this.#timestampMs += samples.length / 8;
  }

  dtmf(digit: string): void {
    this.client.send({ event: 'dtmf', streamSid: 'MZ1', dtmf: { track: 'inbound_track', digit } });
  }

  stop(): void {
    this.client.send({ event: 'stop', streamSid: 'MZ1', stop: { accountSid: 'AC1', callSid: 'CA1' } });
  }

  echo(name: string): void {
    this.client.send({ event: 'mark', streamSid: 'MZ1', mark: { name } });
  }

  async next(): ReturnType<FarEnd['next']> {
    const message = (await this.client.nextJson()) as {
      event: string;
      streamSid?: string;
      media?: { payload: string };
      mark?: { name: string };
    };
    if (message.streamSid !== 'MZ1')
      throw new Error(`a message of another stream: ${JSON.stringify(message)}`);
    if (message.media) return { audio: decodeMulaw(Buffer.from(message.media.payload, 'base64')) };
    if (message.mark) return { mark: message.mark.name };
    if (message.event === 'clear') return { clear: true };
    throw new Error(`not a message Twilio knows: ${JSON.stringify(message)}`);
  }
}

/** A started Twilio stream on a server of its own. */
export function connectTwilio(
  server: CarrierServer,
  start: object = START,
): Promise<Connected & { client: RawClient }> {
  return connectSocket(server, '/media/twilio', [CONNECTED, start], (client) => new TwilioFarEnd(client));
}

/** Media events so far, as positions and lengths. */
export function placed(events: LineEvents): [number, number][] {
  return events.all.flatMap((event) =>
    event.kind === 'media' ? [[event.at, event.samples.length] as [number, number]] : [],
  );
}

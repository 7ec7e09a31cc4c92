import { type ClientOptions, WebSocket } from 'ws';
import type { Line } from '../../ports/line.ts';
import {
  NoCaller,
  type Prepared,
  type RequestCarrier,
  type RequestContext,
  StartRefused,
  type StartRequest,
} from '../../ports/requested.ts';
import { closedWithin } from '../closing.ts';
import { pcm } from './media.ts';

/** How long the server we dialled may take to close before the connection is cut. */
const CLOSE_MS = 1000;

type Dialled = Extract<StartRequest, { kind: 'dial' }>;

/**
 * Calls for which we connect out: the server there speaks as a client of `/media/pcm` does, its start message first.
 * Only hosts of `CXBCORE_DIAL_ALLOW` are dialled, and no redirect is followed, because whoever may start calls must not
 * thereby reach into the network this host stands in.
 */
export const pcmDial: RequestCarrier = {
  name: 'pcm',
  async prepare(start, context) {
    if (start.kind !== 'dial') throw new Error(`a media server cannot be dialled for ${start.kind}`);
    const { url } = start.body.media;
    if (!isAllowed(url, context.settings.dialAllow)) {
      const message = `media.url: this host does not dial ${hostOf(url)}. The hosts it dials are set with CXBCORE_DIAL_ALLOW.`;
      throw new StartRefused('unusable', message);
    }
    return dialled(start, context);
  },
  close: () => Promise.resolve(),
};

function dialled(start: Dialled, context: RequestContext): Prepared {
  const { settings, clock } = context;
  let socket: WebSocket | undefined;
  return {
    answer: {},
    limitMs: settings.dialMs + settings.firstMessageMs,
    async board(signal) {
      const { socket: opened, line } = await connect(start, context, signal);
      socket = opened;
      return line;
    },
    undo: () => Promise.resolve(),
    onGone: (gone) => void socket?.once('close', gone),
    async release() {
      if (!socket) return;
      if (socket.readyState === socket.OPEN) socket.terminate();
      await closedWithin(socket, clock, CLOSE_MS);
    },
  };
}

/** @throws NoCaller */
async function connect(
  { body: { media } }: Dialled,
  context: RequestContext,
  signal: AbortSignal,
): Promise<{ readonly socket: WebSocket; readonly line: Line }> {
  const { settings, clock, log, known, event } = context;
  const options: ClientOptions & { readonly closeTimeout: number } = {
    headers: { ...media.headers },
    handshakeTimeout: settings.dialMs,
    maxPayload: settings.maxMessageBytes,
    perMessageDeflate: false,
    followRedirects: false,
    closeTimeout: CLOSE_MS,
  };
  event('dialling', { host: hostOf(media.url) });
  const socket = new WebSocket(media.url, options);
  const stop = () => socket.terminate();
  signal.addEventListener('abort', stop, { once: true });
  try {
    const line = await opened(socket, () => {
      event('answered', { host: hostOf(media.url) });
      return pcm.open(socket, { url: '', headers: {}, trusted: true }, { settings, clock, log, known });
    });
    return { socket, line };
  } catch (error) {
    socket.terminate();
    const why = error instanceof Error ? error.message : String(error);
    const outcome = /timed out/.test(why) ? 'no_answer' : 'failed';
    event('not_answered', { host: hostOf(media.url), why });
    throw new NoCaller(`dial.${outcome}`, `the server at ${hostOf(media.url)}: ${why}`, { outcome, why });
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** @param listen called in the very step in which the connection is there: the first message may come with it */
function opened<T>(socket: WebSocket, listen: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(listen()));
    socket.on('error', reject);
    socket.once('unexpected-response', (request, response) => {
      request.destroy();
      reject(new Error(`it answered ${response.statusCode} instead of a WebSocket`));
    });
  });
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'an address that is none';
}

/** An entry is a host, for every port, or a host and a port. Names are compared, not what they resolve to. */
function isAllowed(url: string, allowed: readonly string[]): boolean {
  if (!URL.canParse(url)) return false;
  const { hostname, port, protocol } = new URL(url);
  const full = `${hostname}:${port === '' ? (protocol === 'wss:' ? 443 : 80) : port}`;
  return allowed.includes(hostname) || allowed.includes(full);
}

import type { WebSocket } from 'ws';
import type { Call } from '../call/call.ts';
import type { EndReason } from '../contract/end-reasons.ts';
import type { CarrierName } from '../contract/states.ts';
import type { Clock } from '../kit/clock.ts';
import type { CarrierContext, CarrierMedia, Upgrade } from '../ports/carrier.ts';
import type { Line } from '../ports/line.ts';

/** A call that runs. */
export interface Opened {
  readonly call: Call;
  /** Tells the rest of the host what became of it. */
  readonly over: (end: { readonly reason: EndReason; readonly seconds: number }) => void;
}

/** A call that was promised to somebody, and has no line yet. */
export interface Promised {
  readonly callId: string;
  readonly agent: string;
  readonly sinceMs: number;
}

/** Something that has the seat and may become a line: a connection, a reservation, a room that is joined, a dialled call. */
export interface Guest {
  readonly carrier: CarrierName;
  /** How long it may take to become a line, in milliseconds; longer is a fault of ours. */
  readonly limitMs: number;
  readonly promised?: Promised;
  /** Becomes a line, or rejects. The signal is aborted, with the end reason, when it is to stop trying. */
  board(signal: AbortSignal): Promise<Line>;
  /** The call on this line; undefined when it may not begin, and the line has been told. */
  open(line: Line): Opened | undefined;
  /** No line came of it. Resolves when everything that was promised is settled; never rejects. */
  noLine(reason: EndReason | undefined, error: unknown): Promise<void>;
  /** Tells when the connection below the line is gone, so that a call that does not notice is hurried. */
  onGone(listener: () => void): void;
  /** Lets go of whatever is left of it; resolves when nothing is, and never takes longer than a second. */
  release(): Promise<void>;
}

/** How long a closing connection may take to say its goodbye. */
const GOODBYE_MS = 1000;

/** Resolves when the socket is closed; one that takes too long is cut. */
export function socketGone(socket: WebSocket, clock: Clock): Promise<void> {
  if (socket.readyState === socket.CLOSED) return Promise.resolve();
  if (socket.readyState !== socket.CLOSING) socket.terminate();
  return new Promise((resolve) => {
    const done = () => {
      cancel();
      resolve();
    };
    const cancel = clock.after(GOODBYE_MS, () => {
      socket.terminate();
      resolve();
    });
    socket.once('close', done);
  });
}

export interface SocketGuestOptions {
  readonly socket: WebSocket;
  readonly upgrade: Upgrade;
  readonly carrier: CarrierMedia;
  readonly context: CarrierContext;
  readonly open: (line: Line) => Opened | undefined;
  readonly noLine: (carrier: CarrierName) => void;
}

/** A WebSocket that was let in: its first valid message makes it a line. */
export function socketGuest(options: SocketGuestOptions): Guest {
  const { socket, upgrade, carrier, context, open } = options;
  const { clock, log, settings } = context;
  // A socket without a listener for its errors would take the process down with it.
  socket.on('error', (error) => log.debug('socket error', { error }));
  return {
    carrier: carrier.name,
    limitMs: settings.firstMessageMs,
    async board(signal) {
      const stop = () => socket.terminate();
      signal.addEventListener('abort', stop, { once: true });
      try {
        return await carrier.open(socket, upgrade, context);
      } finally {
        signal.removeEventListener('abort', stop);
      }
    },
    open,
    async noLine(_reason, error) {
      log.info('no line', { carrier: carrier.name, error });
      options.noLine(carrier.name);
    },
    onGone(listener) {
      socket.once('close', listener);
      if (socket.readyState === socket.CLOSED) listener();
    },
    release: () => socketGone(socket, clock),
  };
}

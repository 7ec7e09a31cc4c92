import type { WebSocket } from 'ws';
import type { SocketCarrierName } from '../contract/states.ts';
import type { Line } from '../ports/line.ts';
import { NoCaller, type RequestContext } from '../ports/requested.ts';
import { socketGone } from './guest.ts';
import type { Listener } from './listener.ts';
import type { Arrival } from './upgrades.ts';

export interface ReservationOptions {
  readonly callId: string;
  readonly carrier: SocketCarrierName;
  readonly context: RequestContext;
  /** By the monotonic clock. */
  readonly deadlineMs: number;
  /** Undefined in TCP mode. */
  readonly listener: Listener | undefined;
  readonly over: () => void;
}

/**
 * One seat held for one media connection. A connection that starts no call is let go, and the next one may come, until
 * the deadline; one that came in time may finish its first message.
 */
export class Reservation {
  readonly callId: string;
  readonly carrier: SocketCarrierName;
  readonly #options: ReservationOptions;
  #arrival: Arrival | undefined;
  #arrived: (() => void) | undefined;
  #over = false;

  constructor(options: ReservationOptions) {
    this.callId = options.callId;
    this.carrier = options.carrier;
    this.#options = options;
  }

  /** A connection has come, and has not shown yet that it is not the one. */
  get busy(): boolean {
    return this.#over || this.#arrival !== undefined;
  }

  arrive(arrival: Arrival): void {
    this.#arrival = arrival;
    const { context, listener } = this.#options;
    // A socket without a listener for its errors would take the process down with it.
    arrival.socket.on('error', (error) => context.log.debug('socket error', { error }));
    listener?.stop();
    this.#arrived?.();
  }

  /** @throws NoCaller when no media came in time; the signal's reason when it was told to stop */
  async board(signal: AbortSignal): Promise<Line> {
    try {
      for (;;) {
        await this.#next(signal);
        const line = await this.#open(signal);
        if (line) return line;
      }
    } finally {
      this.close();
    }
  }

  /** Waits no longer; the connection that became the line is not touched. */
  close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#options.listener?.remove();
    this.#options.over();
  }

  onGone(gone: () => void): void {
    const socket = this.#socket;
    socket?.once('close', gone);
    if (socket?.readyState === socket?.CLOSED) gone();
  }

  async release(): Promise<void> {
    this.close();
    if (this.#socket) await socketGone(this.#socket, this.#options.context.clock);
  }

  get #socket(): WebSocket | undefined {
    return this.#arrival?.socket;
  }

  /** Resolves when a connection has come. */
  #next(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options.context;
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      if (this.#arrival) return resolve();
      const done = () => {
        cancel();
        signal.removeEventListener('abort', stop);
        this.#arrived = undefined;
      };
      const cancel = clock.after(Math.max(0, this.#options.deadlineMs - clock.now()), () => {
        done();
        reject(this.#never());
      });
      const stop = () => {
        done();
        reject(new Error('the reservation was ended', { cause: signal.reason }));
      };
      signal.addEventListener('abort', stop);
      this.#arrived = () => {
        done();
        resolve();
      };
    });
  }

  /** Undefined when the connection started no call: then the next one may come. */
  async #open(signal: AbortSignal): Promise<Line | undefined> {
    const { context, listener } = this.#options;
    const { settings, clock, log, known } = context;
    const arrival = this.#arrival;
    if (!arrival) return undefined;
    const { socket, carrier, upgrade } = arrival;
    const stop = () => socket.terminate();
    signal.addEventListener('abort', stop, { once: true });
    try {
      return await carrier.open(socket, upgrade, { settings, clock, log, known });
    } catch (error) {
      log.info('media came and started no call', { carrier: carrier.name, error });
      this.#arrival = undefined;
      signal.throwIfAborted();
      listener?.start();
      return undefined;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  #never(): NoCaller {
    this.#options.context.event('media_never_came', { carrier: this.carrier });
    return new NoCaller('line.never_came', 'no media came before the reservation was over');
  }
}

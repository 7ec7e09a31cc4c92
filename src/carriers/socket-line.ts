import type { WebSocket } from 'ws';
import type { EndReason } from '../contract/end-reasons.ts';
import type { Clock } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';
import type { CarrierContext } from '../ports/carrier.ts';
import type { Line, LineEvent, LineFacts, LineNews } from '../ports/line.ts';
import { closedWithin, closeText } from './closing.ts';
import type { Dialect } from './dialect.ts';
import { OpenMarks } from './open-marks.ts';

/** Events kept for a call that has not opened the line yet: far more than arrives before it can. */
const KEPT_EVENTS_MAX = 2000;
/** The caller of `end` waits no longer for the other side than this. */
const CLOSE_MS = 1000;
/** How many times `CXBCORE_MAX_BACKLOG_BYTES` a line may hold before it counts as stuck, whatever the call does. */
const STUCK_FACTOR = 16;
/** How many different notes a line logs. */
const NOTES_MAX = 10;

const CLOSE_NORMAL = 1000;
const CLOSE_POLICY = 1008;

/**
 * A line over one WebSocket, whatever the carrier: keeps events until the call opens it, answers every mark once,
 * ends once, and closes within a second. It owns the socket from the start message on.
 *
 * Generations: `flush(n)` makes everything older than `n` stale. Stale audio is not sent any more; a stale mark that
 * comes back counts as cleared, because carriers echo marks both when played and when cleared.
 */
export class SocketLine implements Line {
  readonly facts: LineFacts;
  readonly #socket: WebSocket;
  readonly #dialect: Dialect;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #backlogMax: number;
  #listener: ((event: LineEvent) => void) | undefined;
  #kept: LineEvent[] = [];
  readonly #marks = new OpenMarks();
  #generation = 0;
  /** Set when the line has ended for either side: by an `end` event, or by `end`. */
  #over = false;
  #closed: Promise<void> | undefined;
  readonly #notes = new Set<string>();

  constructor(socket: WebSocket, facts: LineFacts, dialect: Dialect, context: CarrierContext) {
    this.facts = facts;
    this.#socket = socket;
    this.#dialect = dialect;
    this.#clock = context.clock;
    this.#log = context.log;
    this.#backlogMax = context.settings.maxBacklogBytes * STUCK_FACTOR;
    socket.on('message', (data: Buffer, binary: boolean) => this.#onMessage(data, binary));
    socket.on('ping', () => this.#report({ kind: 'alive', leg: 'caller' }));
    socket.on('pong', () => this.#report({ kind: 'alive', leg: 'caller' }));
    socket.on('error', (error) => this.#onError(error));
    socket.on('close', (code: number) => {
      this.#finish('caller.hung_up', code === CLOSE_NORMAL ? 'the other side closed' : `closed with ${code}`);
    });
  }

  open(listener: (event: LineEvent) => void): void {
    this.#listener = listener;
    const kept = this.#kept;
    this.#kept = [];
    for (const event of kept) listener(event);
  }

  send(samples: Int16Array, generation: number): void {
    if (generation < this.#generation || samples.length === 0) return;
    this.#write(this.#dialect.audio(samples));
  }

  mark(name: string, generation: number): void {
    if (this.#over) return;
    if (generation < this.#generation) {
      // Its audio was flushed before it was sent. Later, because a caller does not expect events while it calls.
      queueMicrotask(() => this.#report({ kind: 'mark', leg: 'caller', name, generation, how: 'cleared' }));
      return;
    }
    this.#write(this.#dialect.mark(this.#marks.sent(name, generation)));
  }

  flush(generation: number): void {
    this.#generation = Math.max(this.#generation, generation);
    this.#write(this.#dialect.clear());
  }

  dtmf(digits: string): void {
    for (const digit of digits) {
      const text = this.#dialect.dtmf(digit);
      if (text !== undefined) this.#write(text);
    }
  }

  transfer(to: string, mode: 'cold' | 'warm'): void {
    if (this.#over) return;
    this.#log.warn('transfer asked of a line that cannot', { to_length: to.length, mode });
    const why = 'this line cannot transfer calls';
    queueMicrotask(() => this.#report({ kind: 'transfer', leg: 'caller', state: 'failed', why }));
  }

  tell(news: LineNews): void {
    const text = this.#dialect.news(news);
    if (text !== undefined) this.#write(text);
  }

  ping(): void {
    if (this.#over || this.#socket.readyState !== this.#socket.OPEN) return;
    this.#socket.ping();
  }

  backlogBytes(): number {
    return this.#socket.bufferedAmount;
  }

  end(reason: EndReason): Promise<void> {
    this.#over = true;
    this.#kept = [];
    this.#closed ??= this.#close(reason, reason.startsWith('start.') ? CLOSE_POLICY : CLOSE_NORMAL, '');
    return this.#closed;
  }

  #onMessage(data: Buffer, binary: boolean): void {
    if (this.#over) return;
    const reading = this.#dialect.read(data, binary, this.#clock.now());
    switch (reading.kind) {
      case 'media':
        return this.#report({ kind: 'media', leg: 'caller', at: reading.at, samples: reading.samples });
      case 'mark':
        return this.#onMark(reading.wireName);
      case 'dtmf':
        return this.#report({ kind: 'dtmf', leg: 'caller', digit: reading.digit });
      case 'stop':
        return this.#finish('caller.hung_up', 'the other side said stop');
      case 'nothing':
        if (reading.note !== undefined) this.#note(reading.note);
        return this.#report({ kind: 'alive', leg: 'caller' });
      case 'fault':
        return this.#finish('line.protocol', reading.why);
    }
  }

  #onMark(wireName: string): void {
    const mark = this.#marks.returned(wireName);
    if (!mark) {
      this.#note('a mark that is not open');
      return this.#report({ kind: 'alive', leg: 'caller' });
    }
    const how = mark.generation < this.#generation ? 'cleared' : 'played';
    this.#report({ kind: 'mark', leg: 'caller', name: mark.name, generation: mark.generation, how });
  }

  #onError(error: Error & { readonly code?: unknown }): void {
    // ws has closed the connection with the fitting code already when the other side broke the WebSocket protocol.
    const theirs = typeof error.code === 'string' && error.code.startsWith('WS_ERR_');
    this.#finish(theirs ? 'line.protocol' : 'caller.hung_up', error.message);
  }

  #note(what: string): void {
    if (this.#notes.has(what) || this.#notes.size >= NOTES_MAX) return;
    this.#notes.add(what);
    this.#log.info('ignored from the line', { what });
  }

  #write(data: string | Uint8Array): void {
    if (this.#over || this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount > this.#backlogMax) {
      const detail = `${this.#socket.bufferedAmount} bytes are waiting to be sent`;
      // Later, because a caller does not expect events while it calls.
      queueMicrotask(() => this.#finish('line.stuck', detail));
      return;
    }
    // The error of a failed send comes as the socket's own error and close events too.
    this.#socket.send(data, () => undefined);
  }

  #report(event: LineEvent): void {
    if (this.#over) return;
    if (event.kind === 'end') this.#over = true;
    if (this.#listener) return this.#listener(event);
    this.#kept.push(event);
    if (this.#kept.length > KEPT_EVENTS_MAX) {
      this.#kept.length = KEPT_EVENTS_MAX;
      this.#finish('line.protocol', `more than ${KEPT_EVENTS_MAX} messages came before the call began`);
    }
  }

  /** The other side, or the line itself, ends it: the last event, and the goodbye that the protocol has. */
  #finish(reason: EndReason, detail: string): void {
    if (this.#over) return;
    this.#report({ kind: 'end', leg: 'caller', reason, detail });
    const code = reason === 'line.protocol' ? CLOSE_POLICY : CLOSE_NORMAL;
    this.#closed ??= this.#close(reason, code, reason === 'line.protocol' ? detail : '');
  }

  #close(reason: EndReason, code: number, text: string): Promise<void> {
    const socket = this.#socket;
    if (socket.readyState === socket.CLOSED) return Promise.resolve();
    if (socket.readyState === socket.OPEN) {
      const goodbye = this.#dialect.goodbye(reason);
      if (goodbye !== undefined) socket.send(goodbye, () => undefined);
      socket.close(code, closeText(text));
    }
    return closedWithin(socket, this.#clock, CLOSE_MS);
  }
}

import type { Call, CallEnd, CallStatus } from '../call/call.ts';
import type { EndReason } from '../contract/end-reasons.ts';
import type { Settings } from '../contract/settings.ts';
import { type Clock, sleep } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';
import { within } from '../kit/within.ts';
import type { Line } from '../ports/line.ts';
import type { Guest, Opened } from './guest.ts';
import type { WorkerMetrics } from './metrics.ts';
import type { LifeEvent } from './state.ts';

export interface SeatOptions {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: WorkerMetrics;
  /** Tells the worker's life what became of the claimed seat. */
  readonly send: (event: LifeEvent) => void;
}

/** Added to every limit that somebody else keeps: this one is for whoever does not keep it. */
const GRACE_MS = 1000;
/** Between two tries to write a record that the disk refused. */
const WRITE_AGAIN_MS = 1000;

/**
 * Whoever holds the seat, from the claim until nothing of it is left. Whatever the guest, the line and the call do, the
 * seat is given back, or the process ends: each of its waits has a limit here, beside the ones they keep themselves.
 */
export class Seat {
  readonly #options: SeatOptions;
  #guest: Guest | undefined;
  /** Aborted, with the end reason, when the guest is to stop becoming a line. */
  #stop = new AbortController();
  #call: Call | undefined;
  #hurry: (() => void) | undefined;
  /** The record of a call that is over cannot be written; aborted when that is waited for no longer. */
  #unwritten: AbortController | undefined;

  constructor(options: SeatOptions) {
    this.#options = options;
  }

  status(): CallStatus | null {
    if (this.#call) return this.#call.status();
    const promised = this.#guest?.promised;
    if (!this.#guest || !promised) return null;
    const { callId: call_id, agent, sinceMs } = promised;
    const seconds = Math.round(this.#options.clock.now() - sinceMs) / 1000;
    return { call_id, carrier: this.#guest.carrier, agent, state: 'opening', seconds };
  }

  /** The id of the call under way, or of the one that was promised. */
  get callId(): string | null {
    return this.#call?.id ?? this.#guest?.promised?.callId ?? null;
  }

  /** Why the seat takes no call although its own is over; null when it does not wait like that. */
  get trouble(): string | null {
    return this.#unwritten
      ? 'the record of the last call cannot be written: make room in CXBCORE_DATA_DIR'
      : null;
  }

  /** Ends whatever holds the seat; what is no call yet will not become one. */
  end(reason: EndReason): void {
    this.#unwritten?.abort(new Error(reason));
    // A call says its goodbye; only what is none yet is cut off.
    if (!this.#call) return this.#stop.abort(reason);
    this.#call.end(reason);
    this.#hurry?.();
  }

  /** The seat has been claimed for this guest. What was told to whoever claimed it, before there was a guest, counts. */
  take(guest: Guest): void {
    this.#guest = guest;
    void this.#run(guest);
  }

  /** The claimed seat goes back without a guest. */
  forget(): void {
    this.#stop = new AbortController();
  }

  async #run(guest: Guest): Promise<void> {
    const { log, send } = this.#options;
    let stuck = false;
    try {
      const line = await this.#line(guest);
      const opened = line && guest.open(line);
      if (opened) stuck = await this.#converse(opened, guest);
    } catch (error) {
      stuck = true;
      log.error('a call failed in a way nobody foresaw', { error });
    } finally {
      await guest.release().catch((error: unknown) => log.error('a guest could not be let go', { error }));
      this.#guest = undefined;
      this.#call = undefined;
      this.forget();
      if (stuck) send({ kind: 'call-stuck' });
      // The one that does not fit the phase changes nothing.
      send({ kind: 'no-line' });
      send({ kind: 'call-over' });
    }
  }

  /** Undefined when no line came of it; everything that was promised is settled then. */
  async #line(guest: Guest): Promise<Line | undefined> {
    const { clock } = this.#options;
    const boarding = guest.board(this.#stop.signal);
    try {
      return await within(clock, guest.limitMs + GRACE_MS, 'becoming a line', boarding);
    } catch (error) {
      const { aborted, reason } = this.#stop.signal;
      if (!aborted) this.#stop.abort('bug.internal');
      void boarding.then((late) => late.end('start.invalid')).catch(() => undefined);
      await guest.noLine(aborted ? (reason as EndReason) : undefined, error);
      return undefined;
    }
  }

  /** Whether the call was due to be over and was not. */
  async #converse({ call, over }: Opened, guest: Guest): Promise<boolean> {
    const { metrics, send, log } = this.#options;
    metrics.callBegan();
    this.#call = call;
    send({ kind: 'call-open', callId: call.id });
    if (this.#stop.signal.aborted) call.end(this.#stop.signal.reason as EndReason);
    const startedMs = this.#options.clock.now();
    const end = await this.#end(call, guest);
    const seconds = (this.#options.clock.now() - startedMs) / 1000;
    const reason = end?.reason ?? 'bug.internal';
    metrics.callEnded(reason, end?.seconds ?? seconds);
    over({ reason, seconds: end?.seconds ?? seconds });
    if (end?.writeAgain) await this.#written(call.id, end.writeAgain);
    // A process that another one was taken for has nothing to say any more: it goes.
    if (end) return end.lost === true;
    metrics.overdue();
    log.error('a call did not end in time; another process takes the seat over', { call_id: call.id });
    return true;
  }

  /** A record that the disk refuses keeps the seat: what is lost otherwise is this one, and that of the next call too. */
  async #written(callId: string, writeAgain: () => Promise<boolean>): Promise<void> {
    const { clock, log } = this.#options;
    const giveUp = new AbortController();
    this.#unwritten = giveUp;
    log.error('no new call until the record of the last one is written', { call_id: callId });
    try {
      do await sleep(clock, WRITE_AGAIN_MS, giveUp.signal);
      while (!(await writeAgain()));
      log.warn('the record is written now', { call_id: callId });
    } catch {
      log.error(
        'the record of the last call is not written; the next start of a worker makes what its journal has',
        {
          call_id: callId,
        },
      );
    } finally {
      this.#unwritten = undefined;
    }
  }

  /** Undefined when the call was due to be over and was not. */
  #end(call: Call, guest: Guest): Promise<CallEnd | undefined> {
    const { settings, clock } = this.#options;
    return new Promise((resolve) => {
      const cancels: (() => void)[] = [];
      const over = (end: CallEnd | undefined) => {
        for (const cancel of cancels) cancel();
        this.#hurry = undefined;
        resolve(end);
      };
      let hurried = false;
      const hurry = () => {
        if (hurried) return;
        hurried = true;
        cancels.push(clock.after(call.endingMs() + GRACE_MS, () => over(undefined)));
      };
      this.#hurry = hurry;
      cancels.push(
        clock.after(settings.maxCallS * 1000 + settings.endMs, () => {
          call.end('limit.duration');
          hurry();
        }),
      );
      guest.onGone(hurry);
      void call.ended.then(over);
    });
  }
}

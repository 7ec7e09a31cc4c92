import type { RemoteTrack } from '@livekit/rtc-node';
import type { EndReason } from '../../contract/end-reasons.ts';
import type { Clock } from '../../kit/clock.ts';
import type { Log } from '../../kit/log.ts';
import { within } from '../../kit/within.ts';
import type { Line, LineEvent, LineFacts, LineNews } from '../../ports/line.ts';
import { Timeline } from '../timeline.ts';
import { hear } from './ear.ts';
import type { Rtc } from './load.ts';
import type { Playout } from './playout.ts';
import { callerGone, weAreGone } from './reasons.ts';
import { type JoinedRoom, type RoomNews, redacted } from './room.ts';

/** Events kept for a call that has not opened the line yet: far more than arrives before it can. */
const KEPT_EVENTS_MAX = 2000;
/** Hanging up asks the server; whoever ends the call waits no longer for that. */
const HANG_UP_MS = 600;
/** DTMF digits by their RFC 4733 event. */
const DIGITS = '0123456789*#ABCD';

export interface LiveKitLineOptions {
  readonly rtc: Rtc;
  readonly room: JoinedRoom;
  /** The caller's identity. */
  readonly caller: string;
  readonly facts: LineFacts;
  readonly playout: Playout;
  readonly clock: Clock;
  readonly log: Log;
  /** Ends the caller's leg, where leaving the room would not. */
  readonly hangUp: () => Promise<void>;
  /** Hands a telephone call on; rejects when it was not. */
  readonly refer: (to: string) => Promise<void>;
}

/**
 * One caller in a LiveKit room as a line. It owns the connection to the room and our audio in it from now on.
 *
 * The client keeps the clock of our audio itself: marks come by arithmetic, a flush empties the client's queue. The
 * caller's audio comes without gaps while the connection lives, so its place is the count of its samples; a pause in
 * its arrival (the caller's track went away, or we reconnected) is a gap.
 */
export class LiveKitLine implements Line {
  readonly facts: LineFacts;
  readonly #options: LiveKitLineOptions;
  readonly #timeline: Timeline;
  readonly #deaf: () => void;
  #listener: ((event: LineEvent) => void) | undefined;
  #kept: LineEvent[] = [];
  readonly #marks = new Map<string, { readonly name: string; readonly generation: number }>();
  #generation = 0;
  #over = false;
  #closed: Promise<void> | undefined;
  #stopHearing: (() => void) | undefined;
  #reconnecting = false;
  #keying: Promise<void> = Promise.resolve();

  constructor(options: LiveKitLineOptions) {
    this.facts = options.facts;
    this.#options = options;
    this.#timeline = new Timeline(options.facts.rate, options.clock.now());
    this.#deaf = options.room.listen((news) => this.#onNews(news));
    const track = options.room.audioOf(options.caller);
    if (track) this.#hear(track);
    // It may have ended while it was made.
    const { gone } = options.room;
    if (gone !== undefined) this.#finish(weAreGone(gone), gone);
    else if (!options.room.people().some(({ identity }) => identity === options.caller))
      this.#finish('caller.hung_up', 'the caller was gone before the call began');
  }

  open(listener: (event: LineEvent) => void): void {
    this.#listener = listener;
    const kept = this.#kept;
    this.#kept = [];
    for (const event of kept) listener(event);
  }

  send(samples: Int16Array, generation: number): void {
    if (this.#over || generation < this.#generation || samples.length === 0) return;
    this.#options.playout.send(samples);
  }

  mark(name: string, generation: number): void {
    if (this.#over) return;
    if (generation < this.#generation) return this.#cleared([{ name, generation }]);
    const key = `${generation}:${name}`;
    this.#marks.set(key, { name, generation });
    this.#options.playout.mark(() => {
      this.#marks.delete(key);
      this.#report({ kind: 'mark', leg: 'caller', name, generation, how: 'played' });
    });
  }

  flush(generation: number): void {
    this.#generation = Math.max(this.#generation, generation);
    if (this.#over) return;
    this.#options.playout.flush();
    const open = [...this.#marks.values()];
    this.#marks.clear();
    this.#cleared(open);
  }

  dtmf(digits: string): void {
    for (const digit of digits.toUpperCase()) {
      const code = DIGITS.indexOf(digit);
      if (code < 0) continue;
      this.#keying = this.#keying
        .then(() => (this.#over ? undefined : this.#options.room.sendDtmf(code, digit)))
        .catch((error: unknown) => this.#options.log.warn('a keypad tone was not sent', { error }));
    }
  }

  transfer(to: string, mode: 'cold' | 'warm'): void {
    if (this.#over) return;
    const tell = (state: 'ringing' | 'answered' | 'failed', why?: string) =>
      this.#report({ kind: 'transfer', leg: 'caller', state, ...(why !== undefined && { why }) });
    if (this.facts.can.transfer === 'none' || mode === 'warm') {
      const why =
        mode === 'warm' ? 'this line hands calls on cold only' : 'this caller is not on a telephone';
      queueMicrotask(() => tell('failed', why));
      return;
    }
    queueMicrotask(() => tell('ringing'));
    this.#options.refer(to).then(
      () => tell('answered'),
      (error: unknown) => tell('failed', redacted(error instanceof Error ? error.message : String(error))),
    );
  }

  /** A room has no place for it: transcripts would cost every call, and few pages show them. */
  tell(_news: LineNews): void {}

  /** The client keeps its connection alive by itself and says when it is lost: until then the line lives. */
  ping(): void {
    if (this.#over || this.#reconnecting) return;
    queueMicrotask(() => this.#report({ kind: 'alive', leg: 'caller' }));
  }

  backlogBytes(): number {
    return this.#options.playout.backlog * 2;
  }

  end(reason: EndReason): Promise<void> {
    this.#over = true;
    this.#kept = [];
    // A duplicate leaves the caller to the call that has them.
    this.#closed ??= this.#close(!reason.startsWith('start.'));
    return this.#closed;
  }

  #onNews(news: RoomNews): void {
    const { caller } = this.#options;
    switch (news.kind) {
      case 'track':
        if (news.identity === caller) this.#hear(news.track);
        return;
      case 'no-track':
        if (news.identity === caller) this.#stopHearing?.();
        return;
      case 'dtmf':
        if (news.identity === caller) this.#report({ kind: 'dtmf', leg: 'caller', digit: news.digit });
        return;
      case 'left':
        if (news.who.identity === caller)
          this.#finish(callerGone(news.reason, !this.#reconnecting), news.reason);
        return;
      case 'gone':
        return this.#finish(weAreGone(news.reason), news.reason);
      case 'reconnecting':
        this.#reconnecting = true;
        this.#options.log.warn('the connection to the room was lost and is tried again');
        return;
      case 'reconnected':
        this.#reconnecting = false;
        return this.#report({ kind: 'alive', leg: 'caller' });
      case 'joined':
      case 'changed':
        return;
    }
  }

  #hear(track: RemoteTrack): void {
    this.#stopHearing?.();
    const { rtc, clock, log } = this.#options;
    const { rate } = this.facts;
    this.#stopHearing = hear(rtc, track, {
      rate,
      log,
      frame: (samples) => {
        const at = this.#timeline.byArrival(samples.length, clock.now());
        this.#report({ kind: 'media', leg: 'caller', at, samples });
      },
    });
  }

  /** Later, because a caller does not expect events while it calls. */
  #cleared(marks: readonly { readonly name: string; readonly generation: number }[]): void {
    if (marks.length === 0) return;
    queueMicrotask(() => {
      for (const mark of marks) this.#report({ kind: 'mark', leg: 'caller', how: 'cleared', ...mark });
    });
  }

  #report(event: LineEvent): void {
    if (this.#over) return;
    if (event.kind === 'end') this.#over = true;
    if (this.#listener) return this.#listener(event);
    this.#kept.push(event);
    // Old sound is worth least.
    if (this.#kept.length > KEPT_EVENTS_MAX) this.#kept.shift();
  }

  #finish(reason: EndReason, detail: string): void {
    if (this.#over) return;
    this.#report({ kind: 'end', leg: 'caller', reason, detail });
    // Whoever put us out may have put another worker in our place, and the caller belongs to that one then.
    const replaced = detail === 'PARTICIPANT_REMOVED' && this.#options.room.gone === detail;
    this.#closed ??= this.#close(!replaced);
  }

  async #close(hangUp: boolean): Promise<void> {
    const { room, playout, clock, log } = this.#options;
    this.#deaf();
    this.#stopHearing?.();
    this.#stopHearing = undefined;
    this.#marks.clear();
    playout.flush();
    await room.leave();
    await playout.close();
    if (hangUp) {
      await within(clock, HANG_UP_MS, 'hanging up', this.#options.hangUp()).catch((error: unknown) =>
        log.warn('the caller could not be hung up through the server', {
          error: redacted(error instanceof Error ? error.message : String(error)),
        }),
      );
    }
  }
}

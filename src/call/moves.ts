import type { JournalMessage } from '../journal/lines.ts';
import type { Clock } from '../kit/clock.ts';
import type { Move, MoveOutcome } from '../ports/brain.ts';
import type { Line, LineEvent } from '../ports/line.ts';
import type { Messages } from './messages.ts';

interface Options {
  readonly line: Line;
  readonly clock: Clock;
  readonly messages: Messages;
  /** Exactly once for every move that was started. */
  readonly listener: (id: string, outcome: MoveOutcome) => void;
}

/** Transfers and messages under way. Owns which one that is. */
export class Moves {
  readonly #options: Options;
  #transfer: string | undefined;

  constructor(options: Options) {
    this.#options = options;
  }

  get saved(): readonly JournalMessage[] {
    return this.#options.messages.saved;
  }

  start(id: string, move: Extract<Move, { kind: 'transfer' | 'message' }>, fromMs: number): void {
    if (move.kind === 'message') return this.#options.messages.start(id, fromMs);
    this.#transfer = id;
    this.#options.line.transfer(move.to, move.mode);
  }

  /** @param save whether a message is kept */
  stop(id: string, save: boolean): void {
    if (this.#transfer === id) {
      this.#transfer = undefined;
      return this.#options.listener(id, { ok: false, why: 'it was given up' });
    }
    const release = this.#options.clock.hold();
    void this.#options.messages.stop(id, save).then((outcome) => {
      this.#options.listener(id, outcome);
      release();
    });
  }

  /** More of the caller's audio is there. */
  hear(to: number): void {
    this.#options.messages.hear(to);
  }

  transferred(event: Extract<LineEvent, { kind: 'transfer' }>): void {
    const id = this.#transfer;
    if (id === undefined || event.state === 'ringing') return;
    this.#transfer = undefined;
    this.#options.listener(
      id,
      event.state === 'answered'
        ? { ok: true, detail: event.why ?? null }
        : { ok: false, why: event.why ?? `the transfer ${event.state}` },
    );
  }

  /** Ends what is under way; resolves when nothing is being written any more. */
  async idle(): Promise<void> {
    if (this.#transfer !== undefined) this.stop(this.#transfer, false);
    await this.#options.messages.idle();
  }
}

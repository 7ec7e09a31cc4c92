import type { EndReason } from '../contract/end-reasons.ts';
import type { Clock } from '../kit/clock.ts';
import type { Scope } from '../kit/scope.ts';
import type { Line } from '../ports/line.ts';

/** What is noticed of a line's health. */
export type LineHealth =
  /** No media for a moment: no silence accrues. */
  | { readonly kind: 'stalled' }
  /** Media again. */
  | { readonly kind: 'resumed' }
  /**
   * No media for so long that something is wrong, on a line that always sends. Most telephone carriers may omit silence:
   * there nothing but the missing signs of life tells, and the call ends with `line.lost`.
   */
  | { readonly kind: 'trouble' }
  /** Nothing came, on a line that sends nothing while the caller is quiet: so much silence. */
  | { readonly kind: 'silence'; readonly ms: number }
  | { readonly kind: 'dead'; readonly reason: EndReason; readonly detail: string };

/** Between two looks at when audio came last. */
const TICK_MS = 100;
/** Without audio for so long, a line that sends all the time has stalled: five frames. */
const STALLED_MS = 100;
/** A carrier that omits silence is believed after this long. */
const OMITTED_MS = 750;
/** A stall of so long is trouble with the line, not a hiccup of the network. */
const TROUBLE_MS = 10_000;

interface Options {
  readonly clock: Clock;
  readonly scope: Scope;
  readonly line: Line;
  readonly limits: {
    readonly aliveS: number;
    readonly pingS: number;
    readonly stuckS: number;
    readonly maxBacklogBytes: number;
  };
  readonly listener: (health: LineHealth) => void;
}

/**
 * Watches whether a line lives. Owns the times of the last media, the last sign of life and the last moment the line
 * took our audio. In: `media` and `alive`. Out: `LineHealth`. It ends by saying `dead` once.
 */
export class LineWatch {
  readonly #options: Options;
  #state: 'flowing' | 'stalled' | 'trouble' = 'flowing';
  #mediaAt: number;
  #aliveAt: number;
  #pingAt: number;
  /** Up to when missing media has been counted as silence. */
  #silentTo = 0;
  #tookAudioAt: number;
  #dead = false;

  constructor(options: Options) {
    this.#options = options;
    const now = options.clock.now();
    this.#mediaAt = now;
    this.#aliveAt = now;
    this.#pingAt = now;
    this.#tookAudioAt = now;
    this.#arm();
  }

  media(): void {
    const now = this.#options.clock.now();
    this.#mediaAt = now;
    this.#aliveAt = now;
    this.#silentTo = 0;
    if (this.#state === 'flowing') return;
    this.#state = 'flowing';
    this.#options.listener({ kind: 'resumed' });
  }

  alive(): void {
    this.#aliveAt = this.#options.clock.now();
  }

  #arm(): void {
    this.#options.scope.after(TICK_MS, () => {
      this.#tick();
      if (!this.#dead) this.#arm();
    });
  }

  #tick(): void {
    const now = this.#options.clock.now();
    const { line, limits } = this.#options;
    const withoutMs = now - this.#mediaAt;
    if (withoutMs >= STALLED_MS && this.#state === 'flowing') this.#become('stalled');
    if (line.facts.omitsSilence) this.#countSilence(now, withoutMs);
    else if (withoutMs >= TROUBLE_MS && this.#state === 'stalled') this.#become('trouble');
    if (now - this.#pingAt >= limits.pingS * 1000) {
      this.#pingAt = now;
      line.ping();
    }
    if (line.backlogBytes() <= limits.maxBacklogBytes) this.#tookAudioAt = now;
    if (now - this.#tookAudioAt >= limits.stuckS * 1000)
      this.#die('line.stuck', `the line took no audio for ${limits.stuckS} s`);
    if (now - this.#aliveAt >= limits.aliveS * 1000)
      this.#die('line.lost', `neither a frame nor a pong came for ${limits.aliveS} s`);
  }

  #countSilence(now: number, withoutMs: number): void {
    if (withoutMs < OMITTED_MS) return;
    const from = Math.max(this.#silentTo, this.#mediaAt);
    this.#silentTo = now;
    this.#options.listener({ kind: 'silence', ms: now - from });
  }

  #become(state: 'stalled' | 'trouble'): void {
    this.#state = state;
    this.#options.listener({ kind: state });
  }

  #die(reason: EndReason, detail: string): void {
    if (this.#dead) return;
    this.#dead = true;
    this.#options.listener({ kind: 'dead', reason, detail });
  }
}

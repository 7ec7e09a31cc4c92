import type { Admission } from '../call/admission.ts';
import type { OwnClaim } from '../claims/claims.ts';
import { type Clock, sleep } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';
import type { Line } from '../ports/line.ts';
import { NoCaller, type Prepared } from '../ports/requested.ts';
import type { Guest, Opened } from './guest.ts';
import type { WorkerMetrics } from './metrics.ts';

export interface PromisedOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: WorkerMetrics;
  readonly admission: Admission;
  readonly claim: OwnClaim;
  readonly prepared: Prepared;
  /** Resolves when the answer is out. */
  readonly answered: Promise<void>;
  readonly carrier: Guest['carrier'];
  readonly agent: string;
  readonly open: (line: Line, admission: Admission, claim: OwnClaim) => Opened;
}

/** Longer than any answer takes to leave this process; the call was promised, so it goes on without it. */
const ANSWER_MS = 1000;
/** When a carrier sets no limit of its own to the waiting for a caller. */
const BOARD_MS = 3_600_000;

/** A call that was promised: whatever becomes of it, it gets its one record, and its claim tells how it ended. */
export function promisedGuest(options: PromisedOptions): Guest {
  const { clock, log, metrics, admission, claim, prepared, answered, carrier, agent } = options;
  const sinceMs = clock.now();
  return {
    carrier,
    limitMs: ANSWER_MS + (prepared.limitMs ?? BOARD_MS),
    promised: { callId: admission.id, agent, sinceMs },
    async board(signal) {
      // The other party must not notice anything before whoever asked has been answered.
      await Promise.race([answered, sleep(clock, ANSWER_MS)]);
      return prepared.board(signal);
    },
    open: (line) => options.open(line, admission, claim),
    async noLine(stopped, error) {
      const expected = error instanceof NoCaller;
      const reason = stopped ?? (expected ? error.reason : 'bug.internal');
      if (!stopped && !expected) log.error('a promised call got no line', { error });
      const found = expected && !stopped ? error.result : {};
      if (Object.keys(found).length > 0) admission.note('no_caller', found);
      const { seconds } = await admission.fail(reason, why(error));
      log.info('the promised call got no line', { reason, seconds });
      metrics.noLine(carrier);
      metrics.callEnded(reason, seconds);
      claim.end({ reason, ...found });
    },
    onGone: (listener) => prepared.onGone?.(listener),
    release: async () => prepared.release?.(),
  };
}

function why(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

import type { Admission } from '../call/admission.ts';
import type { Called } from '../call/begin.ts';
import type { Call } from '../call/call.ts';
import type { CallMetrics } from '../call/metrics.ts';
import type { Settings } from '../contract/settings.ts';
import type { Clock } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';
import type { CarrierMedia } from '../ports/carrier.ts';
import type { Line, LineFacts } from '../ports/line.ts';
import type { RequestCarrier } from '../ports/requested.ts';

/** Everything a proven worker needs to carry calls. */
export interface Services {
  readonly carriers: readonly CarrierMedia[];
  /** What is not as it should be although calls can be carried, in words. */
  readonly degraded: string | null;
  /** The agent that answers, by what a start says of it; undefined: there is none. */
  agentFor(called: Called): string | undefined;
  /**
   * Admits a call before it has a line.
   * @throws JournalExistsError when the id was another call's
   */
  admit(facts: LineFacts): Admission;
  /**
   * Takes over a promised call whose worker died.
   * @throws NotContinued, and nothing has changed
   */
  continueCall(callId: string, cause: string): Promise<Admission>;
  /** @param admission where the call was admitted before */
  openCall(line: Line, admission?: Admission): Call;
  /** Starts by request that go through LiveKit; undefined where it is not set up. */
  readonly livekit: RequestCarrier | undefined;
  /** The agents that answer, by name, with the hashes of their files. */
  agents(): Readonly<Record<string, string>>;
  /**
   * Reads the agents again; calls that begin from then on have the new ones. Rejects, with everything as it was, when
   * the new ones cannot be used.
   */
  reload(): Promise<void>;
  /** Between calls: nothing of the last one is left. Rejects when that cannot be had; may never settle. */
  reset(): Promise<void>;
  /** Called once, with the reason, when calls cannot be carried any more. */
  onBroken(listener: (why: string) => void): void;
  close(): Promise<void>;
}

export interface ServiceContext {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly log: Log;
  readonly build: string;
  readonly worker: number;
  readonly metrics: CallMetrics;
  /** Runs one stage of the warm-up and notes how long it took. */
  readonly stage: <T>(name: string, work: () => Promise<T>) => Promise<T>;
}

/** Agents or settings that no other try can make usable: the process ends with 78 instead of warming for ever. */
export class Unusable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Unusable';
  }
}

/** Loads, warms and proves everything. Rejects, with nothing left open, when any part of that fails. @throws Unusable */
export type OpenServices = (context: ServiceContext) => Promise<Services>;

import type { Agent } from '../agent/agent.ts';
import type { EndReason } from '../contract/end-reasons.ts';
import type { CarrierName } from '../contract/states.ts';
import { JournalExistsError } from '../journal/journal.ts';
import type { Brain, BrainContext, TextBrain } from '../ports/brain.ts';
import type { Engines } from '../ports/engines.ts';
import type { Line } from '../ports/line.ts';
import { Admission, type AdmissionDeps, type Remains } from './admission.ts';
import { begin, turnConfig } from './begin.ts';
import { inTime } from './in-time.ts';
import { LeasedLine } from './leased-line.ts';
import { LiveCall } from './live-call.ts';
import type { CallMetrics } from './metrics.ts';

/** Everything a call needs from the process it runs in. */
export interface CallDeps extends AdmissionDeps {
  readonly engines: Engines;
  openBrain(agent: Agent, context: BrainContext): Brain;
  readonly metrics: CallMetrics;
}

export interface CallEnd extends Remains {
  /** Turns of the caller that were answered. */
  readonly turns: number;
}

export interface CallStatus {
  readonly call_id: string;
  readonly carrier: CarrierName;
  readonly agent: string;
  readonly state: 'opening' | 'live' | 'waiting' | 'closing';
  readonly seconds: number;
}

export interface Call {
  readonly id: string;
  /** Resolves once, when the line is closed and the record is written; never rejects. */
  readonly ended: Promise<CallEnd>;
  /** Ends the call at once for `reason`, unless it is already ending for another. */
  end(reason: EndReason): void;
  status(): CallStatus;
  /** How long the call may take to its end once its line is gone, in milliseconds: tools that have begun finish. */
  endingMs(): number;
}

/**
 * Runs one conversation over `line`. Never throws: whatever goes wrong ends the call with a reason.
 * @param admitted the call's admission, where it came before the line; otherwise it is admitted now
 */
export function openCall(deps: CallDeps, line: Line, admitted?: Admission): Call {
  let admission = admitted;
  const id = admission?.id ?? line.facts.callId;
  const log = id === undefined ? deps.log : deps.log.with({ call_id: id });
  try {
    admission ??= new Admission({ ...deps, log }, line.facts);
    return new RunningCall({ ...deps, log: deps.log.with({ call_id: admission.id }) }, line, admission);
  } catch (error) {
    if (error instanceof JournalExistsError) {
      log.warn('the call is, or was, another one', { error });
      return stillborn(line, id ?? '', 'start.duplicate', undefined);
    }
    log.error('the call could not begin', { error });
    return stillborn(line, admission?.id ?? id ?? '', 'bug.internal', admission);
  }
}

/** A call that ends before it begins; one that was admitted has its record all the same. */
function stillborn(line: Line, id: string, reason: EndReason, admission: Admission | undefined): Call {
  const none: Remains = { reason, recordPath: '', seconds: 0 };
  const ended = line.end(reason).then(() => admission?.finish(reason, undefined) ?? none);
  return {
    id,
    ended: ended.then((remains) => ({ ...remains, turns: 0 })),
    end: () => undefined,
    endingMs: () => 0,
    status: () => ({ call_id: id, carrier: line.facts.carrier, agent: '', state: 'closing', seconds: 0 }),
  };
}

/** A call from its line to its end. Owns its brain and its parts; the journal and the record are its admission's. */
class RunningCall implements Call {
  readonly id: string;
  readonly ended: Promise<CallEnd>;
  readonly #deps: CallDeps;
  readonly #line: Line;
  readonly #admission: Admission;
  readonly #agentName: string;
  readonly #brain: TextBrain | undefined;
  readonly #live: LiveCall;

  constructor(deps: CallDeps, line: Line, admission: Admission) {
    const { id, agent, journal, notes, secrets, past } = admission;
    this.id = id;
    this.#deps = deps;
    const isLost = () => line.facts.outlivesWorker === true && admission.isLost;
    this.#line = line.facts.outlivesWorker
      ? new LeasedLine(line, isLost, () => this.end('worker.died'))
      : line;
    this.#admission = admission;
    this.#agentName = line.facts.agent ?? agent.name;
    const begun = admission.broken
      ? { broken: admission.broken }
      : begin(deps, agent, line, id, admission.past?.brain);
    this.#brain = begun.brain;
    const turn = turnConfig(deps, agent, line, begun.broken, past);
    admission.board(line.facts, turn);
    let resolveEnd: (reason: EndReason) => void = () => undefined;
    const over = new Promise<EndReason>((resolve) => {
      resolveEnd = resolve;
    });
    this.ended = over.then((reason) => this.#finish(reason));
    const { brain } = begun;
    try {
      this.#live = new LiveCall(
        { deps, id, line: this.#line, agent, brain, journal, notes, secrets, turn, past, isLost },
        resolveEnd,
      );
    } catch (error) {
      void brain?.close();
      throw error;
    }
    this.#live.open();
  }

  end(reason: EndReason): void {
    this.#live.input({ kind: 'end-asked', reason });
  }

  status(): CallStatus {
    const { is } = this.#live.state.call;
    return {
      call_id: this.id,
      carrier: this.#line.facts.carrier,
      agent: this.#agentName,
      state: is === 'ended' ? 'closing' : is,
      seconds: this.#admission.seconds,
    };
  }

  endingMs(): number {
    return this.#deps.settings.endMs + this.#toolsMs();
  }

  #toolsMs(): number {
    return Math.min(this.#live.toolsMs, this.#deps.settings.toolEndMs);
  }

  /** The one way out: the line first, because a person waits there; the record last, because everything is in it. */
  async #finish(reason: EndReason): Promise<CallEnd> {
    const { clock, settings, log } = this.#deps;
    const { endMs } = settings;
    // What is booked when the caller hangs up is booked: the record is to say so.
    const toolsMs = Math.max(endMs * 0.6, this.#toolsMs());
    const steps: readonly (readonly [string, number, () => Promise<unknown>])[] = [
      ['line', endMs, () => this.#line.end(reason)],
      ['parts', endMs + toolsMs, () => this.#live.close(reason, toolsMs)],
      ['brain', endMs, async () => this.#brain?.close()],
    ];
    for (const [what, limitMs, step] of steps) await inTime(clock, limitMs, what, log, step);
    const { detail } = this.#live;
    const remains = await this.#admission.finish(reason, detail);
    const turns = this.#live.counters.turns ?? 0;
    log.info('the call ended', { reason, seconds: remains.seconds, turns, detail });
    return { ...remains, turns };
  }
}

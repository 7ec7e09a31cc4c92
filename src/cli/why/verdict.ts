import { END_REASONS, type EndReason } from '../../contract/end-reasons.ts';

/** Whose doing the end of a call was, and what to do about it; null: there is nothing to do. */
export interface Verdict {
  readonly reason: EndReason;
  readonly means: string;
  readonly whose: string;
  readonly remedy: string | null;
}

type Party = EndReason extends `${infer P}.${string}` ? P : never;

const WHOSE: Readonly<Record<Party, string>> = {
  caller: "the caller's",
  agent: "the agent's",
  line: "the line's: the network or the carrier between the caller and this host",
  dial: 'the dialled side, or the way to it',
  speech: 'the speech engines or their provider',
  limit: 'a limit in the settings',
  operator: 'a person or program with access to this host',
  start: 'whoever started the call',
  worker: "this host's: the worker process",
  bug: 'ours',
};

const REMEDIES: Partial<Readonly<Record<EndReason, string>>> = {
  'caller.not_understood':
    'look at what was not understood below: offer keys, other words, or a person to talk to',
  'agent.unknown':
    'name an agent this host has, or put its file into CXBCORE_AGENTS and run "cxbcore reload"',
  'agent.failed': 'correct the agent file at the place the detail names, then run "cxbcore reload"',
  'line.lost':
    'look whether other calls of the same minute ended so: then it is the network; a proxy with too short a time-out ends calls at the same length',
  'line.stuck': 'the other side stopped reading: look at its load, and at the network between',
  'line.never_came': 'see whether the carrier got the media address, and may reach it',
  'line.protocol': 'the detail says what came; see whether the carrier or a proxy changes messages',
  'speech.failed': 'look at the log of the worker for the provider it names, and at its status page',
  'limit.duration': 'raise CXBCORE_MAX_CALL_S, and CXBCORE_DRAIN_S with it, if calls may be longer',
  'start.invalid': 'the detail says what was wrong with the first message',
  'worker.died':
    'the cause is below where it is known; "out of memory" wants fewer workers or more memory, anything else is a fault of ours: please report it with the log of the worker',
  'bug.internal': 'please report it with the log of the worker',
};

export function verdictOf(reason: EndReason): Verdict {
  const party = reason.slice(0, reason.indexOf('.')) as Party;
  return { reason, means: END_REASONS[reason], whose: WHOSE[party], remedy: REMEDIES[reason] ?? null };
}

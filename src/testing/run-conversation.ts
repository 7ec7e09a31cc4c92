import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Agent } from '../agent/agent.ts';
import { openBrain as openAgentBrain, prepareBrains } from '../brains/open.ts';
import { type CallDeps, openCall } from '../call/call.ts';
import { type CallCounter, type CallTiming } from '../call/metrics.ts';
import type { EndReason } from '../contract/end-reasons.ts';
import { readSettings } from '../contract/settings.ts';
import type { CallRecord, RecordItem } from '../journal/call-record.ts';
import { RecordFold } from '../journal/fold.ts';
import type { JournalLine } from '../journal/lines.ts';
import { journalPath } from '../journal/paths.ts';
import { readJournal } from '../journal/read.ts';
import type { Clock } from '../kit/clock.ts';
import { seededChance } from '../kit/ids.ts';
import { type Log, silentLog } from '../kit/log.ts';
import { VirtualClock } from '../kit/virtual-clock.ts';
import type { Brain, BrainContext } from '../ports/brain.ts';
import type { Engines } from '../ports/engines.ts';
import type { LineFacts } from '../ports/line.ts';
import { CallerScript } from './caller-script.ts';
import { listenedTo, slowEngines } from './conversation-engines.ts';
import { FakeLine, type TransferPlan } from './fake-line.ts';
import { heldBrain } from './held-brain.ts';
import { ScriptedCaller } from './scripted-caller.ts';

export interface ConversationOptions {
  readonly agent: Agent;
  /** What the caller does. The conversation goes on until the call ends, also after this returns. */
  readonly caller: (caller: ScriptedCaller) => Promise<void> | void;
  /** The brain to use; the agent's own when absent. Time is to be taken from `clock`. */
  readonly openBrain?: (agent: Agent, context: BrainContext, clock: Clock) => Brain;
  /** Facts of the line that differ, such as `from: undefined` or `omitsSilence`. */
  readonly facts?: Partial<LineFacts>;
  /** Absent: the line cannot transfer. */
  readonly transfer?: TransferPlan;
  /** Settings by their names in the environment. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Milliseconds since 1970 UTC when the call begins. */
  readonly wallMs?: number;
  /**
   * Real engines in place of those that read the caller's script; opened with the clock of the conversation, which they
   * have to hold while they work. The caller's words need a `sound` then.
   */
  readonly engines?: (clock: Clock) => Engines;
  /** What the caller's words sound like, at the line's rate. */
  readonly sound?: (text: string) => Int16Array;
  /** Every n-th mark of the line is lost. */
  readonly loseMarks?: number;
  /** Delays of the engines, in milliseconds. */
  readonly finalMs?: number;
  readonly voiceMs?: number;
  /** The longest the conversation may take, in its own time. */
  readonly limitMs?: number;
  readonly log?: Log;
}

/** How a conversation went, as either side and the records have it. */
export interface ConversationOutcome {
  readonly reason: EndReason;
  readonly seconds: number;
  /** Every word that came out of the caller's loudspeaker, in order, repetitions too. */
  readonly heard: string;
  /** The conversation as the record has it. */
  readonly said: readonly RecordItem[];
  readonly tools: CallRecord['tools'];
  readonly result: CallRecord['result'];
  readonly record: CallRecord;
  readonly journal: readonly JournalLine[];
  /** Milliseconds by what they measure, in the order they were measured. */
  readonly timings: Readonly<Partial<Record<CallTiming, readonly number[]>>>;
  readonly counters: Readonly<Partial<Record<CallCounter, number>>>;
  readonly line: FakeLine;
}

const LIMIT_MS = 600_000;

/** Models of tests are objects, or endpoints of their own. */
const NO_KEYS = { openai: [], anthropic: [], google: [], groq: [] };

/**
 * Holds a conversation between an agent and a scripted caller, in text, in virtual time: engines, voice and line are
 * slow on purpose, yet a minute of talk takes a fraction of a second.
 * @throws the error of the caller's steps, or when the call does not end in time
 */
export async function runConversation(options: ConversationOptions): Promise<ConversationOutcome> {
  if (!options.openBrain) await prepareBrains([options.agent], () => NO_KEYS);
  const dataDir = await mkdtemp(join(tmpdir(), 'cxbcore-conversation-'));
  const clock = new VirtualClock(options.wallMs);
  const script = new CallerScript(options.facts?.rate ?? 8000);
  const { engines, words } = options.engines
    ? listenedTo(options.engines(clock))
    : slowEngines(options, clock, script);
  const line = new FakeLine({
    clock,
    script,
    lexicon: words,
    facts: { callId: 'conversation', ...options.facts },
    ...(options.transfer && { transfer: options.transfer }),
    ...(options.loseMarks !== undefined && { loseMarks: options.loseMarks }),
  });
  const timings: Partial<Record<CallTiming, number[]>> = {};
  const counters: Partial<Record<CallCounter, number>> = {};
  const deps: CallDeps = {
    clock,
    chance: seededChance(1),
    log: options.log ?? silentLog,
    settings: readSettings(
      { CXBCORE_MODE: 'development', CXBCORE_DATA_DIR: dataDir, ...options.settings },
      'test',
    ),
    build: 'test',
    worker: 1,
    agents: new Map([[options.agent.name, options.agent]]),
    defaultAgent: options.agent.name,
    engines,
    openBrain: (agent, context) =>
      options.openBrain?.(agent, context, clock) ?? heldBrain(openAgentBrain(agent, context), clock),
    metrics: {
      count: (what) => {
        counters[what] = (counters[what] ?? 0) + 1;
      },
      observe: (what, ms) => void (timings[what] ??= []).push(ms),
    },
  };
  try {
    const call = openCall(deps, line);
    let failure: unknown;
    void (async () => {
      try {
        await options.caller(new ScriptedCaller(clock, line, script, options.sound));
      } catch (error) {
        failure = error;
        line.hangUp();
      }
    })();
    const end = await clock.runUntilSettled(call.ended, options.limitMs ?? LIMIT_MS);
    if (failure) throw failure;
    const { lines } = await readJournal(journalPath(dataDir, call.id, 1));
    const heard = line.heard.map((word) => word.text).join(' ');
    const { reason, seconds } = end;
    return { reason, seconds, heard, ...recordOf(call.id, lines), timings, counters, line };
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** What the records have of a call. */
function recordOf(id: string, journal: readonly JournalLine[]) {
  const fold = new RecordFold(id);
  for (const entry of journal) fold.add(entry);
  const record = fold.record();
  return { journal, record, said: record.conversation, tools: record.tools, result: record.result };
}

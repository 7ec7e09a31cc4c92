// Places calls as a plan says and prints what came of them: a process of its own, so that its CPU is told apart from
// that of the host it calls. Reads the plan as JSON from standard input, writes the outcome as JSON to standard output.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { keepAlive, realClock, sleep } from '../src/kit/clock.ts';
import { type RecordView, waitForRecord } from '../src/sim/call-record.ts';
import { readySteps } from '../src/sim/caller.ts';
import { parseCallerScript } from '../src/sim/caller-script.ts';
import { Refused } from '../src/sim/connect.ts';
import type { ConversationReport } from '../src/sim/conversation-report.ts';
import type { FarEnd } from '../src/sim/far-end.ts';
import { JournalReader, watchJournal } from '../src/sim/journal-watch.ts';
import { placeCall } from '../src/sim/place-call.ts';
import { deviceVoices, soundMaker } from '../src/sim/sounds.ts';

export interface CallersPlan {
  readonly url: string;
  readonly dataDir: string;
  readonly calls: readonly {
    readonly id: string;
    readonly protocol: 'twilio' | 'pcm';
    readonly agent: string;
    /** When it begins, after the first one. */
    readonly startMs: number;
    /** As in a caller file. */
    readonly steps: readonly object[];
  }[];
}

export interface CallersResult {
  readonly calls: readonly CallResult[];
  readonly wallS: number;
  readonly cpuS: number;
  /** The longest the callers' own event loop was late: what the measurement itself may be off by. */
  readonly lateMaxMs: number;
}

export interface CallResult {
  readonly id: string;
  readonly refused?: string;
  readonly report?: ConversationReport;
  readonly record?: RecordView;
  /** When the line began to play after a pause of its own. */
  readonly starts: readonly number[];
  readonly keys: readonly number[];
  /** Of each interruption: how much of the reply was played, and what the call's ledger says was heard. */
  readonly cuts: readonly { readonly playedMs: number; readonly heardMs: number }[];
}

const RECORD_WAIT_MS = 8000;

async function main(): Promise<void> {
  const release = keepAlive();
  let text = '';
  for await (const chunk of process.stdin) text += String(chunk);
  const plan = JSON.parse(text) as CallersPlan;
  const sounds = soundMaker({ folder: process.cwd(), synthesise: deviceVoices(), voice: 'human' });
  const ready = await Promise.all(
    plan.calls.map(async (call) => {
      const script = parseCallerScript(JSON.stringify({ steps: call.steps }));
      return { ...call, steps: await readySteps(script, call.protocol === 'twilio' ? 8000 : 16_000, sounds) };
    }),
  );
  const late = watchLateness();
  const startedMs = performance.now();
  const cpu = process.cpuUsage();
  const calls = await Promise.all(ready.map((call) => one(plan, call)));
  const { user, system } = process.cpuUsage(cpu);
  const result: CallersResult = {
    calls,
    wallS: (performance.now() - startedMs) / 1000,
    cpuS: (user + system) / 1e6,
    lateMaxMs: late(),
  };
  process.stdout.write(JSON.stringify(result));
  release();
}

async function one(
  plan: CallersPlan,
  call: Omit<CallersPlan['calls'][number], 'steps'> & { steps: Awaited<ReturnType<typeof readySteps>> },
): Promise<CallResult> {
  await sleep(realClock, call.startMs);
  let stop = () => Promise.resolve();
  try {
    const { far, report, outcome } = await placeCall(
      { url: plan.url, protocol: call.protocol, agent: call.agent, callId: call.id },
      call.steps,
      realClock,
      {
        begun: (_far, caller) => {
          stop = watchJournal(plan.dataDir, call.id, realClock, (news) => {
            if (news.kind === 'agent') caller.agentSays(news.text);
          });
        },
      },
    );
    const record = await waitForRecord(plan.dataDir, call.id, realClock, RECORD_WAIT_MS);
    const starts = far.loudspeaker.starts();
    const cuts = cutsOf(far, report, await ledgersOf(plan.dataDir, call.id));
    far.release();
    const keys = outcome.keys.map((key) => key.atMs);
    return { id: call.id, report, starts, keys, cuts, ...(record ? { record } : {}) };
  } catch (error) {
    const why = error instanceof Refused ? `${error.status} ${error.code ?? ''}` : String(error);
    return { id: call.id, refused: why, starts: [], keys: [], cuts: [] };
  } finally {
    await stop();
  }
}

/** What the ledger says was heard of each reply that was interrupted, in their order. */
async function ledgersOf(dataDir: string, id: string): Promise<number[]> {
  const ledgers = new Map<string, number>();
  const cut: string[] = [];
  const reader = new JournalReader((news) => {
    if (news.kind === 'ledger') ledgers.set(news.reply, news.heardMs);
    if (news.kind === 'cut') cut.push(news.reply);
  });
  const text = await readFile(join(dataDir, 'journal', `${id}.1.jsonl`), 'utf8').catch(() => '');
  for (const line of text.split('\n')) reader.line(line);
  return cut.flatMap((reply) => ledgers.get(reply) ?? []);
}

/** Each interruption cuts one reply, in their order; the reply began after the caller's turn before it. */
function cutsOf(far: FarEnd, report: ConversationReport, ledgers: readonly number[]): CallResult['cuts'] {
  return report.barge_ins.flatMap(({ silent_ms }, i) => {
    const heardMs = ledgers[i];
    if (silent_ms === null || heardMs === undefined) return [];
    return [
      { playedMs: far.loudspeaker.playedMs(report.responses[i - 1]?.caller_end_ms ?? 0, silent_ms), heardMs },
    ];
  });
}

function watchLateness(): () => number {
  let worst = 0;
  let due = performance.now() + 10;
  const timer = setInterval(() => {
    const now = performance.now();
    worst = Math.max(worst, now - due);
    due = now + 10;
  }, 10);
  timer.unref();
  return () => {
    clearInterval(timer);
    return worst;
  };
}

await main();

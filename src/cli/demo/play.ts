import { sleep } from '../../kit/clock.ts';
import { type RecordView, waitForRecord } from '../../sim/call-record.ts';
import { placedTexts, type SaidWords, withRecord } from '../../sim/call-words.ts';
import { type Caller, type ReadyStep, readySteps, type SoundOf } from '../../sim/caller.ts';
import { Refused } from '../../sim/connect.ts';
import type { ConversationReport } from '../../sim/conversation-report.ts';
import { watchJournal } from '../../sim/journal-watch.ts';
import { listenAlong } from '../../sim/listen-along.ts';
import { type PlacedCall, placeCall } from '../../sim/place-call.ts';
import type { ConversationView } from '../conversation-view.ts';
import type { Role } from './cast.ts';
import type { Stage } from './stage.ts';

/** What came of one caller. */
export interface Played {
  readonly role: Role;
  readonly callId: string;
  readonly report: ConversationReport;
  readonly record: RecordView | undefined;
  readonly outcome: PlacedCall['outcome'];
  readonly placed: PlacedCall;
  readonly agentTexts: readonly { readonly fromMs: number; readonly text: string }[];
  /** What a start was answered while every seat was taken; the tries until one was free. */
  readonly refusal?: { readonly status: number; readonly code: string; readonly tries: number };
}

/** A call that could not be placed, or broke. */
export interface Missed {
  readonly role: Role;
  readonly why: string;
}

const RATE = { twilio: 8000, pcm: 16_000 } as const;
/** How long the host may take to write the record of a call that has ended. */
const RECORD_WAIT_MS = 8000;
/** Between two tries of the caller who was refused. */
const RETRY_MS = 1000;
/** That caller gives up after a minute: the other calls are shorter. */
const TRIES_MAX = 60;

/** Sounds are made before the curtain rises, so that nobody waits for them in a call. */
export async function rehearse(role: Role, soundOf: SoundOf): Promise<ReadyStep[]> {
  return readySteps({ steps: role.steps }, RATE[role.protocol], soundOf);
}

export async function play(
  role: Role,
  steps: readonly ReadyStep[],
  stage: Stage,
  view: ConversationView,
  startedMs: number,
): Promise<Played | Missed> {
  const { clock, host } = stage;
  const callId = `${stage.run}-${role.name}`;
  const now = () => clock.now() - startedMs;
  await sleep(clock, Math.max(0, role.atMs - now()));
  let stop = () => undefined as void;
  let caller: Caller | undefined;
  let axis = () => 0;
  const replies = new Map<string, SaidWords>();
  const dataDir = host.settings.dataDir;
  const stopWatching = watchJournal(dataDir, callId, clock, (news) => {
    if (news.kind === 'agent') {
      const begun = replies.get(news.reply);
      replies.set(news.reply, { atMs: begun?.atMs ?? axis(), text: `${begun?.text ?? ''}${news.text}` });
      view.agentSays(news.text, news.reply);
      caller?.agentSays(news.text);
    }
    if (news.kind === 'cut') {
      const begun = replies.get(news.reply);
      replies.set(news.reply, { atMs: begun?.atMs ?? axis(), text: `${news.heard} –` });
      view.cutAfter(axis(), news.heard);
    }
    if (news.kind === 'heard') view.understood(axis(), news.text);
    if (news.kind === 'unclear') view.understood(axis(), undefined);
  });
  const attempt = () =>
    placeCall(
      { url: host.url, protocol: role.protocol, agent: role.agent, callId, from: role.number },
      steps,
      clock,
      {
        begun: (far, who) => {
          caller = who;
          axis = () => far.nowMs();
          view.shift(now() - far.nowMs());
          view.note(far.nowMs(), role.about);
          stop = listenAlong(far, clock, (news) => view.heard(news));
        },
        caller: (news) => view.caller(news),
      },
    );
  try {
    const { placed, refusal } = await insist(attempt, role, stage, view, now);
    stop();
    const record = await waitForRecord(dataDir, callId, clock, RECORD_WAIT_MS);
    await stopWatching();
    const report = withRecord(placed.report, record);
    view.note(report.duration_ms, `the ${report.end.by} hangs up: ${report.end.reason ?? 'no record'}`);
    placed.far.release();
    const texts = placedTexts(report, [...replies.values()]);
    const base = { role, callId, report, record, outcome: placed.outcome, placed, agentTexts: texts };
    return refusal ? { ...base, refusal } : base;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    view.note(now(), `no call: ${why}`);
    return { role, why };
  } finally {
    stop();
    await stopWatching();
  }
}

/** Starts the call; the one who comes while all seats are taken is refused, and tries again as a dialler would. */
async function insist(
  attempt: () => Promise<PlacedCall>,
  role: Role,
  stage: Stage,
  view: ConversationView,
  now: () => number,
): Promise<{ placed: PlacedCall; refusal: Played['refusal'] }> {
  let refusal: NonNullable<Played['refusal']> | undefined;
  for (let tries = 1; ; tries++) {
    try {
      return { placed: await attempt(), refusal };
    } catch (error) {
      if (!(error instanceof Refused) || !role.refusedFirst || tries >= TRIES_MAX) throw error;
      if (!refusal) view.note(now(), `${role.about}: ${error.message.replace('the call was', 'is')}`);
      refusal = { status: error.status, code: error.code ?? '', tries };
      await sleep(stage.clock, RETRY_MS);
    }
  }
}

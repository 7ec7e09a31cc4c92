import type { CallerOutcome, KeyPress } from './caller.ts';
import type { FarEnd, FarEndEnd, FarNews } from './far-end.ts';
import type { Clearing } from './loudspeaker.ts';
import type { Utterance } from './mouth.ts';
import { type SegmentRules, type Stretch, soundIn, TURN_RULES } from './segments.ts';

/** One party's turn, in milliseconds of the call's axis. The caller's are exact; the agent's are found by level. */
export interface Turn {
  readonly who: 'caller' | 'agent';
  readonly from_ms: number;
  readonly to_ms: number;
  readonly text?: string;
  readonly keys?: string;
  readonly barge_in?: true;
}

/** From the end of what the caller said or keyed to the first sound of the agent at the loudspeaker. */
export interface Response {
  readonly to: 'speech' | 'keys';
  readonly caller_end_ms: number;
  /**
   * `answered` after the caller's turn; `cut`: the agent began before the caller had finished; `talked-over`: it was
   * speaking all the time; `unanswered`: nothing came until the caller's next turn or the end of the call.
   */
  readonly how: 'answered' | 'cut' | 'talked-over' | 'unanswered';
  readonly first_sound_ms: number | null;
  readonly delay_ms: number | null;
}

/** From the caller's first sound or key to silence at the loudspeaker. */
export interface BargeIn {
  readonly by: 'speech' | 'key';
  readonly onset_ms: number;
  readonly silent_ms: number | null;
  readonly delay_ms: number | null;
}

export interface ConversationReport {
  readonly protocol: 'twilio' | 'pcm';
  readonly call_id: string | null;
  readonly duration_ms: number;
  readonly end: {
    readonly by: 'caller' | 'agent';
    readonly reason: string | null;
    readonly close_code: number;
  };
  /** Whether the caller's script could be carried out. */
  readonly caller: { readonly how: CallerOutcome['how']; readonly why: string | null };
  /** From the start message to the first audio and to the first sound. */
  readonly first_audio_ms: number | null;
  readonly first_sound_ms: number | null;
  readonly turns: readonly Turn[];
  readonly responses: readonly Response[];
  readonly barge_ins: readonly BargeIn[];
  readonly underruns: readonly { readonly at_ms: number; readonly ms: number }[];
  readonly agent_speech_ms: number;
  /** What the other side told of the words, where its protocol has a place for it. */
  readonly transcript: readonly {
    readonly who: 'caller' | 'agent';
    readonly text: string;
    readonly at_ms: number;
  }[];
  /** What the other side did that its protocol does not allow. */
  readonly faults: readonly string[];
}

/** Short pauses separate bursts of sound, so that the very first one after a moment is found. */
const BURST_RULES: SegmentRules = { ...TURN_RULES, windowMs: 5, joinMs: 150, minMs: 20 };
/** Keys within this time of each other are one turn. */
const KEYS_JOIN_MS = 1500;
/** An interruption that had no effect for this long did not interrupt. */
const BARGE_IN_LIMIT_MS = 3000;

interface CallerTurn {
  readonly kind: 'speech' | 'keys';
  readonly fromMs: number;
  readonly toMs: number;
  readonly text: string;
  readonly bargeIn: boolean;
}

/** What a call looked like from the caller's side. */
export function conversationReport(options: {
  far: FarEnd;
  end: FarEndEnd;
  outcome: CallerOutcome;
  news: readonly FarNews[];
}): ConversationReport {
  const { far, end, outcome, news } = options;
  const { loudspeaker } = far;
  const heard = loudspeaker.heard();
  const { clearings, rate } = loudspeaker;
  const bursts = soundBetween(heard, rate, clearings, BURST_RULES);
  const callerTurns = turnsOf(far.mouth.utterances, outcome.keys);
  const agentTurns = soundBetween(heard, rate, clearings, TURN_RULES).map(
    ({ fromMs, toMs }): Turn => ({ who: 'agent', from_ms: round(fromMs), to_ms: round(toMs) }),
  );
  return {
    protocol: far.protocol,
    call_id: far.callId ?? null,
    duration_ms: round(end.atMs),
    end: { by: end.by, reason: end.reason ?? null, close_code: end.closeCode },
    caller: { how: outcome.how, why: outcome.why ?? null },
    first_audio_ms: roundOrNull(loudspeaker.firstArrivalMs),
    first_sound_ms: roundOrNull(bursts[0]?.fromMs),
    turns: [...callerTurns.map(shownTurn), ...agentTurns].sort((a, b) => a.from_ms - b.from_ms),
    responses: callerTurns.map((turn, i) =>
      responseTo(turn, callerTurns[i + 1]?.fromMs ?? end.atMs, bursts, clearings),
    ),
    barge_ins: callerTurns.filter((turn) => turn.bargeIn).map((turn) => bargeIn(turn, clearings)),
    underruns: loudspeaker.underruns().map(({ atMs, ms }) => ({ at_ms: round(atMs), ms: round(ms) })),
    agent_speech_ms: round(agentTurns.reduce((sum, turn) => sum + turn.to_ms - turn.from_ms, 0)),
    transcript: news.flatMap((item) =>
      item.kind === 'transcript' && item.final
        ? [{ who: item.who, text: item.text, at_ms: round(item.atMs) }]
        : [],
    ),
    faults: far.faults,
  };
}

/** What comes after a clearing is something new, however soon it comes. */
function soundBetween(
  heard: Int16Array,
  rate: number,
  clearings: readonly Clearing[],
  rules: SegmentRules,
): Stretch[] {
  const cuts = clearings
    .filter(({ droppedMs }) => droppedMs > 0)
    .map(({ atMs }) => Math.round((atMs * rate) / 1000));
  const found: Stretch[] = [];
  for (const [i, from] of [0, ...cuts].entries()) {
    const fromMs = (from * 1000) / rate;
    for (const stretch of soundIn(heard.subarray(from, cuts[i] ?? heard.length), rate, rules))
      found.push({ fromMs: fromMs + stretch.fromMs, toMs: fromMs + stretch.toMs });
  }
  return found;
}

/** The caller's turns: what was said with a pause in between is one, and so are keys that follow each other. */
export function turnsOf(utterances: readonly Utterance[], keys: readonly KeyPress[]): CallerTurn[] {
  const turns: CallerTurn[] = [];
  let open = false;
  for (const { fromMs, toMs, text, bargeIn, goesOn } of utterances) {
    const last = turns.at(-1);
    if (open && last) turns[turns.length - 1] = { ...last, toMs, text: `${last.text} ${text}`.trim() };
    else turns.push({ kind: 'speech', fromMs, toMs, text, bargeIn });
    open = goesOn;
  }
  let lastKeys = -1;
  for (const { digit, atMs, bargeIn } of keys) {
    const last = turns[lastKeys];
    if (last && atMs - last.toMs <= KEYS_JOIN_MS)
      turns[lastKeys] = { ...last, toMs: atMs, text: last.text + digit };
    else lastKeys = turns.push({ kind: 'keys', fromMs: atMs, toMs: atMs, text: digit, bargeIn }) - 1;
  }
  return turns.sort((a, b) => a.fromMs - b.fromMs);
}

function shownTurn(turn: CallerTurn): Turn {
  return {
    who: 'caller',
    from_ms: round(turn.fromMs),
    to_ms: round(turn.toMs),
    ...(turn.kind === 'keys' ? { keys: turn.text } : { text: turn.text }),
    ...(turn.bargeIn ? { barge_in: true } : {}),
  };
}

function responseTo(
  turn: CallerTurn,
  untilMs: number,
  bursts: readonly Stretch[],
  clearings: readonly Clearing[],
): Response {
  const base = { to: turn.kind, caller_end_ms: round(turn.toMs) };
  const cleared = clearings.find(
    ({ atMs, droppedMs }) => droppedMs > 0 && atMs >= turn.fromMs && atMs <= turn.toMs + BARGE_IN_LIMIT_MS,
  );
  const sinceMs = cleared?.atMs ?? turn.fromMs;
  // The window in which the agent was cut short may reach a few milliseconds beyond the clearing.
  const first = bursts.find((burst) => burst.fromMs >= sinceMs && burst.fromMs < untilMs);
  const speaking = bursts.some((burst) => burst.fromMs < turn.toMs && burst.toMs > turn.toMs);
  if (first && first.fromMs < turn.toMs && turn.kind === 'speech' && (cleared || !turn.bargeIn))
    return { ...base, how: 'cut', first_sound_ms: round(first.fromMs), delay_ms: null };
  if (!cleared && speaking) return { ...base, how: 'talked-over', first_sound_ms: null, delay_ms: null };
  const answer = bursts.find(
    (burst) => burst.fromMs >= Math.max(sinceMs, turn.toMs) && burst.fromMs < untilMs,
  );
  if (!answer) return { ...base, how: 'unanswered', first_sound_ms: null, delay_ms: null };
  return {
    ...base,
    how: 'answered',
    first_sound_ms: round(answer.fromMs),
    delay_ms: round(answer.fromMs - turn.toMs),
  };
}

function bargeIn(turn: CallerTurn, clearings: readonly Clearing[]): BargeIn {
  const cleared = clearings.find(
    ({ atMs, droppedMs }) => droppedMs > 0 && atMs >= turn.fromMs && atMs <= turn.fromMs + BARGE_IN_LIMIT_MS,
  );
  return {
    by: turn.kind === 'keys' ? 'key' : 'speech',
    onset_ms: round(turn.fromMs),
    silent_ms: roundOrNull(cleared?.atMs),
    delay_ms: cleared ? round(cleared.atMs - turn.fromMs) : null,
  };
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}

function roundOrNull(ms: number | undefined): number | null {
  return ms === undefined ? null : round(ms);
}

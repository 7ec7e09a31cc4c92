import type { Agent } from '../agent/agent.ts';
import type { Settings } from '../contract/settings.ts';
import type { Journal } from '../journal/journal.ts';
import type { Clock } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';
import type { Scope } from '../kit/scope.ts';
import type { ToolOutcome } from '../ports/brain.ts';
import type { Engines } from '../ports/engines.ts';
import type { Line } from '../ports/line.ts';
import { AgentAudio } from './agent-audio.ts';
import { AnswerTimes } from './answer-times.ts';
import type { CallJournal } from './call-journal.ts';
import { CallerAudio } from './caller-audio.ts';
import { Conversation } from './conversation.ts';
import { EchoGuard } from './echo.ts';
import { Hearing } from './hearing.ts';
import { type LineHealth, LineWatch } from './line-watch.ts';
import { Messages } from './messages.ts';
import type { CallMetrics } from './metrics.ts';
import { Moves } from './moves.ts';
import type { Past } from './past.ts';
import { Replies, type ReplyOver } from './replies.ts';
import type { Secrets } from './secrets.ts';
import { Speaking } from './speaking.ts';
import { Timers } from './timers.ts';
import { type ToolAsked, Tools } from './tools.ts';
import type { TurnInput } from './turn/events.ts';
import { WideView } from './wide-view.ts';

export interface PartsOptions {
  readonly deps: {
    readonly clock: Clock;
    readonly log: Log;
    readonly settings: Settings;
    readonly engines: Engines;
    readonly metrics: CallMetrics;
  };
  readonly id: string;
  readonly line: Line;
  readonly agent: Agent;
  readonly journal: Journal;
  readonly notes: CallJournal;
  readonly secrets: Secrets;
  readonly past: Past | undefined;
  /** Another worker has the call: nothing more may be done for it here. */
  readonly isLost: () => boolean;
}

/** What the parts tell their owner. */
export interface PartsHooks {
  readonly metrics: CallMetrics;
  readonly input: (input: TurnInput) => void;
  readonly health: (health: LineHealth) => void;
  readonly replyOver: (over: ReplyOver) => void;
  readonly toolOver: (run: string, asked: ToolAsked & { readonly id: string }, outcome: ToolOutcome) => void;
}

/** The parts of a call, each the owner of one thing; they know each other only where the arguments say so. */
export interface Parts {
  readonly audio: CallerAudio;
  readonly view: WideView | undefined;
  readonly conversation: Conversation;
  readonly hearing: Hearing;
  readonly speaking: Speaking;
  readonly replies: Replies;
  readonly tools: Tools;
  readonly moves: Moves;
  readonly timers: Timers;
  readonly watch: LineWatch;
  readonly times: AnswerTimes;
}

export function openParts(options: PartsOptions, scope: Scope, hooks: PartsHooks): Parts {
  const { line, id } = options;
  const { clock, settings } = options.deps;
  const { metrics, input } = hooks;
  const audio = new CallerAudio(line.facts.rate);
  const out = new AgentAudio(clock, line);
  const view = options.deps.engines.turnModel && new WideView();
  const tools = openTools(options, hooks);
  const speaking: Speaking = openSpeaking(options, scope, out, metrics, (event) => {
    if (event.kind === 'sounding') times.sounding(event.reply);
    replies.spoken(event);
  });
  const hearing = openHearing(options, audio, out, speaking, view, hooks);
  const times = new AnswerTimes(clock, metrics, (ms) => hearing.timeOf(ms));
  const replies = new Replies({
    clock,
    log: options.deps.log,
    metrics,
    speaking,
    tools,
    input,
    onPart: (reply, part, ms) => options.notes.port('brain', { reply, ms: Math.round(ms), ...part }),
    onOver: hooks.replyOver,
    result: options.past?.result ?? {},
  });
  const moves = new Moves({
    line,
    clock,
    messages: new Messages(audio, settings.dataDir, id, options.past?.messages),
    listener: (move, outcome) => input({ kind: 'move-over', id: move, outcome }),
  });
  return {
    audio,
    view,
    conversation: new Conversation(line.facts.rate, options.past),
    hearing,
    speaking,
    replies,
    tools,
    moves,
    timers: new Timers(scope, (timer) => input({ kind: 'timer', timer })),
    watch: new LineWatch({ clock, scope, line, limits: settings, listener: hooks.health }),
    times,
  };
}

function openTools(options: PartsOptions, hooks: PartsHooks): Tools {
  const { deps, line, agent, id, journal, secrets, notes } = options;
  const { from, to } = line.facts;
  return new Tools({
    agent,
    callId: id,
    line: { ...(from !== undefined && { from }), ...(to !== undefined && { to }) },
    clock: deps.clock,
    log: deps.log,
    journal,
    defaultTimeoutMs: deps.settings.toolMs,
    clean: (value) => secrets.clean(value),
    now: () => notes.now(),
    ...(options.past && { begun: options.past.begun }),
    isLost: options.isLost,
    listener: hooks.toolOver,
  });
}

function openSpeaking(
  options: PartsOptions,
  scope: Scope,
  out: AgentAudio,
  metrics: CallMetrics,
  listener: ConstructorParameters<typeof Speaking>[0]['listener'],
): Speaking {
  const { deps, line, agent, notes } = options;
  return new Speaking({
    clock: deps.clock,
    scope,
    line,
    out,
    engine: deps.engines.voice(agent.tts),
    voice: agent.tts.slice(agent.tts.indexOf('/') + 1),
    maxBacklogBytes: deps.settings.maxBacklogBytes,
    metrics,
    listener,
    onVoice: (segment, { firstMs, ms }) =>
      notes.port('voice', { segment, first_ms: Math.round(firstMs), ms: Math.round(ms) }),
    onLedger: (reply, ms) => notes.port('line', { kind: 'ledger', reply, ...ms }),
  });
}

function openHearing(
  options: PartsOptions,
  audio: CallerAudio,
  out: AgentAudio,
  speaking: Speaking,
  view: WideView | undefined,
  hooks: PartsHooks,
): Hearing {
  const { clock, engines } = options.deps;
  const { notes } = options;
  return new Hearing({
    clock,
    audio,
    voiceActivity: engines.voiceActivity,
    recogniser: engines.recogniser(options.agent.stt),
    echo: new EchoGuard(out, ({ delayMs, loss }) =>
      notes.port('line', {
        kind: 'echo-path',
        delay_ms: delayMs,
        loss_db: Math.round(-10 * Math.log10(loss)),
      }),
    ),
    view,
    onEcho: (fromMs, toMs) =>
      notes.port('line', { kind: 'echo', from_ms: Math.round(fromMs), to_ms: Math.round(toMs) }),
    metrics: hooks.metrics,
    agentText: (fromMs, toMs) => speaking.textBetween(fromMs, toMs),
    listener: hooks.input,
    onPort: (event) => notes.port('recogniser', event),
  });
}

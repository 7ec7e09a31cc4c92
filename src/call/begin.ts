import type { Agent } from '../agent/agent.ts';
import { TURN_RULES } from '../agent/define.ts';
import type { EndReason } from '../contract/end-reasons.ts';
import { plainNumber } from '../contract/numbers.ts';
import type { Settings } from '../contract/settings.ts';
import type { Json } from '../kit/json.ts';
import type { Log } from '../kit/log.ts';
import type { Brain, BrainContext, TextBrain } from '../ports/brain.ts';
import type { Engines } from '../ports/engines.ts';
import type { Line } from '../ports/line.ts';
import type { Past } from './past.ts';
import type { TurnConfig } from './turn/state.ts';

/** How a call begins: which agent answers, with which brain, by which rules; or why it cannot. */

export interface BeginDeps {
  readonly log: Log;
  readonly settings: Settings;
  readonly agents: ReadonlyMap<string, Agent>;
  readonly defaultAgent: string | undefined;
  readonly engines: Engines;
  openBrain(agent: Agent, context: BrainContext): Brain;
}

/** What a start says of who is to answer. */
export interface Called {
  readonly agent?: string | undefined;
  readonly direction: 'inbound' | 'outbound';
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** The agent of a start: the one it names, the one of our number, or the default one; it may not exist. */
export function agentNameOf(
  deps: Pick<BeginDeps, 'settings' | 'defaultAgent'>,
  called: Called,
): string | undefined {
  const ours = (called.direction === 'outbound' ? called.from : called.to) ?? '';
  const { numbers } = deps.settings;
  const plain = plainNumber(ours);
  return called.agent ?? (Object.hasOwn(numbers, plain) ? numbers[plain] : undefined) ?? deps.defaultAgent;
}

export function chooseAgent(
  deps: BeginDeps,
  facts: Called,
): { readonly agent: Agent; readonly broken?: EndReason } {
  const name = agentNameOf(deps, facts);
  const agent = name === undefined ? undefined : deps.agents.get(name);
  if (agent) return { agent };
  // Somebody has to say that there is nobody: any agent's voice will do.
  const speaker = deps.agents.get(deps.defaultAgent ?? '') ?? deps.agents.values().next().value;
  deps.log.warn('there is no agent of this name', { agent: name });
  return { agent: speaker ?? MUTE, broken: 'agent.unknown' };
}

/** Opens the brain; an agent that cannot begin leaves the reason. */
export function begin(
  deps: BeginDeps,
  agent: Agent,
  line: Line,
  callId: string,
  snapshot: Json | undefined,
): { readonly brain?: TextBrain; readonly broken?: EndReason } {
  const { from, to, can } = line.facts;
  const vars = agent.vars?.safeParse(line.facts.vars);
  if (vars && !vars.success) {
    deps.log.warn('the values of the start do not fit the agent', {
      agent: agent.name,
      error: vars.error.message,
    });
    return { broken: 'start.invalid' };
  }
  try {
    const brain = deps.openBrain(agent, {
      callId,
      agentName: agent.name,
      timeZone: agent.timeZone,
      vars: (vars?.data ?? line.facts.vars) as Readonly<Record<string, Json>>,
      line: {
        ...(from !== undefined && { from }),
        ...(to !== undefined && { to }),
        canTransfer: can.transfer !== 'none',
      },
      ...(snapshot !== undefined && { snapshot }),
    });
    if (brain.kind === 'text') return { brain };
    throw new Error('brains that hear and speak by themselves are not supported; use a text brain');
  } catch (error) {
    deps.log.error('the agent could not begin', { agent: agent.name, error });
    return { broken: 'agent.failed' };
  }
}

const APOLOGY = 'I am sorry, something went wrong on our side. Please call again. Goodbye.';
const APOLOGIES: Partial<Record<EndReason, string>> = {
  'agent.unknown': 'I am sorry, nobody is available at this number. Goodbye.',
};

/** Ids of two incarnations are never the same: tools are known by them. */
const IDS_PER_INCARNATION = 1_000_000;

export function turnConfig(
  deps: BeginDeps,
  agent: Agent,
  line: Line,
  broken: EndReason | undefined,
  past?: Past,
): TurnConfig {
  const { settings, engines } = deps;
  const goodbyeMs = settings.goodbyeS * 1000;
  const begun = past !== undefined && past.conversation.length + past.unwritten.length > 0;
  return {
    rules: agent.turns,
    canTransfer: line.facts.can.transfer !== 'none',
    replyMs: settings.replyMs,
    finalMs: settings.finalMs,
    // What the caller has spent with the worker that died counts; a goodbye is due all the same.
    maxCallMs: Math.max(goodbyeMs, settings.maxCallS * 1000 - (past?.usedMs ?? 0)),
    goodbyeMs,
    messageMaxMs: settings.messageMaxS * 1000,
    maxToolSteps: settings.maxToolSteps,
    apology: (broken && APOLOGIES[broken]) ?? APOLOGY,
    broken,
    helloMs: line.facts.direction === 'outbound' && !begun ? agent.turns.helloMs : 0,
    continues: past && { begun, keys: past.keys, firstId: past.incarnation * IDS_PER_INCARNATION },
    turnModel: engines.turnModel !== undefined,
  };
}

/** Stands in on a host without any agent: the call ends in silence, but it ends, with its reason and its record. */
const MUTE: Agent = {
  kind: 'agent',
  name: 'none',
  language: 'en-US',
  timeZone: 'UTC',
  stt: 'none',
  tts: 'none',
  greeting: '',
  turns: TURN_RULES,
  brain: { kind: 'script' } as Agent['brain'],
  tools: {},
};

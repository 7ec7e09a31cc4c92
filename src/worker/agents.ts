import type { Agent } from '../agent/agent.ts';
import { AgentFileError, loadAgents } from '../agent/load.ts';
import { agentNameOf, type Called } from '../call/begin.ts';
import type { CallDeps } from '../call/call.ts';
import type { Settings } from '../contract/settings.ts';
import { Unusable } from './services.ts';

/** Who answers on this host. */
type UsableAgents = Pick<CallDeps, 'agents' | 'defaultAgent'>;

/** The engines that agents name. */
export interface EngineNeeds {
  readonly stt: readonly string[];
  readonly tts: readonly string[];
}

/** @throws Unusable when the files or the settings about them are wrong: they stay so until somebody changes them */
export async function usableAgents(settings: Settings): Promise<UsableAgents> {
  try {
    const { agents } = await loadAgents(settings.agents);
    return { agents, defaultAgent: chooseDefault(settings, [...agents.keys()]) };
  } catch (error) {
    if (error instanceof AgentFileError) throw new Unusable(error.message, { cause: error });
    throw error;
  }
}

export function needsOf(agents: readonly Agent[]): EngineNeeds {
  return { stt: unique(agents.map(({ stt }) => stt)), tts: unique(agents.map(({ tts }) => tts)) };
}

/** @throws Unusable for an engine that was not opened before the first call, when there was time to load and prove it */
export function mustBeOpen(needs: EngineNeeds, agents: readonly Agent[]): void {
  const wanted = needsOf(agents);
  const missing = [
    ...wanted.stt.filter((name) => !needs.stt.includes(name)),
    ...wanted.tts.filter((name) => !needs.tts.includes(name)),
  ];
  if (missing.length > 0)
    throw new Unusable(
      `an agent now needs ${missing.join(' and ')}, which this worker has not loaded: restart it (cxbcore restart)`,
    );
}

/** The names of agents with the hashes of their files. */
export function hashesOf(agents: ReadonlyMap<string, Agent>): Record<string, string> {
  const hashOf = (agent: Agent) => ('hash' in agent && typeof agent.hash === 'string' ? agent.hash : '');
  return Object.fromEntries([...agents].map(([name, agent]) => [name, hashOf(agent)]));
}

export function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}

/** The agent of a start that names none: the one of the settings, the only one, or in development the first. */
function chooseDefault(settings: Settings, names: readonly string[]): string | undefined {
  const known = names.length === 0 ? 'there is none' : `there are ${names.join(', ')}`;
  if (names.length === 0)
    throw new Unusable(`no agent in CXBCORE_AGENTS=${settings.agents}: put an agent file there`);
  if (settings.agent !== undefined && !names.includes(settings.agent)) {
    throw new Unusable(`CXBCORE_AGENT=${settings.agent} is no agent in ${settings.agents}: ${known}`);
  }
  for (const [number, agent] of Object.entries(settings.numbers))
    if (!names.includes(agent))
      throw new Unusable(
        `CXBCORE_NUMBERS: ${agent}, the agent of ${number}, is none in ${settings.agents}: ${known}`,
      );
  if (settings.agent !== undefined) return settings.agent;
  return names.length === 1 || settings.mode === 'development' ? names[0] : undefined;
}

export function agentFor(deps: CallDeps, called: Called): string | undefined {
  const wanted = agentNameOf(deps, called);
  return wanted !== undefined && deps.agents.has(wanted) ? wanted : undefined;
}

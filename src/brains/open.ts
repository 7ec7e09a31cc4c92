import type { Agent } from '../agent/agent.ts';
import type { LlmSpec } from '../agent/llm.ts';
import type { Brain, BrainContext } from '../ports/brain.ts';
import type { Expectation } from '../ports/expectation.ts';
import { EXPECT_NOTHING } from '../ports/expectation.ts';
import { openLlmBrain } from './llm/brain.ts';
import { type LoadedModel, loadModel, type ModelKeys } from './llm/load.ts';
import { openScriptBrain } from './script/brain.ts';
import { scriptExpectations } from './script/expectations.ts';

/** Models are loaded before the first call; a brain is opened at once. */
const models = new WeakMap<LlmSpec, LoadedModel>();

/**
 * Loads what the brains of agents need. Nothing is loaded for scripts.
 * @throws ModelUnusable
 */
export async function prepareBrains(agents: readonly Agent[], keys: ModelKeys): Promise<void> {
  for (const { brain } of agents) if (brain.kind === 'llm') models.set(brain, await loadModel(brain, keys));
}

/** Opens the brain an agent asks for, anew or where its snapshot was. */
export function openBrain(agent: Agent, context: BrainContext): Brain {
  const { brain } = agent;
  if (brain.kind === 'script') return openScriptBrain({ ...agent, brain }, context);
  const loaded = models.get(brain);
  if (!loaded) throw new Error('the model of this agent was not loaded before the call');
  return openLlmBrain(agent, brain, context, loaded);
}

/** Everything an agent can ever expect to hear, for recognisers that prepare at warm-up. */
export function expectationsOf(agent: Agent): Expectation[] {
  const { brain } = agent;
  return [EXPECT_NOTHING, ...(brain.kind === 'script' ? scriptExpectations({ ...agent, brain }) : [])];
}

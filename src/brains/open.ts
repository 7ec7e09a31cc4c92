import type { Agent } from '../agent/agent.ts';
import type { Brain, BrainContext } from '../ports/brain.ts';
import type { Expectation } from '../ports/expectation.ts';
import { EXPECT_NOTHING } from '../ports/expectation.ts';
import { openScriptBrain } from './script/brain.ts';
import { scriptExpectations } from './script/expectations.ts';

/** Opens the brain an agent asks for, anew or where its snapshot was. */
export function openBrain(agent: Agent, context: BrainContext): Brain {
  return openScriptBrain(agent, context);
}

/** Everything an agent can ever expect to hear, for recognisers that prepare at warm-up. */
export function expectationsOf(agent: Agent): Expectation[] {
  return [EXPECT_NOTHING, ...scriptExpectations(agent)];
}

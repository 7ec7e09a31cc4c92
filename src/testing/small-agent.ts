import type { Agent } from '../agent/agent.ts';
import { TURN_RULES } from '../agent/define.ts';
import type { Tool } from '../agent/tool.ts';

/** An agent for tests whose brain is given separately. */
export function smallAgent(
  tools: Readonly<Record<string, Tool>> = {},
  turns: Partial<Agent['turns']> = {},
): Agent {
  return {
    kind: 'agent',
    name: 'small',
    language: 'en-US',
    timeZone: 'UTC',
    stt: 'slow',
    tts: 'slow',
    greeting: 'Hello.',
    turns: { ...TURN_RULES, ...turns },
    brain: {} as Agent['brain'],
    tools,
  };
}

import type { ToolSet } from 'ai';
import { z } from 'zod';
import { HANG_UP, type LlmSpec } from '../../agent/llm.ts';
import type { Move } from '../../ports/brain.ts';

const NOTHING = z.object({});

/** What the model may call: the agent's tools and transfers, and hanging up. None of them is run by the SDK. */
export function toolSetOf(spec: LlmSpec): ToolSet {
  const tools: ToolSet = {};
  for (const [name, entry] of Object.entries(spec.tools))
    tools[name] =
      entry.kind === 'tool'
        ? { description: entry.description, inputSchema: entry.inputSchema }
        : {
            description: 'Hand the caller over to a person. Say so in the same answer.',
            inputSchema: NOTHING,
          };
  tools[HANG_UP] = { description: 'End the call. Say goodbye in the same answer.', inputSchema: NOTHING };
  return tools;
}

/** The move that a tool stands for; undefined for tools that are run. */
export function moveOf(spec: LlmSpec, name: string): Move | undefined {
  if (name === HANG_UP) return { kind: 'end', reason: 'agent.finished' };
  const entry = Object.hasOwn(spec.tools, name) ? spec.tools[name] : undefined;
  if (entry?.kind !== 'transfer') return undefined;
  return { kind: 'transfer', to: entry.to, mode: entry.mode, ringS: entry.ringS };
}

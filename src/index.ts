/**
 * What agent files import. `docs/agents.md` explains each.
 */
export type { Agent, GreetingContext, TurnRules } from './agent/agent.ts';
export { type AgentSource, defineAgent } from './agent/define.ts';
export { localTime } from './agent/hear/calendar.ts';
export { type Hear, hear, type SlotValue } from './agent/hear.ts';
export { type InstructionsContext, type LlmSource, type LlmSpec, llm } from './agent/llm.ts';
export { AgentMistakes, type Mistake } from './agent/mistakes.ts';
export type { Phrases } from './agent/phrases.ts';
export {
  type About,
  type Offer,
  type Outcome,
  type Say,
  type ScriptSource,
  type ScriptSpec,
  type State,
  script,
  type Target,
} from './agent/script.ts';
export { type Tool, type ToolCall, type ToolContext, type ToolSpec, tool } from './agent/tool.ts';
export { type Transfer, transfer } from './agent/transfer.ts';

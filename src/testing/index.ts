/**
 * What tests of agents import, as `cxbcore/testing`: conversations in text and in virtual time, and calls that are lived
 * through again from their journals. `docs/agents.md` explains how.
 */
export { type MachineReplay, replayMachine } from '../call/replay.ts';
export { type ReadJournal, readJournal } from '../journal/read.ts';
export type { TransferPlan } from './fake-line.ts';
export { type CallReplay, replayCall } from './replay-call.ts';
export { type ConversationOptions, type ConversationOutcome, runConversation } from './run-conversation.ts';
export type { ScriptedCaller } from './scripted-caller.ts';

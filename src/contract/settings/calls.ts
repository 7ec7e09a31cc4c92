import { z } from 'zod';
import { plainNumber } from '../numbers.ts';
import { number, optionalText, type Setting, text, withDefault } from './kinds.ts';

/** `+15550100=clinic,+15550101=survey` as agents by number. */
const numberTable = z.optional(text).transform((value, context): Readonly<Record<string, string>> => {
  const table: Record<string, string> = {};
  for (const entry of (value ?? '').split(',').filter((part) => part.trim() !== '')) {
    const [, number, agent] = /^\s*([^=]+?)\s*=\s*([A-Za-z0-9][\w.-]*)\s*$/.exec(entry) ?? [];
    const plain = plainNumber(number ?? '');
    const problem =
      number === undefined || agent === undefined || plain === ''
        ? `"${entry.trim()}" is not a number, "=", and the name of an agent`
        : plain in table
          ? `${number} is named twice`
          : undefined;
    if (problem) context.addIssue({ code: 'custom', message: problem });
    else if (agent !== undefined) table[plain] = agent;
  }
  return table;
});

/** Who answers a call, and the limits inside it. */
export const CALL_SETTINGS = {
  agents: withDefault('CXBCORE_AGENTS', './agents', 'The folder of agent files.'),
  agent: optionalText('CXBCORE_AGENT', 'The agent of a call whose start names none.'),
  numbers: {
    env: 'CXBCORE_NUMBERS',
    read: numberTable,
    shownDefault: '(none)',
    means:
      'Which agent answers which of our numbers, when the start names none, such as +15550100=clinic,+15550101=survey.',
  } satisfies Setting<Readonly<Record<string, string>>>,
  maxCallS: number('CXBCORE_MAX_CALL_S', 3600, 's', 'The longest call.'),
  goodbyeS: number('CXBCORE_GOODBYE_S', 20, 's', 'How long before the maximum the agent says goodbye.'),
  endMs: number(
    'CXBCORE_END_MS',
    5000,
    'ms',
    'How long ending a call may take; a worker whose call takes longer is replaced.',
  ),
  aliveS: number(
    'CXBCORE_ALIVE_S',
    40,
    's',
    'A line that sends neither frame nor pong for this long is gone.',
  ),
  pingS: number('CXBCORE_PING_S', 20, 's', 'How often a line is pinged.'),
  stuckS: number('CXBCORE_STUCK_S', 10, 's', 'A line that takes no audio for this long ends the call.'),
  maxBacklogBytes: number(
    'CXBCORE_MAX_BACKLOG_BYTES',
    262_144,
    'bytes',
    'How much unsent data a line may hold before sending pauses.',
  ),
  replyMs: number('CXBCORE_REPLY_MS', 15_000, 'ms', 'How long a brain may take to its first word.'),
  toolMs: number('CXBCORE_TOOL_MS', 10_000, 'ms', 'How long a tool may run when it does not say.'),
  toolEndMs: number(
    'CXBCORE_TOOL_END_MS',
    20_000,
    'ms',
    'How long a call that is over waits for tools that had begun, at most; their own time limits count too.',
  ),
  maxToolSteps: number(
    'CXBCORE_MAX_TOOL_STEPS',
    20,
    'count',
    'How many times in a row an agent may go on after a tool without a word of the caller; beyond it, it has failed.',
  ),
  finalMs: number(
    'CXBCORE_FINAL_MS',
    1500,
    'ms',
    'How long the recogniser may take to its final text after the end of a turn.',
  ),
  messageMaxS: number('CXBCORE_MESSAGE_MAX_S', 120, 's', 'The longest message a caller can leave.'),
  resurrectMax: number(
    'CXBCORE_RESURRECT_MAX',
    1,
    'count',
    'How often a call may go on in another worker after its own died, where its line allows that.',
    { min: 0 },
  ),
  resurrectWaitS: number(
    'CXBCORE_RESURRECT_WAIT_S',
    60,
    's',
    'How long a call whose worker died, and that could go on, may wait for another before its record is written.',
  ),
  journalMaxBytes: number(
    'CXBCORE_JOURNAL_MAX_BYTES',
    67_108_864,
    'bytes',
    'The largest journal of one call; past it only states, tools and the end are written.',
  ),
} as const;

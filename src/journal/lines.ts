import { z } from 'zod';
import { END_REASONS, type EndReason } from '../contract/end-reasons.ts';
import { SETTINGS, type Settings } from '../contract/settings.ts';
import type { Json } from '../kit/json.ts';
import { fields, item, json, toolOutcome, words } from './items.ts';

/**
 * What a call's journal is made of: one JSON object a line. Times `t` are the call's monotonic milliseconds, positions
 * are samples at the line's rate, `wall_ms` is milliseconds since 1970 UTC. A reader takes members it does not know
 * for a neighbouring build's and leaves them alone.
 */
export const JOURNAL_SCHEMA = 1;

const time = z.number();

/** A message a caller left: the file below `CXBCORE_DATA_DIR`, and its length. */
const message = z.object({ file: z.string(), seconds: z.number() });
export type JournalMessage = z.infer<typeof message>;

const lineFacts = z.looseObject({
  carrier: z.string(),
  carrierCallId: z.string().optional(),
  from: z.string().optional(),
  to: z.string().optional(),
  direction: z.string(),
  /** Absent while the line is still to come. */
  rate: z.number().positive().optional(),
  /** Whoever is at the other end stays there when a worker dies: another may go on with the call. */
  outlivesWorker: z.boolean().optional(),
});

const open = z.object({
  kind: z.literal('open'),
  schema: z.number(),
  call: z.string(),
  incarnation: z.number().int(),
  build: z.string(),
  worker: z.number(),
  /** Who writes this journal; see `kit/owner`. */
  owner: z.object({ pid: z.number().int(), started: z.string() }),
  agent: z.object({ name: z.string(), hash: z.string() }),
  settings: fields,
  line: lineFacts,
  /** What the turn machine began with; null while the line is still to come. */
  seed: json,
  t: time,
  wall_ms: z.number(),
});

/** The line of a call that was admitted before it had one: from here on audio flows. */
const boarded = z.object({ kind: z.literal('line'), t: time, line: lineFacts, seed: json });

/** What happened around the call, outside its conversation, such as how dialling went. */
const event = z.object({
  kind: z.literal('event'),
  t: time,
  wall_ms: z.number(),
  what: z.string(),
  detail: json,
});

/** An input of the turn machine; never audio. */
const input = z.object({
  kind: z.literal('in'),
  n: z.number().int(),
  t: time,
  at: z.number().optional(),
  event: json,
});

/** An effect, and the input that caused it. */
const output = z.object({
  kind: z.literal('out'),
  n: z.number().int(),
  of: z.number().int(),
  effect: json,
});

/** What a port answered, enough to answer in its place when the call is replayed. */
const port = z.object({
  kind: z.literal('port'),
  port: z.enum(['recogniser', 'brain', 'voice', 'turn-model', 'line']),
  t: time,
  event: json,
});

/** A tool's intent is written, and on the disk, before the tool runs. */
const toolIntent = z.object({
  kind: z.literal('port'),
  port: z.literal('tool'),
  what: z.literal('intent'),
  t: time,
  tool: z.string(),
  name: z.string(),
  key: z.string(),
  effect: z.string(),
  input: json,
});
const toolResult = z.object({
  kind: z.literal('port'),
  port: z.literal('tool'),
  what: z.literal('outcome'),
  t: time,
  tool: z.string(),
  outcome: toolOutcome,
});

/**
 * Where the call stands: written after each settled reply, and once more before `end`. `conversation` replaces
 * everything from index `from` on, so that a long call does not write its whole past again and again.
 */
const state = z.object({
  kind: z.literal('state'),
  t: time,
  brain: json,
  conversation: z.object({ from: z.number().int().min(0), items: z.array(item) }),
  result: fields,
  messages: z.array(message),
  /** Totals since the call's start, such as `turns`, `barge_ins`, `underruns`. */
  counters: z.record(z.string(), z.number()),
  /** Keys pressed and not yet used. */
  digits: words.optional(),
  tools_in_flight: z.array(z.object({ id: z.string(), name: z.string() })).optional(),
  hold: z.boolean().optional(),
  transfer: json.optional(),
  used_ms: z.number().optional(),
});
export type StateLine = z.infer<typeof state>;

const died = z.object({
  kind: z.literal('died'),
  wall_ms: z.number(),
  cause: z.string(),
  detail: z.string().optional(),
});

const end = z.object({
  kind: z.literal('end'),
  t: time.optional(),
  wall_ms: z.number(),
  reason: z.custom<EndReason>((value) => typeof value === 'string' && Object.hasOwn(END_REASONS, value)),
  detail: z.string().optional(),
  /** Lines left out because the journal had reached its limit or the disk was full. */
  dropped: z.number().optional(),
});

export const journalLine = z.union([
  open,
  boarded,
  event,
  input,
  output,
  port,
  toolIntent,
  toolResult,
  state,
  died,
  end,
]);
export type JournalLine = z.infer<typeof journalLine>;
export type OpenLine = z.infer<typeof open>;
export type EndLine = z.infer<typeof end>;

export const LINE_KINDS: readonly string[] = [
  'open',
  'line',
  'event',
  'in',
  'out',
  'port',
  'state',
  'died',
  'end',
];

/** The settings in force, as a journal may hold them: everything but secrets. */
export function journalSettings(settings: Settings): Readonly<Record<string, Json>> {
  const shown: Record<string, Json> = {};
  for (const [key, setting] of Object.entries(SETTINGS)) {
    const value = settings[key as keyof Settings];
    if (!('secret' in setting && setting.secret) && value !== undefined) shown[key] = value;
  }
  return shown;
}

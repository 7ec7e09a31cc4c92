import type { Json } from '../kit/json.ts';
import type { CallRecord, RecordEvent, RecordIncarnation, RecordTool } from './call-record.ts';
import type { JournalItem } from './items.ts';
import { roundMs } from './line-text.ts';
import type { EndLine, JournalLine, JournalMessage, OpenLine } from './lines.ts';
import { optional, recordItem } from './record-item.ts';

interface Run {
  readonly open: OpenLine;
  lastT: number;
  died?: { readonly wall_ms: number; readonly cause: string };
  ended: boolean;
}

interface ToolRun {
  readonly id: string;
  readonly name: string;
  readonly effect: string;
  readonly input: Json;
  readonly at_ms: number;
  readonly startT: number;
  took_ms: number | null;
  outcome: RecordTool['outcome'];
}

/** Said of a tool whose worker died while it ran: nobody can know, so it is never run again. */
const UNKNOWN_OUTCOME: RecordTool['outcome'] = {
  ok: false,
  error: 'the call ended before the tool answered',
  why: 'unknown-outcome',
};

/** Takes a call's lines in order, all incarnations one after the other, and gives its record at any moment. */
export class RecordFold {
  readonly #callId: string;
  #runs: Run[] = [];
  #items: JournalItem[] = [];
  readonly #tools = new Map<string, ToolRun>();
  #result: Readonly<Record<string, Json>> = {};
  #messages: readonly JournalMessage[] = [];
  #counters: Readonly<Record<string, number>> = {};
  #line: OpenLine['line'] | undefined;
  #events: RecordEvent[] = [];
  #end: EndLine | undefined;
  #lines = 0;

  constructor(callId: string) {
    this.#callId = callId;
  }

  add(line: JournalLine): void {
    this.#lines++;
    const run = this.#runs.at(-1);
    if (run && 't' in line && line.t !== undefined && line.kind !== 'open')
      run.lastT = Math.max(run.lastT, roundMs(line.t));
    switch (line.kind) {
      case 'open':
        this.#runs.push({ open: line, lastT: roundMs(line.t), ended: false });
        this.#line ??= line.line;
        break;
      case 'line':
        this.#line = line.line;
        break;
      case 'event':
        this.#events.push({ what: line.what, at: iso(line.wall_ms) ?? '', detail: line.detail });
        break;
      case 'state':
        this.#items = [...this.#items.slice(0, line.conversation.from), ...line.conversation.items];
        this.#result = line.result;
        this.#messages = line.messages;
        this.#counters = line.counters;
        break;
      case 'port':
        if (line.port === 'tool') this.#tool(line);
        break;
      case 'died':
        // Whoever saw it first knows best; whoever goes on with the call may say it again.
        if (run) run.died ??= { wall_ms: line.wall_ms, cause: line.cause };
        break;
      case 'end':
        this.#end ??= line;
        if (run) run.ended = line.reason !== 'worker.died';
        break;
      case 'in':
      case 'out':
        break;
    }
  }

  /** A call without an `end` is one whose worker died. */
  record(): CallRecord {
    const first = this.#runs[0]?.open;
    const started = first?.wall_ms;
    const ended = this.#endedWall();
    return {
      schema: 1,
      call_id: first?.call ?? this.#callId,
      carrier: this.#line?.carrier ?? null,
      carrier_call_id: this.#line?.carrierCallId ?? null,
      direction: this.#line?.direction ?? null,
      from: this.#line?.from ?? null,
      to: this.#line?.to ?? null,
      agent: this.#runs.at(-1)?.open.agent ?? null,
      started_at: iso(started),
      ended_at: iso(ended),
      duration_s:
        started === undefined || ended === undefined ? 0 : Math.max(0, Math.round(ended - started) / 1000),
      end: { reason: this.#end?.reason ?? 'worker.died', ...optional('detail', this.#end?.detail) },
      conversation: this.#items.map((item) => recordItem(item, this.#line?.rate ?? 8000)),
      tools: [...this.#tools.values()].map(({ startT: _startT, ...tool }) => tool),
      result: this.#result,
      messages: this.#messages,
      events: this.#events,
      counters: this.#counters,
      incarnations: this.#runs.map((run) => recordRun(run)),
      journal: { lines: this.#lines, dropped: this.#end?.dropped ?? 0 },
    };
  }

  #tool(line: Extract<JournalLine, { port: 'tool' }>): void {
    const run = this.#runs.at(-1);
    if (line.what === 'intent') {
      const startT = roundMs(line.t);
      const { tool: id, name, effect, input } = line;
      const at_ms = roundMs(startT - roundMs(run?.open.t ?? line.t));
      this.#tools.set(id, {
        id,
        name,
        effect,
        input,
        at_ms,
        startT,
        took_ms: null,
        outcome: UNKNOWN_OUTCOME,
      });
      return;
    }
    const tool = this.#tools.get(line.tool);
    if (!tool) return; // its intent was among the lines left out
    tool.outcome = line.outcome;
    tool.took_ms = roundMs(roundMs(line.t) - tool.startT);
  }

  /**
   * The wall clock may be set while a call runs, so it only says when an incarnation began; how long that one took
   * comes from its own monotonic times. The wall time of a death or of an end from outside counts when it is later.
   */
  #endedWall(): number | undefined {
    const last = this.#runs.at(-1);
    if (!last) return this.#end?.wall_ms;
    const own = last.open.wall_ms + (last.lastT - roundMs(last.open.t));
    if (this.#end?.t !== undefined) return own;
    return Math.max(own, last.died?.wall_ms ?? own);
  }
}

/** The record of a call from its lines. `callId` counts only when no `open` line has survived. */
export function foldRecord(lines: Iterable<JournalLine>, callId = 'unknown'): CallRecord {
  const fold = new RecordFold(callId);
  for (const line of lines) fold.add(line);
  return fold.record();
}

function recordRun(run: Run): RecordIncarnation {
  const { open } = run;
  return {
    n: open.incarnation,
    worker: open.worker,
    pid: open.owner.pid,
    build: open.build,
    started_at: iso(open.wall_ms) ?? '',
    ended: run.ended ? 'end' : 'died',
    ...optional('cause', run.died?.cause),
  };
}

/** A date that no calendar has (a hostile or damaged journal) is no reason to lose the record. */
function iso(wallMs: number | undefined): string | null {
  if (wallMs === undefined || !(Math.abs(wallMs) <= 8.64e15)) return null;
  return new Date(wallMs).toISOString();
}

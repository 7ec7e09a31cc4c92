import type { Agent } from '../agent/agent.ts';
import type { Tool, ToolCall } from '../agent/tool.ts';
import type { Journal } from '../journal/journal.ts';
import type { CancelTimer, Clock } from '../kit/clock.ts';
import type { Json } from '../kit/json.ts';
import type { Log } from '../kit/log.ts';
import type { ReplyId, ToolOutcome } from '../ports/brain.ts';
import { invalidInput, toJson } from './outcomes.ts';

export interface ToolAsked {
  /** Names the run; the brain's own id alone would not be unique across replies that were dropped. */
  readonly run: string;
  readonly name: string;
  readonly input: Json;
}

export interface ToolsOptions {
  readonly agent: Agent;
  readonly callId: string;
  readonly line: { readonly from?: string; readonly to?: string };
  readonly clock: Clock;
  readonly log: Log;
  readonly journal: Pick<Journal, 'write' | 'sync'>;
  readonly defaultTimeoutMs: number;
  /** Takes out of a value what must not be written. */
  readonly clean: (value: Json) => Json;
  readonly now: () => number;
  /** Tool calls that earlier incarnations of the call began, by their key. */
  readonly begun?: ReadonlyMap<string, ToolOutcome>;
  /** Another worker has the call: nothing may begin any more. */
  readonly isLost: () => boolean;
  readonly listener: (run: string, asked: ToolAsked & { readonly id: string }, outcome: ToolOutcome) => void;
}

interface Run {
  readonly id: string;
  readonly asked: ToolAsked;
  readonly tool: Tool | undefined;
  readonly abort: AbortController;
  state: 'asked' | 'running' | 'over';
  began: boolean;
  cancelTimer?: CancelTimer;
  /** When its time is over. */
  dueAt: number;
}

/**
 * Runs every tool of the call. Owns the runs and the outcomes of tools that must not run twice.
 *
 * In: `ask`, `run`, `cancel`, `end`. Out: one outcome per run that was started.
 * Invariants: the intent is in the journal, and on the disk, before a tool with an effect begins; a tool's key is the
 * same for every attempt of the same tool call; a `once` tool call that has begun is never begun again.
 */
export class Tools {
  readonly #options: ToolsOptions;
  readonly #runs = new Map<string, Run>();
  readonly #begun: Map<string, ToolOutcome | undefined>;
  #ended = false;
  #idle: (() => void) | undefined;

  constructor(options: ToolsOptions) {
    this.#options = options;
    this.#begun = new Map(options.begun);
  }

  /** A brain asks for a tool; nothing runs yet. */
  ask(
    reply: ReplyId,
    id: string,
    name: string,
    input: Json,
  ): { readonly run: string; readonly tool: Tool | undefined } {
    const run = `${reply}/${id}`;
    const tool = Object.hasOwn(this.#options.agent.tools, name) ? this.#options.agent.tools[name] : undefined;
    this.#runs.set(run, {
      id,
      asked: { run, name, input },
      tool,
      abort: new AbortController(),
      state: 'asked',
      began: false,
      dueAt: 0,
    });
    return { run, tool };
  }

  run(run: string): void {
    const entry = this.#runs.get(run);
    if (entry?.state !== 'asked') return;
    entry.state = 'running';
    void this.#run(entry);
  }

  /** The tool is told to stop; its outcome is `cancelled` at once, whatever it does with that. */
  cancel(run: string): void {
    const entry = this.#runs.get(run);
    if (entry?.state === 'running')
      this.#over(entry, { ok: false, why: 'cancelled', error: 'the caller went on before it was finished' });
  }

  get inFlight(): readonly { readonly id: string; readonly name: string }[] {
    return [...this.#runs.values()]
      .filter((entry) => entry.state === 'running')
      .map((entry) => ({ id: entry.id, name: entry.asked.name }));
  }

  /** How long it can take until every tool that has begun and has an effect is over, in milliseconds. */
  get leftMs(): number {
    const now = this.#options.clock.now();
    let left = 0;
    for (const { state, tool, dueAt } of this.#runs.values())
      if (state === 'running' && tool && tool.effect !== 'none') left = Math.max(left, dueAt - now);
    return left;
  }

  /**
   * The call is over: waits for tools that have begun, at most `limitMs`. What is not finished by then was begun and
   * may have happened: its outcome is unknown.
   */
  async end(limitMs: number): Promise<void> {
    this.#ended = true;
    for (const entry of this.#runs.values()) if (entry.tool?.effect === 'none') this.cancel(entry.asked.run);
    if (this.inFlight.length === 0) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#options.clock.after(limitMs, resolve);
      this.#idle = () => {
        cancel();
        resolve();
      };
    });
    for (const entry of this.#runs.values())
      if (entry.state === 'running')
        this.#over(entry, { ok: false, why: 'unknown-outcome', error: 'the call ended before it answered' });
  }

  async #run(entry: Run): Promise<void> {
    const { tool, asked } = entry;
    const key = `${this.#options.callId}:${entry.id}`;
    const begun = this.#begun.get(key);
    if (begun && tool?.effect === 'once') return this.#over(entry, begun);
    if (!tool)
      return this.#over(entry, {
        ok: false,
        why: 'invalid-input',
        error: `there is no tool "${asked.name}"`,
      });
    const timeoutMs = tool.timeoutMs ?? this.#options.defaultTimeoutMs;
    entry.dueAt = this.#options.clock.now() + timeoutMs;
    entry.cancelTimer = this.#options.clock.after(timeoutMs, () =>
      this.#over(entry, { ok: false, why: 'timeout', error: `no answer within ${timeoutMs} ms` }),
    );
    try {
      // Before the first wait: the same tool call must not begin a second time meanwhile.
      entry.began = true;
      this.#begun.set(key, { ok: false, why: 'unknown-outcome', error: 'it is still running' });
      const parsed = await tool.inputSchema.safeParseAsync(asked.input);
      if (!parsed.success) return this.#over(entry, invalidInput(parsed.error));
      await this.#intend(entry, tool, key);
      if (entry.state !== 'running' || this.#options.isLost()) return;
      const value = await tool.execute(parsed.data, { call: this.#call(), key, signal: entry.abort.signal });
      this.#over(entry, { ok: true, value: toJson(value) });
    } catch (error) {
      this.#options.log.warn('a tool failed', { tool: asked.name, error });
      this.#over(entry, {
        ok: false,
        why: 'failed',
        error: error instanceof Error ? error.message : String(error),
      });
    }
  }

  async #intend(entry: Run, tool: Tool, key: string): Promise<void> {
    this.#options.journal.write({
      kind: 'port',
      port: 'tool',
      what: 'intent',
      t: this.#options.now(),
      tool: entry.asked.run,
      name: entry.asked.name,
      key,
      effect: tool.effect,
      input: this.#options.clean(entry.asked.input),
    });
    if (tool.effect !== 'none') await this.#options.journal.sync();
  }

  #over(entry: Run, outcome: ToolOutcome): void {
    if (entry.state !== 'running') return;
    entry.state = 'over';
    entry.cancelTimer?.();
    if (!outcome.ok && (outcome.why === 'timeout' || outcome.why === 'cancelled'))
      entry.abort.abort(new Error(outcome.error));
    if (entry.began) this.#begun.set(`${this.#options.callId}:${entry.id}`, outcome);
    this.#options.journal.write({
      kind: 'port',
      port: 'tool',
      what: 'outcome',
      t: this.#options.now(),
      tool: entry.asked.run,
      outcome: this.#options.clean(outcome) as unknown as ToolOutcome,
    });
    this.#options.listener(entry.asked.run, { ...entry.asked, id: entry.id }, outcome);
    if (this.#ended && this.inFlight.length === 0) this.#idle?.();
  }

  #call(): ToolCall {
    const { callId: id, agent, line, clock } = this.#options;
    return { id, agent: agent.name, timeZone: agent.timeZone, wallMs: clock.wall(), line };
  }
}

import type { EndReason } from '../contract/end-reasons.ts';
import { Scope } from '../kit/scope.ts';
import type { TextBrain, ToolOutcome } from '../ports/brain.ts';
import type { LineEvent } from '../ports/line.ts';
import { askTurnModel } from './end-of-turn.ts';
import type { LineHealth } from './line-watch.ts';
import type { CallCounter } from './metrics.ts';
import { openParts, type Parts, type PartsHooks, type PartsOptions } from './parts.ts';
import type { ReplyOver } from './replies.ts';
import { checkResult } from './results.ts';
import type { ToolAsked } from './tools.ts';
import type { Effect } from './turn/effects.ts';
import type { TurnInput } from './turn/events.ts';
import { next } from './turn/next.ts';
import { initialState, type TurnConfig, type TurnState } from './turn/state.ts';

/** A burst of audio is taken in steps, so that edges and timers within it come in their order. */
const STEP_MS = 20;

export interface LiveCallOptions extends PartsOptions {
  /** Absent when the agent cannot even begin; `turn.broken` then says why. */
  readonly brain: TextBrain | undefined;
  readonly turn: TurnConfig;
}

/**
 * One conversation while it runs. Owns the state of the turn machine: every input goes through `input`, one after the
 * other, is written down, and its effects are carried out by the parts of the call.
 *
 * In: events of the line, of hearing, replies, tools, timers. Out: effects on those; `onEnd` once, with the reason.
 */
export class LiveCall {
  readonly #options: LiveCallOptions;
  readonly #scope: Scope<EndReason>;
  readonly #parts: Parts;
  readonly #counters: Partial<Record<CallCounter, number>>;
  /** Replies that never were: what their tools found out does not count. */
  readonly #dropped = new Set<string>();
  readonly #queue: { readonly what: TurnInput; readonly at: number }[] = [];
  readonly #onEnd: (reason: EndReason) => void;
  #faulty = false;
  #over = false;
  #state: TurnState;
  #draining = false;
  #atMs = 0;
  #detail: string | undefined;

  constructor(options: LiveCallOptions, onEnd: (reason: EndReason) => void) {
    const { clock, log, metrics } = options.deps;
    this.#options = options;
    this.#onEnd = onEnd;
    this.#state = initialState(options.turn);
    this.#counters = { ...options.past?.counters };
    this.#scope = new Scope<EndReason>(clock, (error) => log.error('a closer failed', { error }));
    const hooks: PartsHooks = {
      metrics: {
        count: (what) => this.#count(what),
        observe: (what, ms) => metrics.observe(what, ms),
      },
      input: (input) => this.input(input),
      health: (health) => this.#guarded('health', () => this.#health(health)),
      replyOver: (over) => this.#replyOver(over),
      toolOver: (run, asked, outcome) => this.#toolOver(run, asked, outcome),
    };
    try {
      this.#parts = openParts(options, this.#scope, hooks);
    } catch (error) {
      // What was opened before the fault goes with it.
      void this.#scope.close('bug.internal');
      throw error;
    }
  }

  get state(): TurnState {
    return this.#state;
  }

  get counters(): Readonly<Partial<Record<CallCounter, number>>> {
    return this.#counters;
  }

  /** For the log: what the line said when it ended. */
  get detail(): string | undefined {
    return this.#detail;
  }

  /** How long what the agent's tools have begun may still take, in milliseconds. */
  get toolsMs(): number {
    return this.#parts.tools.leftMs;
  }

  open(): void {
    this.input({ kind: 'opened' });
    this.#options.line.tell({ kind: 'ready', callId: this.#options.id });
    this.#options.line.open((event) => this.#guarded('line', () => this.#line(event)));
  }

  /** One input of the turn machine. Inputs that come while another is worked on wait for it. */
  input(what: TurnInput): void {
    this.#queue.push({ what, at: this.#atMs });
    if (this.#draining) return;
    this.#draining = true;
    try {
      for (let entry = this.#queue.shift(); entry; entry = this.#queue.shift())
        this.#step(entry.what, entry.at);
    } finally {
      this.#draining = false;
    }
    // A timer may have been set for a moment of the audio that is already here.
    this.#parts.timers.advance(this.#atMs);
  }

  /** Lets everything go, in order; resolves when nothing of the call runs any more. */
  async close(reason: EndReason, limitMs: number): Promise<void> {
    this.#parts.timers.clear();
    this.#guarded('hearing', () => this.#parts.hearing.close());
    await Promise.allSettled([
      this.#scope.close(reason),
      this.#parts.tools.end(limitMs),
      this.#parts.moves.idle(),
    ]);
    await this.#checkResult();
    this.#guarded('state', () => this.#writeState());
  }

  /** What the agent found out has to be what it said it would: what is not stands beside the result, not in it. */
  async #checkResult(): Promise<void> {
    const { agent, deps, notes } = this.#options;
    const { replies } = this.#parts;
    const { result, problems } = await checkResult(
      agent.result,
      replies.result,
      deps.clock,
      deps.settings.endMs / 3,
    );
    if (problems.length === 0) return;
    replies.result = result;
    deps.log.warn("the result does not fit the agent's own description", { agent: agent.name });
    this.#guarded('result', () => notes.event('result.invalid', { problems: [...problems] }));
  }

  #step(what: TurnInput, at: number): void {
    const { notes } = this.#options;
    const event = { at: Math.round(at), ...what };
    let n = -1;
    let effects: readonly Effect[] = [];
    this.#guarded(what.kind, () => {
      n = notes.input(event);
      [this.#state, effects] = next(this.#state, event);
    });
    for (const effect of effects) {
      this.#guarded(effect.kind, () => {
        notes.output(effect, n);
        this.#carryOut(effect);
      });
    }
  }

  /**
   * A fault of ours, or of the agent's code, ends the call and nothing else: what else was to be done is still done,
   * the end above all. The machine is asked to end it once; when that fails too, the call ends without it.
   */
  #guarded(doing: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#options.deps.log.error('a fault ended the call', { error, doing });
      if (this.#state.call.is === 'ended' ? doing === 'end' : this.#faulty) return this.#end('bug.internal');
      this.#faulty = true;
      if (this.#state.call.is !== 'ended') this.input({ kind: 'end-asked', reason: 'bug.internal' });
    }
  }

  #end(reason: EndReason): void {
    if (this.#over) return;
    this.#over = true;
    this.#onEnd(reason);
  }

  #carryOut(effect: Effect): void {
    switch (effect.kind) {
      case 'listen':
        return this.#parts.hearing.listen(effect.stretch, effect.fromMs);
      case 'finalise':
        return this.#parts.hearing.finalise(effect.stretch, effect.uptoMs);
      case 'drop-stretch':
        return this.#parts.hearing.drop(effect.stretch);
      case 'expect':
        this.#options.secrets.expect(effect.expectation, this.#state.caller.is !== 'silent');
        return this.#parts.hearing.expect(effect.expectation);
      case 'ask-turn-model':
        return this.#askTurnModel(effect.question, effect.fromMs);
      case 'ask':
        return this.#ask(effect);
      case 'say':
        return this.#parts.replies.say(effect.reply, effect.text);
      case 'commit':
        this.#parts.times.decided(effect.reply);
        return this.#parts.replies.commit(effect.reply);
      case 'cancel':
        if (effect.how === 'dropped') this.#dropped.add(effect.reply);
        return this.#parts.replies.cancel(effect.reply, effect.how);
      case 'hold':
        return this.#parts.speaking.hold(effect.reply);
      case 'resume':
        return this.#parts.speaking.resume(effect.reply);
      case 'run-tool':
        return this.#parts.tools.run(effect.tool);
      case 'cancel-tool':
        return this.#parts.tools.cancel(effect.tool);
      case 'item':
        return this.#item(effect.item);
      case 'unsay':
        return this.#parts.conversation.remove(effect.item);
      case 'start-move':
        return this.#parts.moves.start(effect.id, effect.move, effect.fromMs);
      case 'stop-move':
        return this.#parts.moves.stop(effect.id, effect.save);
      case 'timer':
        return this.#parts.timers.start(effect);
      case 'cancel-timer':
        return this.#parts.timers.cancel(effect.timer);
      case 'count':
        return this.#count(effect.what);
      case 'end':
        return this.#end(effect.reason);
    }
  }

  #ask(effect: Extract<Effect, { kind: 'ask' }>): void {
    const { brain, deps } = this.#options;
    const { reply, why, basis } = effect;
    if (!basis && why === 'turn') this.#parts.times.decided(reply);
    const conversation = basis ? this.#parts.conversation.with(basis) : this.#parts.conversation.items;
    const speculative = basis !== undefined;
    if (brain)
      this.#parts.replies.ask(brain, { reply, why, speculative, conversation, wallMs: deps.clock.wall() });
    else this.input({ kind: 'reply-over', reply, how: 'failed', heard: '', reason: 'agent.failed' });
  }

  #item(item: Extract<Effect, { kind: 'item' }>['item']): void {
    this.#parts.conversation.add(item);
    if (item.kind !== 'caller' && item.kind !== 'unclear') return;
    this.#parts.times.turnEnded(item.toMs);
    const { line, secrets } = this.#options;
    if (item.kind !== 'caller' || secrets.asked) return;
    line.tell({ kind: 'transcript', who: 'caller', text: secrets.clean(item.text) as string, final: true });
  }

  #toolOver(run: string, asked: ToolAsked & { readonly id: string }, outcome: ToolOutcome): void {
    const { conversation } = this.#parts;
    const { id: tool, name, input } = asked;
    if (!this.#dropped.has(run.slice(0, run.indexOf('/'))))
      conversation.append({ id: conversation.newId(), kind: 'tool', tool, name, input, outcome });
    this.input({ kind: 'tool-ended', tool: run, ok: outcome.ok });
  }

  /** A reply is over: it enters the conversation as it was heard, and the brain's state changes. */
  #replyOver(over: ReplyOver): void {
    const { brain, line, secrets } = this.#options;
    if (over.heard !== '') {
      const id = this.#parts.conversation.newId();
      const { reply, heard: text, cut, span } = over;
      const { conversation, hearing } = this.#parts;
      const placed = span && conversation.between(hearing.msAt(span.fromMs), hearing.msAt(span.toMs));
      conversation.append({ id, kind: 'agent', reply, text, cut, ...placed });
      line.tell({ kind: 'transcript', who: 'agent', text: secrets.clean(text) as string, final: true });
    }
    if (over.fromBrain) this.#guarded('settled', () => brain?.settled(over.reply, over.how, over.heard));
    if (over.how !== 'dropped') this.#guarded('state', () => this.#writeState());
  }

  #writeState(): void {
    const { brain, notes } = this.#options;
    const { keys, call } = this.#state;
    notes.state({
      brain: brain?.snapshot() ?? null,
      conversation: this.#parts.conversation.changes(),
      result: this.#parts.replies.result,
      messages: this.#parts.moves.saved,
      counters: this.#counters,
      keys,
      toolsInFlight: this.#parts.tools.inFlight,
      waiting: call.is === 'waiting' ? call.move.kind : undefined,
    });
  }

  #line(event: LineEvent): void {
    if (event.leg !== 'caller') return;
    switch (event.kind) {
      case 'media':
        if (this.#parts.audio.append(event.at, event.samples) > 0) this.#count('gaps');
        this.#parts.watch.media();
        return this.#hear();
      case 'mark':
        return this.#parts.speaking.mark(event);
      case 'dtmf':
        return this.input({ kind: 'key', digit: event.digit });
      case 'alive':
        return this.#parts.watch.alive();
      case 'transfer':
        this.#options.notes.port('line', { ...event });
        return this.#parts.moves.transferred(event);
      case 'end':
        this.#detail = event.detail;
        return this.input({ kind: 'end-asked', reason: event.reason });
    }
  }

  /** Takes the caller's audio that has arrived, step by step. */
  #hear(): void {
    const step = (STEP_MS / 1000) * this.#parts.audio.rate;
    while (this.#parts.hearing.heardTo < this.#parts.audio.end && this.#state.call.is !== 'ended') {
      const to = Math.min(this.#parts.hearing.heardTo + step, this.#parts.audio.end);
      this.#atMs = (to / this.#parts.audio.rate) * 1000;
      this.#parts.moves.hear(to);
      this.#parts.hearing.hearTo(to);
      this.#parts.timers.advance(this.#atMs);
    }
  }

  #health(health: LineHealth): void {
    switch (health.kind) {
      case 'silence':
        this.#parts.audio.silence(this.#parts.audio.positionOf(health.ms));
        return this.#hear();
      case 'dead':
        this.#detail = health.detail;
        return this.input({ kind: 'end-asked', reason: health.reason });
      case 'stalled':
      case 'resumed':
      case 'trouble':
        return this.input({ kind: 'line', what: health.kind });
    }
  }

  #askTurnModel(question: string, fromMs: number): void {
    const { deps, notes } = this.#options;
    const heard = this.#parts.view?.since(fromMs) ?? new Int16Array(0);
    void askTurnModel(deps.engines.turnModel, heard).then((p) => {
      this.#guarded('turn-model', () => notes.port('turn-model', { question, p }));
      this.input({ kind: 'turn-model', question, p });
    });
  }

  #count(what: CallCounter): void {
    this.#counters[what] = (this.#counters[what] ?? 0) + 1;
    this.#options.deps.metrics.count(what);
  }
}

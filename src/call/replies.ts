import type { Clock } from '../kit/clock.ts';
import type { Json } from '../kit/json.ts';
import type { Log } from '../kit/log.ts';
import type { Ask, Part, ReplyId, TextBrain } from '../ports/brain.ts';
import type { CallMetrics } from './metrics.ts';
import { type ReplyEvent, ReplyRun } from './reply.ts';
import type { Speaking, SpeakingEvent } from './speaking.ts';
import type { Tools } from './tools.ts';
import type { ReplyEnd, TurnInput } from './turn/events.ts';
import type { Span } from './utterance.ts';

export interface RepliesOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: CallMetrics;
  readonly speaking: Speaking;
  readonly tools: Tools;
  readonly input: (input: TurnInput) => void;
  readonly onPart: (reply: ReplyId, part: Part, ms: number) => void;
  /** A reply is over: called before the turn machine hears of it, so that the next question finds a settled brain. */
  readonly onOver: (over: ReplyOver) => void;
  /** Fields of the record that earlier incarnations have filled in. */
  readonly result: Readonly<Record<string, Json>>;
}

export interface ReplyOver {
  readonly reply: ReplyId;
  /** False for words of the call itself, which no brain knows of. */
  readonly fromBrain: boolean;
  readonly how: Exclude<ReplyEnd, 'failed'>;
  readonly heard: string;
  /** Not every word of it was heard. */
  readonly cut: boolean;
  /** From when to when it was heard, in monotonic milliseconds. */
  readonly span: Span | undefined;
}

interface Entry {
  readonly run: ReplyRun | undefined;
  committed: boolean;
  results: Readonly<Record<string, Json>>;
}

/**
 * The replies under way: the brain's answer on one side, its sound on the other. Owns the runs of the brain, and the
 * result fields of replies that do not count yet.
 *
 * In: `ask`, `say`, `commit`, `cancel`; the brain's parts; events of speaking. Out: inputs of the turn machine, and
 * `onOver` exactly once per reply.
 */
export class Replies {
  readonly #options: RepliesOptions;
  readonly #entries = new Map<ReplyId, Entry>();
  /** Fields of the record that replies have filled in. */
  #result: Readonly<Record<string, Json>>;

  constructor(options: RepliesOptions) {
    this.#options = options;
    this.#result = options.result;
  }

  get result(): Readonly<Record<string, Json>> {
    return this.#result;
  }

  set result(result: Readonly<Record<string, Json>>) {
    this.#result = result;
  }

  ask(brain: TextBrain, ask: Ask): void {
    const { clock, metrics, speaking, onPart } = this.#options;
    speaking.begin(ask.reply, !ask.speculative);
    const askedAt = clock.now();
    const run = new ReplyRun(
      ask,
      (event) => {
        if (event.kind === 'first-text') metrics.observe('brain', clock.now() - askedAt);
        this.#take(ask.reply, event);
      },
      (part, ms) => onPart(ask.reply, part, ms),
    );
    this.#entries.set(ask.reply, { run, committed: !ask.speculative, results: {} });
    void run.run(brain, ask, clock);
  }

  say(reply: ReplyId, text: string): void {
    const { speaking } = this.#options;
    this.#entries.set(reply, { run: undefined, committed: true, results: {} });
    speaking.begin(reply, true);
    speaking.say(reply, text, false);
    speaking.finish(reply);
  }

  commit(reply: ReplyId): void {
    const entry = this.#entries.get(reply);
    if (!entry) return;
    entry.committed = true;
    this.#result = { ...this.#result, ...entry.results };
    this.#options.speaking.release(reply);
  }

  cancel(reply: ReplyId, how: 'cut' | 'dropped'): void {
    const entry = this.#entries.get(reply);
    if (!entry) return;
    entry.run?.abort();
    const { text, whole, span } = this.#options.speaking.stop(reply);
    if (how === 'dropped') this.#over(reply, 'dropped', '', true);
    else this.#over(reply, whole ? 'heard' : 'cut', text, !whole, span);
    this.#options.input({ kind: 'reply-over', reply, how, heard: how === 'dropped' ? '' : text });
  }

  /** What speaking reports of a reply. */
  spoken(event: SpeakingEvent): void {
    const { input } = this.#options;
    switch (event.kind) {
      case 'sounding':
        return input({ kind: 'sounding', reply: event.reply });
      case 'passage':
        return input({ kind: 'passage', reply: event.reply, interruptible: event.interruptible });
      case 'heard':
        this.#over(event.reply, 'heard', event.text, false, event.span);
        return input({ kind: 'reply-over', reply: event.reply, how: 'heard', heard: event.text });
      case 'failed':
        this.#options.log.error('the voice failed', { reply: event.reply, why: event.message });
        return this.#failed(event.reply, event, 'speech.failed', event.message);
    }
  }

  #take(reply: ReplyId, event: ReplyEvent): void {
    const { speaking, input, log } = this.#options;
    const entry = this.#entries.get(reply);
    if (!entry) return;
    switch (event.kind) {
      case 'first-text':
      case 'more':
        return input({ kind: event.kind, reply });
      case 'text':
        return speaking.say(reply, event.text, event.uninterruptible);
      case 'expect':
        return input({ kind: 'expect', reply, expectation: event.expectation });
      case 'tool':
        return this.#tool(reply, event);
      case 'result':
        if (entry.committed) this.#result = { ...this.#result, ...event.fields };
        else entry.results = { ...entry.results, ...event.fields };
        return undefined;
      case 'move':
        return input({ kind: 'move-asked', reply, move: event.move });
      case 'done':
        input({ kind: 'brain-done', reply });
        // A reply that is all said, or says nothing, is over with this.
        return speaking.finish(reply);
      case 'failed': {
        log.error('the agent failed', { reply, error: event.error });
        const why = event.error instanceof Error ? event.error.message : String(event.error);
        return this.#failed(reply, speaking.stop(reply), 'agent.failed', why);
      }
    }
  }

  #tool(reply: ReplyId, event: Extract<ReplyEvent, { kind: 'tool' }>): void {
    const { run, tool } = this.#options.tools.ask(reply, event.id, event.name, event.input);
    this.#options.input({
      kind: 'tool-asked',
      reply,
      tool: run,
      name: event.name,
      effect: tool?.effect ?? 'none',
      whenInterrupted: tool?.whenInterrupted ?? 'finish',
      filler: tool?.filler ?? '',
    });
  }

  #failed(
    reply: ReplyId,
    { text: heard, span }: { readonly text: string; readonly span: Span | undefined },
    reason: 'agent.failed' | 'speech.failed',
    why: string,
  ): void {
    const entry = this.#entries.get(reply);
    entry?.run?.abort();
    // A reply that never counted was never part of the conversation.
    if (entry && !entry.committed) this.#over(reply, 'dropped', '', true);
    else this.#over(reply, 'cut', heard, true, span);
    this.#options.input({ kind: 'reply-over', reply, how: 'failed', heard, reason, why });
  }

  #over(reply: ReplyId, how: ReplyOver['how'], heard: string, cut: boolean, span?: Span): void {
    const entry = this.#entries.get(reply);
    if (!entry) return;
    this.#entries.delete(reply);
    this.#options.onOver({ reply, fromBrain: entry.run !== undefined, how, heard, cut, span });
  }
}

import type { LanguageModelUsage, TextStreamPart, ToolSet } from 'ai';
import type { Agent } from '../../agent/agent.ts';
import { localTime } from '../../agent/hear/calendar.ts';
import type { LlmSpec } from '../../agent/llm.ts';
import { PHRASES } from '../../agent/phrases.ts';
import type { Json } from '../../kit/json.ts';
import type { Ask, BrainContext, Part, ReplyId, TextBrain } from '../../ports/brain.ts';
import { ModelFailed } from './failure.ts';
import { historyOf } from './history.ts';
import type { LoadedModel } from './load.ts';
import { moveOf, toolSetOf } from './tools.ts';

/** After so many silences in a row the agent says goodbye. */
const MAX_SILENCES = 3;

const SPENT = 'I am sorry, I have to end our call here. Please call again. Goodbye.';

interface Memory {
  readonly greeted: boolean;
  /** Tokens that the call has used, in and out together. */
  readonly tokens: number;
}

/** Opens a brain that asks a language model. */
export function openLlmBrain(
  agent: Agent,
  spec: LlmSpec,
  context: BrainContext,
  loaded: LoadedModel,
): TextBrain {
  return new LlmBrain(agent, spec, context, loaded);
}

/**
 * One call's talk with a language model. Owns whether the caller was greeted and what the call has used; the
 * conversation itself comes with each question, as the caller heard it, so that nothing has to be rebuilt here when
 * another worker goes on.
 *
 * Invariants: one step of the model per question, and no tool runs in it: the SDK gets them without `execute`, because
 * it starts tools even after the question was taken back.
 */
class LlmBrain implements TextBrain {
  readonly kind = 'text';
  readonly #agent: Agent;
  readonly #spec: LlmSpec;
  readonly #context: BrainContext;
  readonly #loaded: LoadedModel;
  readonly #model: ReturnType<LoadedModel['open']>;
  readonly #tools: ToolSet;
  readonly #pending = new Set<ReplyId>();
  #memory: Memory;
  /** Also what replies used that never counted: they are billed. */
  #tokens: number;

  constructor(agent: Agent, spec: LlmSpec, context: BrainContext, loaded: LoadedModel) {
    this.#agent = agent;
    this.#spec = spec;
    this.#context = context;
    this.#loaded = loaded;
    this.#model = loaded.open();
    this.#tools = toolSetOf(spec);
    this.#memory = memoryFrom(context.snapshot);
    this.#tokens = this.#memory.tokens;
  }

  async *reply(ask: Ask, signal: AbortSignal): AsyncGenerator<Part> {
    if (signal.aborted) return;
    this.#pending.add(ask.reply);
    const ready = this.#ready(ask);
    if (ready) {
      yield* ready;
      yield { kind: 'done' };
      return;
    }
    if (ask.why === 'continued') yield { kind: 'text', text: `${PHRASES.continued} ` };
    yield* this.#think(ask, signal);
  }

  settled(reply: ReplyId, how: 'heard' | 'cut' | 'dropped'): void {
    if (!this.#pending.delete(reply) || how === 'dropped') return;
    this.#memory = { greeted: true, tokens: this.#tokens };
  }

  snapshot(): Json {
    return { ...this.#memory };
  }

  close(): Promise<void> {
    this.#pending.clear();
    return Promise.resolve();
  }

  /** What is said without asking the model; undefined where it has to be asked. */
  #ready(ask: Ask): readonly Part[] | undefined {
    const say = (text: string): Part => ({ kind: 'text', text });
    if (ask.why === 'goodbye') return [say(PHRASES.tooLong)];
    if (!this.#memory.greeted && (ask.why === 'open' || ask.why === 'continued'))
      return [say(this.#greeting())];
    const last = ask.conversation.at(-1);
    if (ask.why === 'silence' && last?.kind === 'silence')
      return last.count < MAX_SILENCES
        ? [say(PHRASES.silent)]
        : [say(PHRASES.silentGoodbye), { kind: 'move', move: { kind: 'end', reason: 'caller.silent' } }];
    if (this.#tokens < this.#spec.maxTokens) return undefined;
    return [say(SPENT), { kind: 'move', move: { kind: 'end', reason: 'agent.finished' } }];
  }

  #greeting(): string {
    const { greeting } = this.#agent;
    const { vars, line } = this.#context;
    return typeof greeting === 'string' ? greeting : greeting({ vars, line });
  }

  #instructions(wallMs: number): string {
    const { instructions } = this.#spec;
    if (typeof instructions === 'string') return instructions;
    const { vars, line } = this.#context;
    const { date: today, minutes } = localTime(wallMs, this.#agent.timeZone);
    const two = (number: number) => String(number).padStart(2, '0');
    return instructions({ vars, line, today, time: `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}` });
  }

  async *#think(ask: Ask, signal: AbortSignal): AsyncGenerator<Part> {
    let asked = 0;
    let gave = false;
    const name = this.#loaded.name;
    // The other parts tell how the answer is made: steps, reasoning, a tool's input as it grows.
    for await (const part of this.#stream(ask, signal)) {
      if (part.type === 'text-delta') {
        gave ||= part.text.trim() !== '';
        yield { kind: 'text', text: part.text };
      } else if (part.type === 'tool-call') {
        gave = true;
        const move = moveOf(this.#spec, part.toolName);
        // The model's own id may come again in the next question; the call knows a tool's run by this one.
        const id = `${ask.reply}.${++asked}`;
        yield move
          ? { kind: 'move', move }
          : { kind: 'tool', id, name: part.toolName, input: (part.input ?? {}) as Json };
      } else if (part.type === 'finish') {
        const usage = usageOf(part.totalUsage);
        this.#tokens += usage.input_tokens + usage.output_tokens;
        // What the SDK makes of a stream that just ended: its provider never said why.
        if (part.finishReason === 'other' || part.finishReason === 'error')
          throw new ModelFailed(name, 'broke off its answer');
        if (!gave) throw new ModelFailed(name, `gave no answer (${part.finishReason})`);
        yield { kind: 'done', usage };
        return;
      } else if (part.type === 'abort') return;
      else if (part.type === 'error' && !signal.aborted) throw ModelFailed.from(name, part.error);
    }
    if (!signal.aborted) throw new ModelFailed(name, 'broke off its answer');
  }

  #stream(ask: Ask, signal: AbortSignal): AsyncIterable<TextStreamPart<ToolSet>> {
    return this.#loaded.sdk.streamText({
      model: this.#model,
      system: this.#instructions(ask.wallMs),
      messages: historyOf(ask.conversation),
      tools: this.#tools,
      maxOutputTokens: this.#spec.maxAnswerTokens,
      // A caller waits: the SDK's two retries took six seconds.
      maxRetries: 0,
      abortSignal: signal,
      // By default it prints the error, and with it what the caller said.
      onError: () => undefined,
    }).fullStream;
  }
}

function usageOf({ inputTokens = 0, outputTokens = 0 }: LanguageModelUsage) {
  return { input_tokens: inputTokens, output_tokens: outputTokens };
}

function memoryFrom(snapshot: Json | undefined): Memory {
  const { greeted, tokens } = (snapshot ?? {}) as Partial<Memory>;
  return { greeted: greeted === true, tokens: typeof tokens === 'number' ? tokens : 0 };
}

import type { ScriptAgent } from '../../agent/agent.ts';
import { localTime } from '../../agent/hear/calendar.ts';
import { PHRASES } from '../../agent/phrases.ts';
import type { Json } from '../../kit/json.ts';
import type { Ask, BrainContext, Part, ReplyId, TextBrain } from '../../ports/brain.ts';
import { emptyMemory, type Memory, memoryFrom, snapshotOf } from './memory.ts';
import { next } from './next.ts';
import { heardOf } from './wording.ts';

/** Opens a brain that follows an agent's script. */
export function openScriptBrain(agent: ScriptAgent, context: BrainContext): TextBrain {
  return new ScriptBrain(agent, context);
}

interface Pending {
  readonly memory: Memory;
  readonly text: string;
}

/**
 * Owns the memory of one conversation. A reply is worked out from it without changing it; the memory it would leave
 * behind is kept until the reply is over, and counts only then.
 */
class ScriptBrain implements TextBrain {
  readonly kind = 'text';
  readonly #agent: ScriptAgent;
  readonly #context: BrainContext;
  #memory: Memory;
  #pending = new Map<ReplyId, Pending>();

  constructor(agent: ScriptAgent, context: BrainContext) {
    this.#agent = agent;
    this.#context = context;
    this.#memory = memoryFrom(context.snapshot, agent.brain) ?? emptyMemory(agent.brain.start);
  }

  async *reply(ask: Ask, signal: AbortSignal): AsyncGenerator<Part> {
    const agent = this.#agent;
    const { memory, parts } = next(this.#memory, {
      agent,
      spec: agent.brain,
      phrases: { ...PHRASES, ...agent.brain.phrases },
      context: this.#context,
      now: localTime(ask.wallMs, agent.timeZone),
      ask,
    });
    this.#pending.set(ask.reply, { memory, text: textOf(parts) });
    for (const part of parts) {
      if (signal.aborted) return;
      yield part;
    }
    yield { kind: 'done' };
  }

  settled(reply: ReplyId, how: 'heard' | 'cut' | 'dropped', heardText: string): void {
    const pending = this.#pending.get(reply);
    this.#pending.delete(reply);
    if (!pending || how === 'dropped') return;
    // Any other reply was worked out from a memory that is the past now.
    this.#pending.clear();
    const { memory, text } = pending;
    const offered =
      memory.offered && how === 'cut' ? heardOf(memory.offered, text, heardText) : memory.offered;
    this.#memory = { ...memory, offered };
  }

  snapshot(): Json {
    return snapshotOf(this.#memory, this.#agent.brain);
  }

  close(): Promise<void> {
    this.#pending.clear();
    return Promise.resolve();
  }
}

function textOf(parts: readonly Part[]): string {
  return parts.flatMap((part) => (part.kind === 'text' ? [part.text] : [])).join('');
}

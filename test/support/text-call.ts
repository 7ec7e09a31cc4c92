import type { Agent } from '../../src/agent/agent.ts';
import { openBrain } from '../../src/brains/open.ts';
import type { Json } from '../../src/kit/json.ts';
import type { Ask, Item, Move, Part, TextBrain, ToolOutcome } from '../../src/ports/brain.ts';

/** A call without audio and without time: the brain is asked and told through its port, and tools are run. */
export class TextCall {
  readonly #agent: Agent;
  readonly #brain: TextBrain;
  readonly #wallMs: number;
  readonly #items: Item[] = [];
  #replies = 0;
  result: Readonly<Record<string, Json>> = {};
  move: Move | undefined;

  /** @param wallMs when the call takes place, in milliseconds since 1970 UTC */
  constructor(agent: Agent, wallMs: number) {
    const brain = openBrain(agent, {
      callId: 'call_docs',
      agentName: agent.name,
      timeZone: agent.timeZone,
      vars: {},
      line: { from: '+15550123', canTransfer: true },
    });
    if (brain.kind !== 'text') throw new Error('only brains that think in text can be asked in text');
    this.#agent = agent;
    this.#brain = brain;
    this.#wallMs = wallMs;
  }

  open(): Promise<string> {
    return this.#reply('open');
  }

  caller(text: string): Promise<string> {
    this.#items.push({ id: this.#id(), kind: 'caller', text, from: 0, to: 1 });
    return this.#reply('turn');
  }

  keys(digits: string): Promise<string> {
    this.#items.push({ id: this.#id(), kind: 'keys', digits });
    return this.#reply('digits');
  }

  #id(): string {
    return `i${this.#items.length}`;
  }

  async #reply(why: Ask['why']): Promise<string> {
    const reply = `r${this.#replies++}`;
    const ask: Ask = { reply, why, speculative: false, conversation: [...this.#items], wallMs: this.#wallMs };
    const parts: Part[] = [];
    for await (const part of this.#brain.reply(ask, new AbortController().signal)) parts.push(part);
    const text = parts.flatMap((part) => (part.kind === 'text' ? [part.text] : [])).join('');
    this.#items.push({ id: this.#id(), kind: 'agent', reply, text, cut: false });
    this.#brain.settled(reply, 'heard', text);
    this.move = undefined;
    let after = '';
    for (const part of parts) {
      if (part.kind === 'result') this.result = { ...this.result, ...part.fields };
      if (part.kind === 'move') this.move = part.move;
      if (part.kind === 'tool') after = await this.#run(part);
    }
    return [text, after].filter((one) => one !== '').join(' ');
  }

  async #run({ id, name, input }: Extract<Part, { kind: 'tool' }>): Promise<string> {
    this.#items.push({
      id: this.#id(),
      kind: 'tool',
      tool: id,
      name,
      input,
      outcome: await this.#outcome(name, input),
    });
    return this.#reply('tool');
  }

  async #outcome(name: string, input: Json): Promise<ToolOutcome> {
    const tool = this.#agent.tools[name];
    if (!tool) return { ok: false, why: 'invalid-input', error: `there is no tool "${name}"` };
    const { timeZone } = this.#agent;
    const call = {
      id: 'call_docs',
      agent: this.#agent.name,
      timeZone,
      wallMs: this.#wallMs,
      line: { from: '+15550123' },
    };
    const context = { call, key: `call_docs:${this.#replies}`, signal: new AbortController().signal };
    return { ok: true, value: (await tool.execute(tool.inputSchema.parse(input), context)) as Json };
  }
}

import type { JournalLine } from '../../journal/lines.ts';
import { isFields, said, textOf } from './fields.ts';

/** One thing that happened in a call, in words. */
export interface Moment {
  /** Milliseconds since the worker took the call, or since 1970 UTC where only the wall clock is known. */
  readonly at: { readonly ms: number } | { readonly wallMs: number };
  readonly who: 'caller' | 'agent' | 'tool' | 'line' | 'speech' | 'worker';
  readonly words: string;
  /** Something did not go as it should. */
  readonly bad: boolean;
}

/** A line that was silent for less is nothing anybody noticed. */
const STALL_MS = 500;
/** How much of what an event says of itself is shown. */
const DETAIL_MAX = 200;

/** What happened in a call, in order, from its journal. Times begin anew with each worker that had the call. */
export function momentsOf(lines: readonly JournalLine[]): Moment[] {
  const story = new Story();
  for (const line of lines) story.add(line);
  return story.moments;
}

class Story {
  readonly moments: Moment[] = [];
  #zero = 0;
  /** When each input of the turn machine came; its effects carry its number alone. */
  #inputs = new Map<number, number>();
  /** When each reply began to sound. */
  #sounding = new Map<string, number>();
  #tools = new Map<string, { readonly name: string; readonly t: number }>();
  #stalledAt: number | undefined;

  add(line: JournalLine): void {
    switch (line.kind) {
      case 'open':
        return this.#open(line);
      case 'line':
        return this.#tell(line.t, 'line', `the line is there: ${line.line.carrier}`);
      case 'event': {
        const detail = JSON.stringify(line.detail);
        const more = detail === 'null' || detail === '{}' ? '' : ` ${detail.slice(0, DETAIL_MAX)}`;
        return this.#tell(line.t, 'line', `${line.what}${more}`);
      }
      case 'in':
        this.#inputs.set(line.n, line.t);
        return this.#input(line.t, line.event);
      case 'out':
        return this.#effect(this.#inputs.get(line.of) ?? this.#zero, line.effect);
      case 'port':
        if (line.port === 'tool') this.#tool(line);
        return;
      case 'died':
        return void this.moments.push({
          at: { wallMs: line.wall_ms },
          who: 'worker',
          words: `the worker died: ${line.cause}`,
          bad: true,
        });
      case 'state':
      case 'end':
        return;
    }
  }

  #tell(t: number, who: Moment['who'], words: string, bad = false): void {
    this.moments.push({ at: { ms: Math.max(0, t - this.#zero) }, who, words, bad });
  }

  #open({ t, worker, build, incarnation, agent, line, owner }: JournalLine & { kind: 'open' }): void {
    this.#zero = t;
    this.#inputs = new Map();
    const how = incarnation === 1 ? 'took the call' : 'took the call over';
    this.#tell(
      t,
      'worker',
      `worker ${worker} (process ${owner.pid}, build ${build}) ${how}: agent ${agent.name} over ${line.carrier}`,
      incarnation > 1,
    );
  }

  #input(t: number, event: unknown): void {
    if (!isFields(event)) return;
    const why = textOf(event['why']) ?? 'no reason was given';
    switch (event['kind']) {
      case 'sounding':
        return void this.#sounding.set(textOf(event['reply']) ?? '', t);
      case 'reply-over':
        return this.#reply(t, event, why);
      case 'stretch-failed':
        return this.#tell(t, 'speech', `the recogniser failed: ${why}`, true);
      case 'line':
        return this.#line(t, event['what']);
      case 'end-asked':
        return this.#tell(t, 'worker', `the call was to end: ${textOf(event['reason']) ?? 'unknown'}`);
      case 'move-over': {
        const outcome = isFields(event['outcome']) ? event['outcome'] : {};
        const failed = outcome['ok'] === false;
        const how = failed ? `failed: ${textOf(outcome['why']) ?? 'no reason was given'}` : 'is done';
        return this.#tell(t, 'line', `a transfer or message ${how}`, failed);
      }
      default:
    }
  }

  #reply(t: number, event: Readonly<Record<string, unknown>>, why: string): void {
    const began = this.#sounding.get(textOf(event['reply']) ?? '') ?? t;
    const heard = said(event['heard']);
    if (heard !== '') {
      const cut = event['how'] === 'cut' ? ' (interrupted)' : '';
      this.#tell(began, 'agent', `“${heard}”${cut}`);
    }
    if (event['how'] === 'failed') this.#tell(t, 'agent', `the reply failed: ${why}`, true);
  }

  #line(t: number, what: unknown): void {
    if (what === 'trouble') return this.#tell(t, 'line', 'the line is in trouble: no audio came', true);
    if (what === 'stalled') this.#stalledAt = t;
    if (what !== 'resumed' || this.#stalledAt === undefined) return;
    const ms = t - this.#stalledAt;
    if (ms >= STALL_MS)
      this.#tell(this.#stalledAt, 'line', `no audio came for ${(ms / 1000).toFixed(1)} s`, true);
    this.#stalledAt = undefined;
  }

  #effect(t: number, effect: unknown): void {
    const item = isFields(effect) && effect['kind'] === 'item' ? effect['item'] : undefined;
    if (!isFields(item)) return;
    switch (item['kind']) {
      case 'caller':
        return this.#tell(t, 'caller', `“${said(item['text'])}”`);
      case 'unclear':
        return this.#tell(t, 'caller', 'spoke, and was not understood', true);
      case 'keys':
        return this.#tell(t, 'caller', `pressed ${said(item['digits'])}`);
      case 'silence':
        return this.#tell(t, 'caller', 'said nothing');
      default:
    }
  }

  #tool(line: Extract<JournalLine, { port: 'tool' }>): void {
    if (line.what === 'intent') {
      this.#tools.set(line.tool, { name: line.name, t: line.t });
      return;
    }
    const begun = this.#tools.get(line.tool);
    if (!begun) return;
    this.#tools.delete(line.tool);
    const took = `${Math.round(line.t - begun.t)} ms`;
    if (line.outcome.ok) this.#tell(begun.t, 'tool', `${begun.name} worked (${took})`);
    else this.#tell(begun.t, 'tool', `${begun.name} failed after ${took}: ${line.outcome.error}`, true);
  }
}

import type { Agent } from '../agent/agent.ts';
import type { EndReason } from '../contract/end-reasons.ts';
import type { Settings } from '../contract/settings.ts';
import type { JournalItem } from '../journal/items.ts';
import type { Journal } from '../journal/journal.ts';
import { JOURNAL_SCHEMA, type JournalLine, type JournalMessage, journalSettings } from '../journal/lines.ts';
import type { Clock } from '../kit/clock.ts';
import type { Json } from '../kit/json.ts';
import { thisOwner } from '../kit/owner.ts';
import type { Item } from '../ports/brain.ts';
import type { LineFacts } from '../ports/line.ts';
import type { Secrets } from './secrets.ts';
import type { Effect } from './turn/effects.ts';
import type { TurnEvent } from './turn/events.ts';
import type { TurnConfig } from './turn/state.ts';

type Port = 'recogniser' | 'brain' | 'voice' | 'turn-model' | 'line';

export interface Standing {
  readonly brain: Json;
  readonly conversation: { readonly from: number; readonly items: readonly Item[] };
  readonly result: Readonly<Record<string, Json>>;
  readonly messages: readonly JournalMessage[];
  readonly counters: Readonly<Record<string, number>>;
  readonly keys: string;
  readonly toolsInFlight: readonly { readonly id: string; readonly name: string }[];
  readonly waiting: string | undefined;
}

/**
 * What a call writes down, as it happens: every input and effect of its turn machine, every answer of a port, and
 * where it stands. Owns the numbering of the lines; sensitive digits are taken out here, for everything.
 */
export class CallJournal {
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #secrets: Secrets;
  readonly #startedMs: number;
  #inputs = 0;
  #outputs = 0;

  constructor(journal: Journal, clock: Clock, secrets: Secrets) {
    this.#journal = journal;
    this.#clock = clock;
    this.#secrets = secrets;
    this.#startedMs = clock.now();
  }

  /** Milliseconds since the call began. */
  now(): number {
    return this.#clock.now() - this.#startedMs;
  }

  open(about: {
    readonly callId: string;
    readonly incarnation: number;
    readonly build: string;
    readonly worker: number;
    readonly agent: Agent;
    readonly settings: Settings;
    readonly facts: Partial<LineFacts> & Pick<LineFacts, 'carrier' | 'direction'>;
  }): void {
    const { agent, facts } = about;
    this.#journal.write({
      kind: 'open',
      schema: JOURNAL_SCHEMA,
      call: about.callId,
      incarnation: about.incarnation,
      build: about.build,
      worker: about.worker,
      owner: thisOwner(),
      agent: { name: agent.name, hash: 'hash' in agent && typeof agent.hash === 'string' ? agent.hash : '' },
      settings: journalSettings(about.settings),
      line: written(facts),
      seed: null,
      t: this.now(),
      wall_ms: this.#clock.wall(),
    });
  }

  /** The line is there, and the turn machine begins. */
  line(facts: LineFacts, turn: TurnConfig): void {
    const seed = { turn: turn as unknown as Json };
    this.#journal.write({ kind: 'line', t: this.now(), line: written(facts), seed });
  }

  /** What happened around the call. */
  event(what: string, detail: Json): void {
    const wall_ms = this.#clock.wall();
    this.#journal.write({
      kind: 'event',
      t: this.now(),
      wall_ms,
      what,
      detail: this.#secrets.clean(detail),
    });
  }

  /** @returns the number of the input, for its effects */
  input(event: TurnEvent): number {
    const n = this.#inputs++;
    this.#journal.write({ kind: 'in', n, t: this.now(), at: event.at, event: this.#secrets.event(event) });
    return n;
  }

  output(effect: Effect, of: number): void {
    this.#journal.write({ kind: 'out', n: this.#outputs++, of, effect: this.#secrets.effect(effect) });
  }

  port(port: Port, event: Readonly<Record<string, unknown>>): void {
    this.#journal.write({
      kind: 'port',
      port,
      t: this.now(),
      event: this.#secrets.port(port, event as Json),
    });
  }

  state(standing: Standing): void {
    const { conversation, keys } = standing;
    this.#journal.write({
      kind: 'state',
      t: this.now(),
      brain: this.#secrets.clean(standing.brain),
      conversation: {
        from: conversation.from,
        items: conversation.items.map((item) => this.#secrets.item(item) as JournalItem),
      },
      result: this.#secrets.clean(standing.result) as Record<string, Json>,
      messages: [...standing.messages],
      counters: { ...standing.counters },
      ...(keys !== '' && { digits: this.#secrets.keyed(keys) }),
      ...(standing.toolsInFlight.length > 0 && { tools_in_flight: [...standing.toolsInFlight] }),
      ...(standing.waiting === 'hold' && { hold: true }),
      ...(standing.waiting === 'transfer' && { transfer: true }),
      used_ms: Math.round(this.now()),
    });
  }

  end(reason: EndReason, detail: string | undefined): void {
    this.#journal.write({
      kind: 'end',
      t: this.now(),
      wall_ms: this.#clock.wall(),
      reason,
      ...(detail !== undefined && { detail }),
    });
  }
}

function written(
  facts: Partial<LineFacts> & Pick<LineFacts, 'carrier' | 'direction'>,
): Extract<JournalLine, { kind: 'line' }>['line'] {
  return { ...facts, vars: { ...facts.vars }, can: { ...facts.can } };
}

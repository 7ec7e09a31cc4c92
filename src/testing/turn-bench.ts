import { TURN_RULES } from '../agent/define.ts';
import type { Effect } from '../call/turn/effects.ts';
import type { TurnEvent, TurnInput } from '../call/turn/events.ts';
import { next } from '../call/turn/next.ts';
import { initialState, type TurnConfig, type TurnState } from '../call/turn/state.ts';

/** The configuration of a call for tests of the turn machine. */
export const TURN_CONFIG: TurnConfig = {
  rules: TURN_RULES,
  canTransfer: true,
  replyMs: 15_000,
  finalMs: 1500,
  maxCallMs: 3_600_000,
  goodbyeMs: 20_000,
  messageMaxMs: 120_000,
  maxToolSteps: 20,
  apology: 'I am sorry, something went wrong.',
  broken: undefined,
  helloMs: 0,
  continues: undefined,
  turnModel: false,
};

/** The turn machine by itself: events in, effects out, with the ids of what is under way looked up by name. */
export class TurnBench {
  state: TurnState;
  readonly events: TurnEvent[] = [];
  readonly effects: Effect[] = [];
  #at = 0;

  constructor(config: Partial<TurnConfig> = {}) {
    this.state = initialState({ ...TURN_CONFIG, ...config });
  }

  /** So much of the caller's audio has arrived; media timers due by then fire in order. */
  at(ms: number): this {
    for (let due = this.#due(ms); due; due = this.#due(ms)) {
      this.#at = Math.max(this.#at, due.atMs);
      this.event({ kind: 'timer', timer: due.timer });
    }
    this.#at = ms;
    return this;
  }

  /** One event. @returns the effects of it alone */
  event(input: TurnInput): readonly Effect[] {
    const event: TurnEvent = { at: this.#at, ...input };
    const [state, effects] = next(this.state, event);
    this.state = state;
    this.events.push(event);
    this.effects.push(...effects);
    return effects;
  }

  /** A timer by its name, as if its time had come. */
  fire(name: keyof TurnState['timers']): readonly Effect[] {
    const timer = this.state.timers[name];
    if (timer === undefined) throw new Error(`no timer "${name}" is running`);
    return this.event({ kind: 'timer', timer });
  }

  /** The id of the latest effect of a kind that carries one under this key. */
  latest(kind: Effect['kind'], key: string): string {
    const effect = this.effects.findLast((one) => one.kind === kind);
    const id = effect && (effect as unknown as Record<string, unknown>)[key];
    if (typeof id !== 'string') throw new Error(`no effect "${kind}" so far`);
    return id;
  }

  get reply(): string {
    return this.latest('ask', 'reply');
  }

  get stretch(): string {
    return this.latest('listen', 'stretch');
  }

  /** The reply asked for last is said and heard to its end. */
  said(): this {
    const { reply } = this;
    this.event({ kind: 'first-text', reply });
    this.event({ kind: 'brain-done', reply });
    this.event({ kind: 'sounding', reply });
    this.event({ kind: 'reply-over', reply, how: 'heard', heard: 'words' });
    return this;
  }

  /** The caller speaks from `fromMs` to `toMs`; the edge is noticed 100 ms late, the words are partial. */
  speaks(text: string, fromMs: number, toMs: number): this {
    this.at(fromMs + 60).event({ kind: 'speech-start', fromMs });
    const { stretch } = this;
    this.at(toMs).event({ kind: 'partial', stretch, text, echo: false });
    this.at(toMs + 100).event({ kind: 'speech-end', endMs: toMs });
    return this;
  }

  final(text: string): readonly Effect[] {
    return this.event({ kind: 'final', stretch: this.stretch, text, echo: false });
  }

  #due(ms: number): { readonly timer: string; readonly atMs: number } | undefined {
    const running = new Set(Object.values(this.state.timers));
    let first: { readonly timer: string; readonly atMs: number } | undefined;
    for (const effect of this.effects) {
      if (effect.kind !== 'timer' || effect.clock !== 'media' || !running.has(effect.timer)) continue;
      if (effect.atMs <= ms && (!first || effect.atMs < first.atMs)) first = effect;
    }
    return first;
  }
}

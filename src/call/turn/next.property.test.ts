import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hear } from '../../agent/hear.ts';
import { TURN_CONFIG } from '../../testing/turn-bench.ts';
import type { Effect } from './effects.ts';
import type { TurnEvent, TurnInput } from './events.ts';
import { next } from './next.ts';
import { initialState, type TurnState } from './state.ts';

/**
 * A small world around the machine: it remembers what was started, and lets chance decide what happens to it. Each
 * step is one number; a list of numbers is a whole call.
 */
class World {
  state: TurnState;
  readonly events: TurnEvent[] = [];
  readonly effects: (readonly Effect[])[] = [];
  #at = 0;
  /** Started and without a terminal event, by id. */
  readonly open = new Map<string, Effect['kind']>();
  /** Replies whose audio may go out. */
  readonly audible = new Set<string>();
  readonly timers = new Map<string, number>();
  #waiting: TurnInput[] = [];
  #tools = 0;

  constructor(helloMs = 0) {
    this.state = initialState({ ...TURN_CONFIG, helloMs });
  }

  send(input: TurnInput): void {
    const event: TurnEvent = { at: this.#at, ...input };
    const wasEnded = this.state.call.is === 'ended';
    const [state, effects] = next(this.state, event);
    if (wasEnded) expect(effects).toEqual([]);
    this.state = state;
    this.events.push(event);
    this.effects.push(effects);
    for (const effect of effects) this.#carryOut(effect);
    expect(this.audible.size).toBeLessThanOrEqual(1);
    for (let answer = this.#waiting.shift(); answer; answer = this.#waiting.shift()) this.send(answer);
  }

  /** Ends a piece of work once. */
  #over(id: string, input: TurnInput): void {
    expect(this.open.has(id)).toBe(true);
    this.open.delete(id);
    this.audible.delete(id);
    this.#waiting.push(input);
  }

  #start(id: string, kind: Effect['kind']): void {
    expect(this.open.has(id)).toBe(false);
    this.open.set(id, kind);
  }

  #carryOut(effect: Effect): void {
    switch (effect.kind) {
      case 'listen':
        return this.#start(effect.stretch, 'listen');
      case 'drop-stretch':
        return this.#over(effect.stretch, { kind: 'stretch-dropped', stretch: effect.stretch });
      case 'ask':
      case 'say':
        this.#start(effect.reply, effect.kind);
        if (effect.kind === 'say' || !effect.basis) this.audible.add(effect.reply);
        return undefined;
      case 'commit':
        expect(this.open.has(effect.reply)).toBe(true);
        this.audible.add(effect.reply);
        return undefined;
      case 'cancel': {
        const { reply, how } = effect;
        return this.#over(reply, { kind: 'reply-over', reply, how, heard: '' });
      }
      case 'hold':
      case 'resume':
        expect(this.audible.has(effect.reply)).toBe(true);
        return undefined;
      case 'run-tool':
        return this.#start(effect.tool, 'run-tool');
      case 'cancel-tool':
        if (this.open.has(effect.tool))
          this.#over(effect.tool, { kind: 'tool-ended', tool: effect.tool, ok: false });
        return undefined;
      case 'start-move':
        return this.#start(effect.id, 'start-move');
      case 'stop-move':
        if (this.open.has(effect.id))
          this.#over(effect.id, { kind: 'move-over', id: effect.id, outcome: { ok: effect.save } as never });
        return undefined;
      case 'timer':
        this.timers.set(effect.timer, effect.clock === 'media' ? effect.atMs : Number.POSITIVE_INFINITY);
        return undefined;
      case 'cancel-timer':
        expect(this.timers.delete(effect.timer)).toBe(true);
        return undefined;
      case 'end':
        expect(this.timers.size).toBe(0);
        return undefined;
      case 'finalise':
      case 'ask-turn-model':
      case 'unsay':
      case 'item':
      case 'expect':
      case 'count':
        return undefined;
    }
  }

  /** The caller is quiet, and everything else does what it is there for. */
  passQuietly(): void {
    const [work] = this.open;
    if (!work) {
      const timer = [...this.timers.keys()].find((name) => !/^(?:limit|goodbye):/.test(name));
      expect(timer).toBeDefined();
      this.timers.delete(timer ?? '');
      return this.send({ kind: 'timer', timer: timer ?? '' });
    }
    const [id, kind] = work;
    if (kind === 'run-tool') return this.#end(id, { kind: 'tool-ended', tool: id, ok: true });
    if (kind === 'listen') return this.#end(id, { kind: 'unclear', stretch: id });
    if (kind === 'start-move')
      return this.#end(id, { kind: 'move-over', id, outcome: { ok: false, why: 'no' } });
    if (!this.audible.has(id))
      return this.#end(id, { kind: 'reply-over', reply: id, how: 'failed', heard: '' });
    for (const what of ['first-text', 'brain-done', 'sounding'] as const)
      if (this.open.has(id)) this.send({ kind: what, reply: id });
    if (this.open.has(id)) this.#end(id, { kind: 'reply-over', reply: id, how: 'heard', heard: 'x' });
  }

  /** Something happens; `n` says what. */
  step(n: number): void {
    this.#at += n % 400;
    for (const [timer, atMs] of this.timers)
      if (atMs <= this.#at && this.timers.delete(timer)) this.send({ kind: 'timer', timer });
    const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(n / 32) % list.length];
    const words = ['yes', 'uh huh', '', 'book it', 'the fourth of', 'one two three four'];
    const work = pick([...this.open]);
    const reply = pick([...this.open].filter(([, kind]) => kind === 'ask' || kind === 'say'))?.[0];
    switch (n % 16) {
      case 0:
        return this.send({ kind: 'speech-start', fromMs: Math.max(0, this.#at - 60) });
      case 1:
        return this.send({ kind: 'speech-end', endMs: Math.max(0, this.#at - 100) });
      case 2:
      case 3:
        return this.#understood(n % 16 === 3, pick(words) ?? '', pick([true, false, false]) ?? false);
      case 4:
        return this.send({ kind: 'key', digit: pick(['1', '2', '#', '*', '9']) ?? '1' });
      case 5: {
        const timer = pick([...this.timers.keys()].filter((name) => !name.startsWith('limit')));
        if (timer === undefined) return undefined;
        this.timers.delete(timer);
        return this.send({ kind: 'timer', timer });
      }
      case 6:
      case 7:
        if (reply === undefined || !this.audible.has(reply)) return undefined;
        return this.#end(reply, {
          kind: 'reply-over',
          reply,
          how: n % 16 === 6 ? 'heard' : 'failed',
          heard: 'x',
        });
      case 8:
        if (reply === undefined || !this.audible.has(reply)) return undefined;
        return this.send({ kind: 'sounding', reply });
      case 9:
        return reply === undefined ? undefined : this.send({ kind: 'brain-done', reply });
      case 10:
        if (reply !== undefined) this.#tool(reply, pick(['none', 'once'] as const) ?? 'none');
        return undefined;
      case 11:
        if (work?.[1] === 'run-tool') this.#end(work[0], { kind: 'tool-ended', tool: work[0], ok: true });
        return undefined;
      case 12:
        if (reply !== undefined) this.#move(reply, Math.floor(n / 32) % 4);
        return undefined;
      case 13:
        if (work?.[1] === 'start-move')
          this.#end(work[0], { kind: 'move-over', id: work[0], outcome: { ok: false, why: 'busy' } });
        return undefined;
      case 14:
        return this.send({
          kind: 'line',
          what: pick(['stalled', 'resumed', 'trouble'] as const) ?? 'stalled',
        });
      default:
        if (reply === undefined) return undefined;
        this.send({ kind: 'passage', reply, interruptible: n % 3 !== 0 });
        return this.send({ kind: 'expect', reply, expectation: pick(EXPECTATIONS) ?? EXPECTATIONS[0] });
    }
  }

  #end(id: string, input: TurnInput): void {
    this.open.delete(id);
    this.audible.delete(id);
    this.send(input);
  }

  #understood(isFinal: boolean, text: string, echo: boolean): void {
    const stretch = [...this.open].find(([, kind]) => kind === 'listen')?.[0];
    if (stretch === undefined) return;
    if (!isFinal) return this.send({ kind: 'partial', stretch, text, echo });
    this.#end(stretch, text === '' ? { kind: 'unclear', stretch } : { kind: 'final', stretch, text, echo });
  }

  #tool(reply: string, effect: 'none' | 'once'): void {
    const tool = `${reply}/t${this.#tools++}`;
    this.send({
      kind: 'tool-asked',
      reply,
      tool,
      name: 'x',
      effect,
      whenInterrupted: effect === 'none' ? 'cancel' : 'finish',
      filler: 'One moment.',
    });
  }

  #move(reply: string, which: number): void {
    const moves = [
      { kind: 'hold', maxS: 30 },
      { kind: 'message', maxS: 30 },
      { kind: 'transfer', to: 'tel:1', mode: 'cold' },
      { kind: 'end', reason: 'agent.finished' },
    ] as const;
    const move = moves[which];
    if (move) this.send({ kind: 'move-asked', reply, move });
  }
}

const EXPECTATIONS = [
  { id: 'pin', slots: { pin: hear.digits(4) }, confirming: false, universal: true },
  { id: 'sure', slots: {}, confirming: true, universal: true },
  {
    id: 'what',
    slots: { what: hear.choice({ a: { phrases: ['book it'], key: '1' } }) },
    confirming: false,
    universal: true,
  },
] as const;

const calls = fc.array(fc.nat({ max: 1_000_000 }), { maxLength: 120 });

test('whatever happens, one voice at most, one terminal event for all that was started, nothing after the end', () => {
  fc.assert(
    fc.property(calls, (steps) => {
      const world = new World();
      world.send({ kind: 'opened' });
      for (const step of steps) world.step(step);
      world.send({ kind: 'end-asked', reason: 'caller.hung_up' });
      expect(world.state.call.is).toBe('ended');
      // Whatever speaks or listens was stopped; tools and messages may finish what they have begun.
      for (const kind of world.open.values()) expect(['run-tool', 'start-move']).toContain(kind);
      world.send({ kind: 'speech-start', fromMs: 1 });
    }),
    { numRuns: 600 },
  );
});

test('the same events always give the same effects', () => {
  fc.assert(
    fc.property(calls, (steps) => {
      const world = new World();
      world.send({ kind: 'opened' });
      for (const step of steps) world.step(step);
      let state = initialState(TURN_CONFIG);
      const again = world.events.map((event) => {
        const [changed, effects] = next(state, JSON.parse(JSON.stringify(event)) as TurnEvent);
        state = changed;
        return effects;
      });
      expect(again).toEqual(world.effects);
    }),
    { numRuns: 200 },
  );
});

test('left alone with an agent that answers, every call ends before its longest time: by silence at last', () => {
  const reasons = new Set<string>();
  fc.assert(
    fc.property(calls, fc.constantFrom(0, 3000), (steps, helloMs) => {
      const world = new World(helloMs);
      world.send({ kind: 'opened' });
      for (const step of steps) world.step(step);
      const wasOver = ['closing', 'ended'].includes(world.state.call.is);
      world.send({ kind: 'line', what: 'resumed' });
      for (let i = 0; i < 400 && world.state.call.is !== 'ended'; i++) world.passQuietly();
      expect(world.state.call.is).toBe('ended');
      if (world.state.call.is === 'ended' && !wasOver) reasons.add(world.state.call.reason);
    }),
    { numRuns: 300 },
  );
  expect(reasons).not.toContain('limit.duration');
  expect(reasons).toContain('caller.silent');
});

test('left alone, every call ends: timers alone bring it to its end', () => {
  fc.assert(
    fc.property(calls, (steps) => {
      const world = new World();
      world.send({ kind: 'opened' });
      for (const step of steps) world.step(step);
      for (let i = 0; i < 200 && world.state.call.is !== 'ended'; i++) {
        // Nobody answers any more: only time passes.
        const [timer] = world.timers.keys();
        expect(timer).toBeDefined();
        world.timers.delete(timer ?? '');
        world.send({ kind: 'timer', timer: timer ?? '' });
      }
      expect(world.state.call.is).toBe('ended');
    }),
    { numRuns: 300 },
  );
});

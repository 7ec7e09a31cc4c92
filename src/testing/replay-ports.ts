import { z } from 'zod';
import { tool } from '../agent/tool.ts';
import type { TurnConfig } from '../call/turn/state.ts';
import type { JournalLine } from '../journal/lines.ts';
import { type Clock, sleep } from '../kit/clock.ts';
import type { Json } from '../kit/json.ts';
import type { Part, TextBrain, ToolOutcome } from '../ports/brain.ts';
import type { RecogniserEngine, RecogniserEvent } from '../ports/recogniser.ts';
import type { VoiceEngine } from '../ports/voice.ts';
import type { FakeLine, TransferPlan } from './fake-line.ts';

type Fields = Readonly<Record<string, Json>>;

/** What a journal says its ports answered. */
export class Past {
  readonly #lines: readonly JournalLine[];

  constructor(lines: readonly JournalLine[]) {
    this.#lines = lines;
  }

  settings(dataDir: string, turn: TurnConfig): Record<string, string> {
    return {
      CXBCORE_MODE: 'development',
      CXBCORE_DATA_DIR: dataDir,
      CXBCORE_MAX_CALL_S: String(turn.maxCallMs / 1000),
      CXBCORE_GOODBYE_S: String(turn.goodbyeMs / 1000),
      CXBCORE_REPLY_MS: String(turn.replyMs),
      CXBCORE_FINAL_MS: String(turn.finalMs),
      ...(turn.maxToolSteps !== undefined && { CXBCORE_MAX_TOOL_STEPS: String(turn.maxToolSteps) }),
    };
  }

  /** Parts in the order and after the time the brain gave them; replies have the same ids again. */
  brain(clock: Clock): TextBrain {
    const parts = this.#ports('brain');
    return {
      kind: 'text',
      async *reply(ask) {
        let passed = 0;
        for (const { reply, ms, ...part } of parts) {
          if (reply !== ask.reply) continue;
          if ((ms as number) > passed) await sleep(clock, (ms as number) - passed);
          passed = ms as number;
          yield part as unknown as Part;
        }
      },
      snapshot: () => null,
      settled: () => undefined,
      close: () => Promise.resolve(),
    };
  }

  /** Silence as long as what was said then. */
  voice(clock: Clock): VoiceEngine {
    const spoken = new Map(this.#ports('voice').map((event) => [event['segment'], event]));
    return {
      name: 'replay',
      can: { streamsText: false, wordTimes: false, rates: [8000, 16_000, 24_000, 48_000] },
      prepare: () => Promise.resolve(),
      open: ({ rate, listener }) => ({
        segment({ id }) {
          const { first_ms: firstMs = 0, ms = 0 } = (spoken.get(id) ?? {}) as {
            first_ms?: number;
            ms?: number;
          };
          clock.after(firstMs, () => {
            const samples = new Int16Array(Math.round((ms * rate) / 1000));
            listener({ kind: 'audio', segment: id, chunk: { samples, rate } });
            listener({ kind: 'segment-done', segment: id });
          });
        },
        flush: () => undefined,
        cancel: () => undefined,
        close: () => undefined,
      }),
      close: () => Promise.resolve(),
    };
  }

  /** Partial texts when as much audio has come as then, final texts after the time they took then. */
  recogniser(clock: Clock): RecogniserEngine {
    const stretches = this.#effects('listen').map((effect) => effect['stretch']);
    let opened = 0;
    return {
      name: 'replay',
      listens: 'speech',
      prepare: () => Promise.resolve(),
      open: ({ from, rate, listener }) => {
        const stretch = stretches[opened++];
        const partials = this.#inputs('partial').filter(({ event }) => event['stretch'] === stretch);
        const answer = this.#ports('recogniser').find((event) => event['stretch'] === stretch);
        let to = from;
        let closed = false;
        const say = (event: RecogniserEvent) => {
          if (!closed) listener(event);
        };
        return {
          audio(samples) {
            to += samples.length;
            say({ kind: 'progress', to });
            for (let next = partials[0]; next && next.at <= (to / rate) * 1000; next = partials[0]) {
              partials.shift();
              const text = textOf(next.event['text']);
              clock.after(0, () => say({ kind: 'partial', text, from, to }));
            }
          },
          expect: () => undefined,
          finalize: () =>
            void clock.after(this.#finalMs(stretch), () =>
              say((answer ?? { kind: 'rejected', from, to }) as never),
            ),
          close: () => void (closed = true),
        };
      },
      reset: () => undefined,
      close: () => Promise.resolve(),
    };
  }

  /** Tools that answer what they answered then, after the time it took. */
  tools(clock: Clock) {
    const runs = this.#lines.flatMap((line) => (line.kind === 'port' && line.port === 'tool' ? [line] : []));
    const names = new Set(runs.flatMap((run) => (run.what === 'intent' ? [run.name] : [])));
    const asked = this.#inputs('tool-asked');
    const made = [...names].map((name) => {
      const intents = runs.filter((run) => run.what === 'intent' && run.name === name);
      const about = asked.find(({ event }) => event['name'] === name)?.event;
      const execute = async () => {
        const intent = intents.shift();
        const outcome = runs.find((run) => run.what === 'outcome' && run.tool === intent?.tool);
        if (!intent || outcome?.what !== 'outcome') throw new Error('it never answered');
        await sleep(clock, outcome.t - intent.t);
        const result = outcome.outcome as ToolOutcome;
        if (result.ok) return result.value;
        throw new Error(result.error);
      };
      const effect = about?.['effect'] as 'none' | 'once' | 'idempotent';
      const filler = textOf(about?.['filler']);
      return [name, tool({ description: name, inputSchema: z.unknown(), effect, filler, execute })] as const;
    });
    return Object.fromEntries(made);
  }

  transfer(): TransferPlan | undefined {
    const states = this.#lines.flatMap((line) => {
      if (line.kind !== 'port' || line.port !== 'line') return [];
      const event = line.event as Fields;
      return event['kind'] === 'transfer' ? [{ t: line.t, state: event['state'], why: event['why'] }] : [];
    });
    const [first] = states;
    if (!first) return undefined;
    const last = states.at(-1) ?? first;
    const afterMs = last.t - first.t;
    if (last.state === 'answered') return { kind: 'answers', afterMs };
    return last.state === 'failed' ? { kind: 'fails', afterMs, why: textOf(last.why) } : { kind: 'rings' };
  }

  /** What the caller, the line and the operator did, at the moments they did it. */
  act(clock: Clock, line: FakeLine, end: (reason: never) => void): void {
    for (const { t, event } of this.#inputs('key')) {
      const digit = typeof event['digit'] === 'string' ? event['digit'] : '0';
      clock.after(t, () => line.key(digit));
    }
    for (const { t, event } of this.#inputs('end-asked')) clock.after(t, () => end(event['reason'] as never));
  }

  /** From the finalise of a stretch to its final text. */
  #finalMs(stretch: Json | undefined): number {
    const asked = this.#lines.find(
      (line) =>
        line.kind === 'out' &&
        (line.effect as Fields)['kind'] === 'finalise' &&
        (line.effect as Fields)['stretch'] === stretch,
    );
    const cause = this.#lines.find(
      (line) => line.kind === 'in' && asked?.kind === 'out' && line.n === asked.of,
    );
    const answer = this.#lines.find(
      (line) =>
        line.kind === 'port' && line.port === 'recogniser' && (line.event as Fields)['stretch'] === stretch,
    );
    if (cause?.kind !== 'in' || answer?.kind !== 'port') return 0;
    return Math.max(0, answer.t - cause.t);
  }

  #ports(port: string): Fields[] {
    return this.#lines.flatMap((line) =>
      line.kind === 'port' && line.port === port && 'event' in line ? [line.event as Fields] : [],
    );
  }

  #inputs(kind: string): { readonly t: number; readonly at: number; readonly event: Fields }[] {
    return this.#lines.flatMap((line) => {
      if (line.kind !== 'in' || (line.event as Fields)['kind'] !== kind) return [];
      return [{ t: line.t, at: line.at ?? 0, event: line.event as Fields }];
    });
  }

  #effects(kind: string): Fields[] {
    return this.#lines.flatMap((line) =>
      line.kind === 'out' && (line.effect as Fields)['kind'] === kind ? [line.effect as Fields] : [],
    );
  }
}

/** What was redacted is replayed as nothing. */
function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}

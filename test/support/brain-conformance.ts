import { describe, expect, test } from 'vitest';
import type { Json } from '../../src/kit/json.ts';
import type { Ask, Item, Part, TextBrain } from '../../src/ports/brain.ts';

const SNAPSHOT_MAX = 64 * 1024;
const WALL_MS = Date.UTC(2026, 4, 5, 14, 0, 0);

/** What `ports/brain` promises of a brain that thinks in text. `open` gives a fresh one, or one from a snapshot. */
export function describeTextBrain(name: string, open: (snapshot?: Json) => TextBrain): void {
  describe(`the brain "${name}"`, () => {
    const said = (text: string): Item => ({ id: 'i1', kind: 'caller', text, from: 0, to: 8000 });
    const ask = (reply: string, more: Partial<Ask> = {}): Ask => ({
      reply,
      why: 'open',
      speculative: false,
      conversation: [],
      wallMs: WALL_MS,
      ...more,
    });
    const all = async (brain: TextBrain, question: Ask) => {
      const parts: Part[] = [];
      for await (const part of brain.reply(question, new AbortController().signal)) parts.push(part);
      return parts;
    };
    const opened = async (brain: TextBrain) => {
      await all(brain, ask('r0'));
      brain.settled('r0', 'heard', 'whatever it was');
    };

    test('ends each reply with one "done"', async () => {
      const parts = await all(open(), ask('r0'));
      expect(parts.filter(({ kind }) => kind === 'done')).toHaveLength(1);
      expect(parts.at(-1)?.kind).toBe('done');
    });

    test('gives the same answer to the same question until a reply is settled', async () => {
      const brain = open();
      await opened(brain);
      const question = { why: 'turn', conversation: [said('yes please')], speculative: true } as const;
      const first = await all(brain, ask('r1', question));
      const second = await all(brain, ask('r2', question));
      expect(second).toEqual(first);
    });

    test('forgets a reply that was dropped', async () => {
      const brain = open();
      await opened(brain);
      const before = brain.snapshot();
      await all(brain, ask('r1', { why: 'turn', conversation: [said('yes please')] }));
      expect(brain.snapshot()).toEqual(before);
      brain.settled('r1', 'dropped', '');
      expect(brain.snapshot()).toEqual(before);
    });

    test('goes on from its snapshot as it would have', async () => {
      const brain = open();
      await opened(brain);
      const snapshot = brain.snapshot();
      const text = JSON.stringify(snapshot);
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(SNAPSHOT_MAX);
      const question = ask('r1', { why: 'turn', conversation: [said('yes please')] });
      const again = open(JSON.parse(text) as Json);
      expect(await all(again, question)).toEqual(await all(brain, question));
    });

    test('stops when it is not wanted any more', async () => {
      const brain = open();
      const abort = new AbortController();
      abort.abort();
      const parts: Part[] = [];
      for await (const part of brain.reply(ask('r0'), abort.signal)) parts.push(part);
      expect(parts.filter(({ kind }) => kind === 'tool' || kind === 'move')).toEqual([]);
    });

    test('takes a settlement of a reply it does not know for nothing', () => {
      const brain = open();
      const before = brain.snapshot();
      brain.settled('r99', 'heard', 'nothing');
      expect(brain.snapshot()).toEqual(before);
    });
  });
}

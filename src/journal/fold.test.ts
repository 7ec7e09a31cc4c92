import { describe, expect, test } from 'vitest';
import { endLine, openLine, sampleCall, stateLine } from '../../test/support/journal-lines.ts';
import { readSettings } from '../contract/settings.ts';
import { foldRecord } from './fold.ts';
import { redact } from './items.ts';
import { journalSettings } from './lines.ts';
import { mergeStates } from './states.ts';

describe('a record', () => {
  test('tells who called, what was said and heard, what was done, and why it ended', () => {
    expect(foldRecord(sampleCall())).toMatchObject({
      schema: 1,
      call_id: 'call_test',
      carrier: 'twilio',
      carrier_call_id: 'CA1',
      from: '+15550101',
      to: null,
      agent: { name: 'clinic', hash: 'abc' },
      started_at: '2026-01-05T15:00:00.000Z',
      ended_at: '2026-01-05T15:00:08.000Z',
      duration_s: 8,
      end: { reason: 'agent.finished' },
      conversation: [
        { who: 'agent', text: 'Lakeside Clinic.', cut: false, from_ms: 0, to_ms: 1500 },
        { who: 'caller', text: 'Friday at half past ten', from_ms: 2000, to_ms: 3500 },
        { who: 'caller', keys: { redacted: 'digits', length: 4 } },
        { who: 'agent', tool: 'book', ok: true },
      ],
      tools: [
        {
          id: 't1',
          name: 'book',
          effect: 'once',
          at_ms: 800,
          took_ms: 125.5,
          outcome: { ok: true, value: { id: 41 } },
        },
      ],
      result: { day: '2026-01-09', time: '10:30' },
      counters: { turns: 2, barge_ins: 1 },
      incarnations: [{ n: 1, worker: 3, ended: 'end' }],
      journal: { lines: 9, dropped: 0 },
    });
  });

  test('keeps the first end', () => {
    const lines = [openLine(), endLine({ reason: 'caller.hung_up' }), endLine({ reason: 'bug.internal' })];
    expect(foldRecord(lines).end.reason).toBe('caller.hung_up');
  });

  test('of a dead worker ends with its last sign of life or with its death, never with the moment of settling', () => {
    const lines = [openLine(), stateLine({ t: 3500 })];
    const settledMuchLater = endLine({ reason: 'worker.died', wall_ms: openLine().wall_ms + 86_400_000 });
    const { t: _t, ...end } = settledMuchLater;
    expect(foldRecord([...lines, end])).toMatchObject({ duration_s: 2.5, end: { reason: 'worker.died' } });
    const died = { kind: 'died', wall_ms: openLine().wall_ms + 4000, cause: 'signal 9' } as const;
    expect(foldRecord([...lines, died, end])).toMatchObject({
      duration_s: 4,
      incarnations: [{ ended: 'died', cause: 'signal 9' }],
    });
  });

  test('says of a tool whose answer never came that its outcome is unknown', () => {
    const [open, , , , intent] = sampleCall();
    expect(open && intent && foldRecord([open, intent]).tools[0]?.outcome).toMatchObject({
      ok: false,
      why: 'unknown-outcome',
    });
  });

  test('spans the incarnations of a call, with the conversation of the last', () => {
    const wall = openLine().wall_ms;
    const second = openLine({ incarnation: 2, worker: 5, t: 50, wall_ms: wall + 10_000 });
    const item = { kind: 'caller', id: 'i9', text: 'still here', from: 0, to: 8000 } as const;
    const lines = [
      ...sampleCall().slice(0, -1),
      second,
      stateLine({ t: 60, conversation: { from: 0, items: [item] } }),
      endLine({ t: 2050, wall_ms: wall + 12_000 }),
    ];
    expect(foldRecord(lines)).toMatchObject({
      started_at: new Date(wall).toISOString(),
      duration_s: 12,
      conversation: [{ who: 'caller', text: 'still here', from_ms: 0, to_ms: 1000 }],
      incarnations: [
        { n: 1, worker: 3, ended: 'died' },
        { n: 2, worker: 5, ended: 'end' },
      ],
    });
  });

  test('of no lines at all is one of a call whose worker died', () => {
    expect(foldRecord([], 'call_x')).toMatchObject({
      call_id: 'call_x',
      started_at: null,
      end: { reason: 'worker.died' },
      conversation: [],
    });
  });
});

describe('states', () => {
  test('merged two by two leave the conversation that they leave one after the other', () => {
    const item = (id: string) => ({ kind: 'silence', id, count: 1 }) as const;
    const state = (from: number, ids: string[]) =>
      stateLine({ conversation: { from, items: ids.map(item) } });
    const states = [
      state(0, ['a', 'b']),
      state(1, ['B', 'c']),
      state(3, ['d']),
      state(2, ['C']),
      state(0, ['z']),
    ];
    for (let count = 2; count <= states.length; count++) {
      const some = states.slice(0, count);
      const merged = some.reduce((earlier, later) => mergeStates(earlier, later));
      expect(foldRecord([openLine(), merged]).conversation).toEqual(
        foldRecord([openLine(), ...some]).conversation,
      );
    }
  });
});

describe('what a journal never holds', () => {
  test('a sensitive value: its kind and length stand in its place', () => {
    expect(redact('digits', '4929123412341234')).toEqual({ redacted: 'digits', length: 16 });
  });

  test('a secret setting', () => {
    const settings = readSettings(
      {
        CXBCORE_API_KEYS: 'k-secret-of-16-chars',
        CXBCORE_TOKEN_KEYS: 't-secret-of-16-chars',
        TWILIO_AUTH_TOKEN: 'a-secret',
        CXBCORE_MODE: 'development',
      },
      'host',
    );
    const shown = journalSettings(settings);
    expect(JSON.stringify(shown)).not.toContain('secret');
    expect(shown).toMatchObject({ maxCallS: 3600, mode: 'development' });
  });
});

import type { EndLine, JournalLine, OpenLine, StateLine } from '../../src/journal/lines.ts';
import { thisOwner } from '../../src/kit/owner.ts';

/** A journal's first line, as a worker on a phone line writes it. */
export function openLine(over: Partial<OpenLine> = {}): OpenLine {
  return {
    kind: 'open',
    schema: 1,
    call: 'call_test',
    incarnation: 1,
    build: 'test',
    worker: 3,
    owner: thisOwner(),
    agent: { name: 'clinic', hash: 'abc' },
    settings: { maxCallS: 3600 },
    line: { carrier: 'twilio', carrierCallId: 'CA1', from: '+15550101', direction: 'inbound', rate: 8000 },
    seed: 7,
    t: 1000,
    wall_ms: Date.UTC(2026, 0, 5, 15),
    ...over,
  };
}

export function stateLine(over: Partial<StateLine> = {}): StateLine {
  return {
    kind: 'state',
    t: 2000,
    brain: null,
    conversation: { from: 0, items: [] },
    result: {},
    messages: [],
    counters: {},
    ...over,
  };
}

export function endLine(over: Partial<EndLine> = {}): EndLine {
  return { kind: 'end', t: 9000, wall_ms: Date.UTC(2026, 0, 5, 15, 0, 8), reason: 'agent.finished', ...over };
}

/** A short call with one line of every kind, a redaction and letters of several bytes. */
export function sampleCall(over: Partial<OpenLine> = {}): JournalLine[] {
  return [
    openLine(over),
    { kind: 'in', n: 1, t: 1010.123456, at: 80, event: { kind: 'line', what: 'dtmf' } },
    { kind: 'out', n: 1, of: 1, effect: { kind: 'ask', reply: 'r1' } },
    {
      kind: 'port',
      port: 'recogniser',
      t: 1700,
      event: { kind: 'final', text: 'mañana, naïve 你好', from: 0, to: 5600 },
    },
    {
      kind: 'port',
      port: 'tool',
      what: 'intent',
      t: 1800,
      tool: 't1',
      name: 'book',
      key: 'call_test:t1',
      effect: 'once',
      input: { day: '2026-01-09' },
    },
    {
      kind: 'port',
      port: 'tool',
      what: 'outcome',
      t: 1925.5,
      tool: 't1',
      outcome: { ok: true, value: { id: 41 } },
    },
    stateLine({
      conversation: {
        from: 0,
        items: [
          { kind: 'agent', id: 'i1', reply: 'r1', text: 'Lakeside Clinic.', cut: false, from: 0, to: 12_000 },
          { kind: 'caller', id: 'i2', text: 'Friday at ten thirty', from: 16_000, to: 28_000 },
        ],
      },
      result: { day: '2026-01-09' },
      counters: { turns: 1, barge_ins: 0 },
    }),
    stateLine({
      t: 4000,
      conversation: {
        from: 1,
        items: [
          { kind: 'caller', id: 'i2', text: 'Friday at half past ten', from: 16_000, to: 28_000 },
          { kind: 'keys', id: 'i3', digits: { redacted: 'digits', length: 4 } },
          {
            kind: 'tool',
            id: 'i4',
            tool: 't1',
            name: 'book',
            input: { day: '2026-01-09' },
            outcome: { ok: true, value: { id: 41 } },
          },
        ],
      },
      result: { day: '2026-01-09', time: '10:30' },
      counters: { turns: 2, barge_ins: 1 },
    }),
    endLine(),
  ];
}

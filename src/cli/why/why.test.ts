import { expect, test } from 'vitest';
import { endLine, openLine } from '../../../test/support/journal-lines.ts';
import { END_REASONS, type EndReason } from '../../contract/end-reasons.ts';
import type { JournalLine } from '../../journal/lines.ts';
import type { Json } from '../../kit/json.ts';
import { momentsOf } from './moments.ts';
import { slowParts } from './slow.ts';
import { verdictOf } from './verdict.ts';

/** An input of the turn machine at `t`, 1000 being the start, and what it caused. */
function step(n: number, t: number, event: Json, ...effects: Json[]): JournalLine[] {
  return [
    { kind: 'in', n, t, event },
    ...effects.map((effect, i): JournalLine => ({ kind: 'out', n: n * 10 + i, of: n, effect })),
  ];
}

const CALL: JournalLine[] = [
  openLine(),
  ...step(1, 1010, { kind: 'opened', at: 0 }, { kind: 'ask', reply: 'r1' }),
  ...step(2, 1020, { kind: 'first-text', reply: 'r1', at: 0 }),
  ...step(3, 1100, { kind: 'sounding', reply: 'r1', at: 100 }),
  ...step(4, 3000, { kind: 'reply-over', reply: 'r1', how: 'cut', heard: 'Lakeside Clinic.', at: 2000 }),
  ...step(5, 3100, { kind: 'speech-start', fromMs: 2000, at: 2100 }),
  ...step(6, 4000, { kind: 'speech-end', endMs: 2900, at: 3000 }, { kind: 'finalise', stretch: 's1' }),
  ...step(
    7,
    4700,
    { kind: 'final', stretch: 's1', text: 'cancel', at: 3700 },
    { kind: 'item', item: { kind: 'caller', text: 'cancel' } },
    { kind: 'ask', reply: 'r2' },
  ),
  ...step(8, 5900, { kind: 'first-text', reply: 'r2', at: 4900 }),
  ...step(9, 6000, { kind: 'sounding', reply: 'r2', at: 5000 }),
  {
    kind: 'port',
    port: 'tool',
    what: 'intent',
    t: 6100,
    tool: 't1',
    name: 'cancel',
    key: 'k',
    effect: 'once',
    input: {},
  },
  {
    kind: 'port',
    port: 'tool',
    what: 'outcome',
    t: 8600,
    tool: 't1',
    outcome: { ok: false, error: 'the diary is closed', why: 'thrown' },
  },
  ...step(10, 8700, { kind: 'line', what: 'stalled', at: 7000 }),
  ...step(11, 10_700, { kind: 'line', what: 'resumed', at: 7000 }),
  ...step(
    12,
    10_800,
    { kind: 'key', digit: '*' },
    {
      kind: 'item',
      item: { kind: 'keys', digits: { redacted: 'digits', length: 4 } },
    },
  ),
  endLine({ t: 11_000, reason: 'line.lost' }),
];

test('what happened is told in order, with who did it and what went wrong', () => {
  const told = momentsOf(CALL).map(({ at, who, words, bad }) => [
    'ms' in at ? at.ms : at.wallMs,
    who,
    words,
    bad,
  ]);
  expect(told.slice(1)).toEqual([
    [100, 'agent', '“Lakeside Clinic.” (interrupted)', false],
    [3700, 'caller', '“cancel”', false],
    [5100, 'tool', 'cancel failed after 2500 ms: the diary is closed', true],
    [7700, 'line', 'no audio came for 2.0 s', true],
    [9800, 'caller', 'pressed 4 sensitive digits', false],
  ]);
  expect(told[0]?.[2]).toContain('took the call: agent clinic over twilio');
});

test('what made the caller wait is named with how long it took', () => {
  expect(slowParts(CALL).map(({ what, tookMs, ms }) => [what, tookMs, ms])).toEqual([
    ['recogniser', 700, 3700],
    ['brain', 1200, 4900],
    ['answer', 2100, 5000],
    ['tool', 2500, 7600],
  ]);
});

test('a worker that died in the call is named with its cause, and times begin anew with the next', () => {
  const moments = momentsOf([
    openLine(),
    { kind: 'died', wall_ms: Date.UTC(2026, 0, 5, 15, 1), cause: 'killed by SIGKILL' },
    openLine({ incarnation: 2, worker: 5, t: 50 }),
  ]);
  expect(moments[1]).toMatchObject({ who: 'worker', words: 'the worker died: killed by SIGKILL', bad: true });
  expect(moments[2]).toMatchObject({ at: { ms: 0 }, bad: true });
  expect(moments[2]?.words).toContain('took the call over');
});

test('every end reason has somebody whose doing it was', () => {
  for (const reason of Object.keys(END_REASONS) as EndReason[])
    expect(verdictOf(reason).whose, reason).toBeTypeOf('string');
});

test('values that another build wrote otherwise are passed over', () => {
  const odd: Json[] = [null, 7, 'x', [], { kind: 'reply-over' }, { kind: 'line', what: 3 }, { kind: 'new' }];
  const lines = odd.flatMap((event, i) => step(i + 1, 1000 + i, event, event));
  expect(momentsOf([openLine(), ...lines])).toHaveLength(1);
  expect(slowParts([openLine(), ...lines])).toEqual([]);
});

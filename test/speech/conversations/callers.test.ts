import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clinic } from '../../../agents/clinic.ts';
import { silence, tone } from '../../../src/audio/tones.ts';
import { readRecording } from '../../../src/sim/phrases.ts';
import { type AudioCaller, type AudioCalls, openAudioCalls } from '../../support/audio-calls.ts';

/** Callers of every kind, as sound: a withheld number, nobody, music on hold, a fax machine. */

// Tuesday, 5 May 2026, 10:00 at the clinic.
const TUESDAY_TEN = Date.UTC(2026, 4, 5, 14, 0, 0);
const RATE = 8000;

let calls: AudioCalls;

beforeAll(async () => {
  calls = await openAudioCalls([clinic]);
});
afterAll(() => calls.close());

function call(
  caller: (caller: AudioCaller) => Promise<void> | void,
  facts: Readonly<Record<string, unknown>> = {},
) {
  return calls.call('human', {
    agent: clinic,
    wallMs: TUESDAY_TEN,
    facts: { callId: 'call_12', from: '+15550390001', ...facts },
    caller,
  });
}

it('12: a withheld number is asked for the patient number, which is written nowhere (human)', async () => {
  const { record, journal, result, reason } = await call(
    async (caller) => {
      await caller.hears('opening hours?');
      await caller.answers('new friday at nine');
      await caller.hears('Your number is withheld. Please say or key in your four digit patient number.');
      await caller.answers('eight six four two');
      await caller.hears('Is that right?');
      await caller.answers('yes');
      await caller.hears('It is booked');
      await caller.listens();
      await caller.answers('no');
      await caller.hears('Goodbye.');
    },
    { from: undefined },
  );
  expect(result).toEqual({ done: 'booked', day: '2026-05-08', time: '09:00' });
  expect(reason).toBe('agent.finished');
  for (const written of [JSON.stringify(record), JSON.stringify(journal)]) {
    expect(written).not.toContain('8642');
    expect(written).not.toContain('eight six four two');
  }
});

it('12: a silent caller is asked twice and let go', async () => {
  const { reason, heard } = await call(() => undefined);
  expect(reason).toBe('caller.silent');
  expect(heard).toMatch(/Are you still there\? You can say .* Press one for book, .* Goodbye\.$/);
});

describe('12: what is no caller ends the call with a reason of its own, and nothing is booked', () => {
  const fax = new Int16Array(RATE * 4);
  fax.set(tone([1100], 0.5, RATE, -12), 0);
  fax.set(silence(3, RATE), RATE / 2);
  const kinds: Readonly<Record<string, Int16Array>> = {
    'music on hold (cold day)': readRecording('hold-music/cold-day.wav'),
    'music on hold (system)': readRecording('hold-music/system.wav'),
    'a fax machine that calls': fax.subarray(0, RATE * 3.5),
    'a fax machine that answers': tone([2100], 3, RATE, -12),
  };

  it.each(Object.entries(kinds))('%s', async (_kind, sound) => {
    const { reason, seconds, tools } = await call(async (caller) => {
      while (!caller.isOver) await caller.plays(sound);
    });
    expect(['caller.silent', 'caller.not_understood', 'agent.message_taken']).toContain(reason);
    expect(seconds).toBeLessThan(300);
    expect(tools.filter(({ effect }) => effect === 'once')).toEqual([]);
  });
});

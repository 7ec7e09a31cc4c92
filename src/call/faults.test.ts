import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type OneCallOptions, oneCall } from '../../test/support/one-call.ts';
import type { CallRecord } from '../journal/call-record.ts';
import { journalPath, recordPath } from '../journal/paths.ts';
import { readJournal } from '../journal/read.ts';
import { smallAgent } from '../testing/small-agent.ts';
import { SmallBrain } from '../testing/small-brain.ts';
import { Admission } from './admission.ts';
import { openCall } from './call.ts';

const fault = (): never => {
  throw new Error('a fault');
};

function bench(options: Partial<OneCallOptions> = {}) {
  const it = oneCall({
    agent: smallAgent(),
    openBrain: () => new SmallBrain(() => [{ kind: 'text', text: 'Hello.' }], it.clock),
    ...options,
  });
  const record = () => JSON.parse(readFileSync(recordPath(it.dataDir, 'call_1'), 'utf8')) as CallRecord;
  return { ...it, record };
}

/** Files of this process that are open below a folder. */
function openFiles(folder: string): string[] {
  return readdirSync('/proc/self/fd')
    .map((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`);
      } catch {
        return ''; // the descriptor by which the list itself was read
      }
    })
    .filter((path) => path.startsWith(folder));
}

describe('a fault of ours', () => {
  test('before the first word ends the call with its record, and leaves no file open', async () => {
    const it = bench({ engines: (engines) => ({ ...engines, recogniser: fault }) });
    const end = await it.clock.runUntilSettled(openCall(it.deps, it.line).ended, 10_000);
    expect(end.reason).toBe('bug.internal');
    expect(it.line.endReason).toBe('bug.internal');
    expect(it.record().end.reason).toBe('bug.internal');
    expect(openFiles(it.dataDir)).toEqual([]);
    it.clean();
  });

  test('while the caller is heard ends the call, and the process goes on', async () => {
    const it = bench({
      engines: (engines) => ({
        ...engines,
        voiceActivity: { ...engines.voiceActivity, open: () => ({ process: fault, reset: fault }) },
      }),
    });
    const end = await it.clock.runUntilSettled(openCall(it.deps, it.line).ended, 10_000);
    expect(end.reason).toBe('bug.internal');
    // Letting the engine go failed too, and what comes after it was done all the same.
    expect(it.record().conversation).toBeDefined();
    const { lines } = await readJournal(journalPath(it.dataDir, 'call_1', 1));
    expect(lines.slice(-2).map((line) => line.kind)).toEqual(['state', 'end']);
    it.clean();
  });
});

describe('a fault in what was to be done', () => {
  test.each([
    ['the recogniser cannot be opened', { recogniser: () => ({ listens: 'speech', open: fault }) }, {}],
    ['the agent cannot take note of what was heard', {}, { settled: fault }],
    ['the agent cannot say where it stands', {}, { snapshot: fault }],
  ])('ends the call, and what else is to be done is done: %s', async (_what, engines, brain) => {
    const it = bench({
      engines: (real) => Object.assign({ ...real }, engines),
      openBrain: () => {
        const opened = new SmallBrain(() => [{ kind: 'text', text: 'Hello.' }], it.clock);
        return Object.assign(opened, brain);
      },
    });
    const call = openCall(it.deps, it.line);
    const steps = it.caller.listens().then(() => it.caller.says('one two three'));
    void steps.catch(() => undefined);
    const end = await it.clock.runUntilSettled(call.ended, 30_000);
    expect(end.reason).toBe('bug.internal');
    expect(it.line.endReason).toBe('bug.internal');
    expect(it.record()).toMatchObject({ end: { reason: 'bug.internal' } });
    expect(openFiles(it.dataDir)).toEqual([]);
    it.clean();
  });
});

describe('a call that was admitted before it had a line', () => {
  const facts = { callId: 'call_1', carrier: 'pcm', direction: 'outbound', to: '+15550100' } as const;

  test('and never gets one has its record, with what happened meanwhile', async () => {
    const it = bench();
    const admission = new Admission(it.deps, facts);
    admission.note('ringing', { for_s: 20 });
    const end = await it.clock.runUntilSettled(admission.fail('line.lost', 'nobody answered'), 10_000);
    expect(end.reason).toBe('line.lost');
    await it.clock.runUntilSettled(admission.fail('bug.internal'), 10_000);
    expect(it.record()).toMatchObject({
      call_id: 'call_1',
      carrier: 'pcm',
      to: '+15550100',
      end: { reason: 'line.lost', detail: 'nobody answered' },
      events: [{ what: 'ringing', detail: { for_s: 20 } }],
    });
    it.clean();
  });

  test('goes on with its line in the same journal', async () => {
    const it = bench();
    const admission = new Admission(it.deps, facts);
    admission.note('answered');
    const call = openCall(it.deps, it.line, admission);
    void it.caller.listens().then(() => it.caller.hangsUp());
    const end = await it.clock.runUntilSettled(call.ended, 10_000);
    expect(end.reason).toBe('caller.hung_up');
    const { lines } = await readJournal(journalPath(it.dataDir, 'call_1', 1));
    expect(lines.slice(0, 4).map((line) => line.kind)).toEqual(['open', 'event', 'line', 'in']);
    expect(it.record()).toMatchObject({ events: [{ what: 'answered' }], from: '+15550101' });
    it.clean();
  });

  test('leaves the first call of its id alone', () => {
    const it = bench();
    const first = new Admission(it.deps, facts);
    expect(() => new Admission(it.deps, facts)).toThrow('exists already');
    void first.fail('line.lost');
    it.clean();
  });
});

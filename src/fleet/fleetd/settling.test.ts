import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { journalPath } from '../../journal/paths.ts';
import { silentLog } from '../../kit/log.ts';
import { VirtualClock } from '../../kit/virtual-clock.ts';
import type { Asked } from './http.ts';
import { Settling } from './settling.ts';

let folder: string;
let clock: VirtualClock;
let counted: string[];
/** No process has this number. */
const PID = 2 ** 22 + 1;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cxb-settling-'));
  mkdirSync(join(folder, 'journal'));
  clock = new VirtualClock();
  counted = [];
  const open = {
    kind: 'open',
    schema: 1,
    call: 'c1',
    incarnation: 1,
    build: 'b',
    worker: 1,
    owner: { pid: PID, started: '1' },
    agent: { name: 'clinic', hash: 'h' },
    settings: {},
    line: { carrier: 'pcm', direction: 'inbound' },
    seed: null,
    t: 0,
    wall_ms: clock.wall(),
  };
  writeFileSync(journalPath(folder, 'c1', 1), `${JSON.stringify(open)}\n`);
});
afterEach(() => rmSync(folder, { recursive: true }));

const settling = () =>
  new Settling({
    settings: { dataDir: folder },
    clock,
    log: silentLog,
    count: (reason) => counted.push(reason),
  });

it('waits with a record for the cause of the death, and no longer than that', async () => {
  const here = settling();
  expect((await here.run()).settled).toEqual([]);
  await clock.runUntil(clock.now() + 1999);
  expect((await here.run()).settled).toEqual([]);
  await clock.runUntil(clock.now() + 1);
  expect((await here.run()).settled).toEqual([{ callId: 'c1', reason: 'worker.died' }]);
  expect((await here.run()).settled).toEqual([]);
  expect(counted).toEqual(['worker.died']);
});

it('writes it at once when it is told of the death', async () => {
  const body = Buffer.from(JSON.stringify({ pid: PID, how: 'was killed (SIGKILL)' }));
  const told = await settling().reply({ body } as Asked);
  expect(JSON.parse(told.body)).toMatchObject({ settled: [{ callId: 'c1', reason: 'worker.died' }] });
});

it('runs once at a time, whoever asks', async () => {
  const here = settling();
  const death = { pid: PID, how: 'was killed (SIGKILL)' };
  const both = await Promise.all([here.run(death), here.run(death)]);
  expect(both.map(({ settled }) => settled.length)).toEqual([1, 0]);
});

import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Claims } from '../../claims/claims.ts';
import { callsAnswer } from '../../contract/calls-answers.ts';
import { journalPath, recordPath } from '../../journal/paths.ts';
import { VirtualClock } from '../../kit/virtual-clock.ts';
import { openCallList } from './call-list.ts';
import type { Asked } from './http.ts';
import type { SeatView } from './seats.ts';

let folder: string;
let seats: SeatView[];
const clock = new VirtualClock();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cxb-list-'));
  mkdirSync(join(folder, 'records'));
  mkdirSync(join(folder, 'journal'));
  seats = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

function record(callId: string, endedS: number, over: Readonly<Record<string, unknown>> = {}): void {
  const path = recordPath(folder, callId);
  const body = {
    call_id: callId,
    carrier: 'pcm',
    direction: 'inbound',
    from: null,
    to: null,
    agent: { name: 'clinic', hash: 'h' },
    started_at: '2026-05-05T10:00:00.000Z',
    ended_at: '2026-05-05T10:01:00.000Z',
    duration_s: 60,
    end: { reason: 'agent.finished' },
    incarnations: [{ worker: 3 }],
    ...over,
  };
  writeFileSync(path, JSON.stringify(body));
  utimesSync(path, endedS, endedS);
}

function claims(): Claims {
  return new Claims({ socketDir: folder, clock, owner: { pid: 1, started: '1' }, isAlive: () => true });
}

const host = () => ({ look: () => Promise.resolve({ atMs: 0, seats }) });

function openList() {
  const options = {
    host: host(),
    claims: claims(),
    clock,
    socketDir: folder,
    dataDir: folder,
    fleet: 'here',
  };
  const list = openCallList(options);
  return async (query: Record<string, string> = {}) => {
    const asked = { query: new URLSearchParams(query) } as Asked;
    const { status, body } = await list(asked);
    return { status, body: JSON.parse(body) as { calls: { call_id: string }[]; next?: string } };
  };
}

async function pages(list: ReturnType<typeof openList>, query: Record<string, string>): Promise<string[][]> {
  const found: string[][] = [];
  for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
    const { status, body } = await list({ ...query, ...(cursor !== undefined && { cursor }) });
    expect(status).toBe(200);
    callsAnswer.parse(body);
    found.push(body.calls.map(({ call_id }) => call_id));
    cursor = body.next;
  }
  return found;
}

it('gives the records newest first, page by page, each once', async () => {
  for (const n of [1, 2, 3, 4, 5]) record(`c${n}`, 1000 + n);
  record('c5b', 1005);
  expect(await pages(openList(), { limit: '2' })).toEqual([
    ['c5b', 'c5'],
    ['c4', 'c3'],
    ['c2', 'c1'],
  ]);
  expect(await pages(openList(), { limit: '4' })).toEqual([
    ['c5b', 'c5', 'c4', 'c3'],
    ['c2', 'c1'],
  ]);
});

it('says of each what a list needs', async () => {
  record('c1', 1000, { from: '+1555', carrier: 'livekit' });
  expect((await openList()()).body).toEqual({
    fleet: 'here',
    calls: [
      {
        call_id: 'c1',
        state: 'ended',
        worker: 3,
        agent: 'clinic',
        carrier: 'livekit',
        direction: 'inbound',
        from: '+1555',
        started_at: '2026-05-05T10:00:00.000Z',
        ended_at: '2026-05-05T10:01:00.000Z',
        duration_s: 60,
        reason: 'agent.finished',
      },
    ],
  });
});

it('finds by state, agent and carrier', async () => {
  record('c1', 1001, { agent: { name: 'survey', hash: 'h' } });
  record('c2', 1002, { carrier: 'twilio' });
  record('c3', 1003);
  const list = openList();
  expect(await pages(list, { agent: 'survey' })).toEqual([['c1']]);
  expect(await pages(list, { carrier: 'twilio', agent: 'clinic' })).toEqual([['c2']]);
  expect(await pages(list, { state: 'live' })).toEqual([[]]);
  expect(await pages(list, { state: 'ended', limit: '2' })).toEqual([['c3', 'c2'], ['c1']]);
});

it('puts those that run before those that ended, with what claims, seats and journals know of them', async () => {
  record('old', 1000);
  const taken = claims().take('out-1', {
    call_id: 'out-1',
    route: '/livekit/dialout',
    body_hash: 'b',
    worker: 1,
    fleet: 'here',
    state: 'reserved',
    agent: 'reminder',
    context: { kind: 'livekit', carrier: 'livekit', to: '+1556' },
  });
  expect(taken.kind).toBe('mine');
  const pulse = { state: 'live', draining: false, pid: 1, callId: 'media-1' } as const;
  seats = [{ worker: 2, at: 'answers', pulse }];
  const open = {
    kind: 'open',
    schema: 1,
    call: 'media-1',
    incarnation: 1,
    build: 'b',
    worker: 2,
    owner: { pid: 1, started: '1' },
    agent: { name: 'clinic', hash: 'h' },
    settings: {},
    line: { carrier: 'twilio', direction: 'inbound', from: '+1555' },
    seed: null,
    t: 0,
    wall_ms: clock.wall() - 1000,
  };
  writeFileSync(journalPath(folder, 'media-1', 1), `${JSON.stringify(open)}\n`);
  const list = openList();
  const { calls } = (await list()).body;
  expect(calls).toMatchObject([
    { call_id: 'out-1', state: 'reserved', worker: 1, agent: 'reminder', carrier: 'livekit', to: '+1556' },
    { call_id: 'media-1', state: 'live', worker: 2, agent: 'clinic', carrier: 'twilio', from: '+1555' },
    { call_id: 'old', state: 'ended' },
  ]);
  expect(await pages(list, { limit: '1' })).toEqual([['out-1'], ['media-1'], ['old']]);
  expect(await pages(list, { carrier: 'twilio' })).toEqual([['media-1']]);
});

it('refuses a question it does not know, and a cursor that is none', async () => {
  const list = openList();
  for (const query of [
    { status: 'live' },
    { state: 'gone' },
    { limit: '0' },
    { limit: '1e9' },
    { cursor: '../x' },
  ])
    expect((await list(query)).status, JSON.stringify(query)).toBe(400);
});

it('passes over what is no record', async () => {
  record('c1', 1000);
  writeFileSync(join(folder, 'records', 'half.json'), '{"call_id":"ha');
  writeFileSync(join(folder, 'records', '.draft_1'), '');
  expect(await pages(openList(), {})).toEqual([['c1']]);
});

import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { AccessToken } from 'livekit-server-sdk';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Claims } from '../../claims/claims.ts';
import { readSettings } from '../../contract/settings.ts';
import { realClock } from '../../kit/clock.ts';
import { silentLog } from '../../kit/log.ts';
import { Dispatcher } from './dispatcher.ts';
import { Overflow } from './overflow.ts';

const KEY = { key: 'devkey', secret: 'devsecretdevsecretdevsecretdevsecret' };
const CALLER = {
  identity: 'sip_1',
  kind: 'SIP',
  attributes: { 'sip.callID': 'SCL_1', 'sip.callStatus': 'ringing' },
};
const AGENT = { identity: 'agent-here-1_x', kind: 'STANDARD', attributes: {} };

/** Who is in the room, and what was asked of LiveKit's server and of the address of starts. */
let people: object[];
let removed: string[];
let starts: Record<string, unknown>[];
/** What the starts are answered, in order; the last one again and again. */
let answers: number[];
/** Whether the server says that whoever is to be removed is gone. */
let gone: boolean;
let server: Server;
let folder: string;
let outcomes: string[];

beforeEach(async () => {
  [people, removed, starts, answers, outcomes, gone] = [[CALLER], [], [], [202], [], false];
  folder = mkdtempSync(join(tmpdir(), 'cxb-dispatcher-'));
  server = createServer((request, response) => {
    void text(request).then((body) => {
      const asked = JSON.parse(body) as Record<string, unknown>;
      const [status, answer] = answerTo(request.url ?? '', asked);
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  await new Promise((resolve) => void server.close(resolve));
  rmSync(folder, { recursive: true });
});

function answerTo(path: string, asked: Record<string, unknown>): [number, object] {
  if (path.endsWith('/ListParticipants')) return [200, { participants: people }];
  if (path.endsWith('/RemoveParticipant')) {
    removed.push(String(asked['identity']));
    people = people.filter((who) => (who as { identity: string }).identity !== asked['identity']);
    return gone ? [404, { code: 'not_found', msg: 'participant does not exist' }] : [200, {}];
  }
  starts.push(asked);
  return [answers.length > 1 ? (answers.shift() as number) : (answers[0] as number), {}];
}

function open(env: Record<string, string> = {}): Dispatcher {
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const settings = readSettings(
    {
      LIVEKIT_URL: `ws://${address}`,
      LIVEKIT_API_KEY: KEY.key,
      LIVEKIT_API_SECRET: KEY.secret,
      CXBCORE_START_URL: `http://${address}`,
      ...env,
    },
    'here',
  );
  const common = { settings, clock: realClock, log: silentLog };
  const overflow = Overflow.open({ ...common, count: () => undefined });
  const count = (outcome: string) => void outcomes.push(outcome);
  const dispatcher = Dispatcher.open({ ...common, claims: claims(), overflow, count });
  if (!dispatcher) throw new Error('there is a server');
  return dispatcher;
}

const claims = () =>
  new Claims({ socketDir: folder, clock: realClock, owner: { pid: 1, started: '1' }, isAlive: () => false });

/** The claim of a worker that died in the room. */
function diedAs(identity: string): void {
  const draft = {
    call_id: 'SCL_1',
    route: '/livekit/dispatch',
    body_hash: 'b',
    worker: 1,
    fleet: 'here',
  } as const;
  const taken = claims().take('SCL_1', {
    ...draft,
    state: 'starting',
    room: 'in_1',
    participants: [identity],
  });
  expect(taken.kind).toBe('mine');
}

async function rings(dispatcher: Dispatcher, { id = 'EV_1', agoS = 0 } = {}): Promise<unknown> {
  const createdAt = Math.floor(Date.now() / 1000) - agoS;
  const event = { event: 'participant_joined', id, createdAt, room: { name: 'in_1' }, participant: CALLER };
  const body = Buffer.from(JSON.stringify(event));
  const token = new AccessToken(KEY.key, KEY.secret, { ttl: 60 });
  token.sha256 = createHash('sha256').update(body).digest('base64');
  const headers = { authorization: await token.toJwt() };
  const asked = { method: 'POST', path: '/webhooks/livekit', query: new URLSearchParams(), headers, body };
  return JSON.parse(dispatcher.webhook(asked).body);
}

const over = () => expect.poll(() => outcomes, { timeout: 10_000 }).toHaveLength(1);

it('starts one call for a caller who rings, however often it is told of them', async () => {
  const dispatcher = open();
  expect(await rings(dispatcher)).toEqual({ status: 'taken' });
  expect(await rings(dispatcher)).toEqual({ status: 'repeated' });
  expect(await rings(dispatcher, { id: 'EV_2' })).toEqual({ status: 'taken' });
  await over();
  expect(outcomes).toEqual(['answered']);
  expect(starts).toMatchObject([{ room: 'in_1', participant_identity: 'sip_1', sip_call_id: 'SCL_1' }]);
});

it('tries again where nothing happened or nobody knows, and not where the answer is final', async () => {
  answers = [429, 502, 504, 503, 410];
  await rings(open());
  await over();
  expect(outcomes).toEqual(['refused_410']);
  expect(starts).toHaveLength(5);
});

it('puts the agent of a dead worker out when it holds the room, and dispatches again', async () => {
  people = [CALLER, AGENT];
  diedAs(AGENT.identity);
  answers = [409, 202];
  await rings(open());
  await over();
  expect(outcomes).toEqual(['answered']);
  expect(removed).toEqual([AGENT.identity]);
});

it('leaves an agent alone that it does not know, such as another host’s', async () => {
  people = [CALLER, AGENT];
  diedAs('agent-here-1_another');
  answers = [409];
  await rings(open());
  await over();
  expect(outcomes).toEqual(['taken']);
  expect([removed, starts.length]).toEqual([[], 1]);
});

it('a caller whose time is over and who has left meanwhile is no fault', async () => {
  gone = true;
  await rings(open({ CXBCORE_DISPATCH_BUSY: 'remove' }), { agoS: 100 });
  await over();
  expect(outcomes).toEqual(['no_seat']);
  expect(removed).toEqual(['sip_1']);
});

it('a caller beside whom an agent has appeared meanwhile is not told busy', async () => {
  people = [CALLER, AGENT];
  await rings(open({ CXBCORE_DISPATCH_BUSY: 'remove' }), { agoS: 100 });
  await over();
  expect([outcomes, removed]).toEqual([['no_seat'], []]);
});

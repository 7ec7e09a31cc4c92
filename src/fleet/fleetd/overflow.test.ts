import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Claim } from '../../contract/claim.ts';
import { readSettings } from '../../contract/settings.ts';
import { realClock } from '../../kit/clock.ts';
import { silentLog } from '../../kit/log.ts';
import { Overflow } from './overflow.ts';

const DEAD = { identity: 'agent-here-1_dead', kind: 'STANDARD' };
const CALLER = { identity: 'sip_1', kind: 'SIP', attributes: { 'sip.callStatus': 'active' } };
const RINGING = { identity: 'sip_1', kind: 'SIP', attributes: { 'sip.callStatus': 'ringing' } };
const OTHER = { identity: 'agent-there-1_x', kind: 'STANDARD' };
const RECORDER = { identity: 'EG_1', kind: 'EGRESS' };

let people: object[];
let done: string[];
/** Whom and what the server does not find any more when it is to end them. */
let gone: string[];
let server: Server;

beforeEach(async () => {
  [people, done, gone] = [[], [], []];
  server = createServer((request, response) => {
    void text(request).then((body) => {
      const { room, identity = room } = JSON.parse(body) as Record<string, string>;
      const method = request.url?.split('/').at(-1) ?? '';
      if (method !== 'ListParticipants') done.push(`${method} ${identity}`);
      if (method !== 'ListParticipants' && gone.includes(identity ?? '')) {
        const answer = { code: 'not_found', msg: 'participant does not exist' };
        response.writeHead(404).end(JSON.stringify(answer));
        return;
      }
      response.writeHead(200).end(JSON.stringify({ participants: people }));
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => new Promise((resolve) => void server.close(resolve)));

function open(more: Readonly<Record<string, string>> = {}): Overflow {
  const address = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const env = { LIVEKIT_URL: address, LIVEKIT_API_KEY: 'k', LIVEKIT_API_SECRET: 's', ...more };
  const settings = readSettings(env, 'here');
  const overflow = Overflow.open({ settings, clock: realClock, log: silentLog, count: () => undefined });
  if (!overflow) throw new Error('LiveKit is not set up');
  return overflow;
}

async function abandon(route: string, there: object[]): Promise<string[]> {
  people = there;
  await open().abandoned({ room: 'r', participants: [DEAD.identity], route } as unknown as Claim);
  return done;
}

it('a caller who was answered is hung up with the room of their call, in another’s room alone', async () => {
  expect(await abandon('/livekit/dispatch', [DEAD, CALLER, RECORDER])).toEqual([
    `RemoveParticipant ${DEAD.identity}`,
    'DeleteRoom r',
  ]);
  done = [];
  expect(await abandon('/attach', [CALLER])).toEqual(['RemoveParticipant sip_1']);
});

it.each([
  ['one who rings still is the dispatcher’s', [RINGING]],
  ['a room of the same name with another call in it is left alone', [CALLER, OTHER]],
  ['a room in which nobody is closes by itself', [RECORDER]],
])('%s', async (_what, there) => {
  expect(await abandon('/livekit/dispatch', there)).toEqual([]);
});

it.each([
  ['/livekit/dispatch', 'DeleteRoom r'],
  ['/attach', `RemoveParticipant ${CALLER.identity}`],
])(
  'a caller of %s who left in the same moment, and an agent who is gone too, are no error',
  async (route, last) => {
    gone = [DEAD.identity, CALLER.identity, 'r'];
    expect(await abandon(route, [DEAD, CALLER])).toEqual([`RemoveParticipant ${DEAD.identity}`, last]);
  },
);

it('a caller who stops ringing just before they are told busy is no error', async () => {
  people = [RINGING];
  gone = [RINGING.identity];
  await open({ CXBCORE_DISPATCH_BUSY: 'remove' }).unanswered('r', RINGING.identity);
  expect(done).toEqual([`RemoveParticipant ${RINGING.identity}`]);
});

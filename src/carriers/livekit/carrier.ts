import type { Settings } from '../../contract/settings.ts';
import type { Clock } from '../../kit/clock.ts';
import {
  type Prepared,
  type RequestCarrier,
  type RequestContext,
  StartRefused,
  type StartRequest,
} from '../../ports/requested.ts';
import { prepareDialout } from './dialout.ts';
import { isConnected, prepareDispatch } from './dispatch.ts';
import { loadRtc } from './load.ts';
import { type Participant, takesPart } from './participant.ts';
import { JoinFailed } from './room.ts';
import { listParticipants, removeParticipant, serverAccess } from './rooms.ts';
import { type Here, ownIdentity, type Plan, Visit, vainly } from './visit.ts';
import { freshVisitor, newVisitorRoom, VISITOR_ROOM, visitorAnswer } from './visitors.ts';
import { becomes, someone } from './wait.ts';

/**
 * Calls in LiveKit rooms. Loads the client, which takes half a second and 14 MB.
 * @returns undefined where `LIVEKIT_URL` is not set
 * @throws Error when the client does not load
 */
export async function openLiveKit(settings: Settings, clock: Clock): Promise<RequestCarrier | undefined> {
  const access = serverAccess(settings, clock);
  if (access === undefined || settings.livekitUrl === undefined) return undefined;
  const rtc = await loadRtc();
  const here: Here = { rtc, access, url: settings.livekitUrl };
  return {
    name: 'livekit',
    prepare: (start, context) => prepare(here, start, context),
    repeat: (claim, now, at) => Promise.resolve(freshVisitor(claim, now, at)),
    close: () => rtc.dispose(),
  };
}

async function prepare(here: Here, start: StartRequest, context: RequestContext): Promise<Prepared> {
  switch (start.kind) {
    case 'join':
      return prepareJoin(here, start, context);
    case 'dialout':
      return prepareDialout(here, start, context);
    case 'widget':
      return prepareWidget(here, start, context);
    case 'dispatch':
      return prepareDispatch(here, start, context);
    case 'continue':
      return prepareContinue(here, start, context);
    case 'dial':
    case 'expect':
      throw new Error(`LiveKit has no part in ${start.kind}`);
  }
}

/** A room that somebody else made, in which a caller is or will be. */
function prepareJoin(
  here: Here,
  { body: { media } }: Extract<StartRequest, { kind: 'join' }>,
  context: RequestContext,
): Visit {
  const { settings, clock } = context;
  const { room, url, token, participant_identity: wanted } = media;
  const foreign = url !== undefined && url.replace(/\/+$/, '') !== here.url;
  if (foreign && !settings.dialAllow.includes(new URL(url).hostname))
    throw new StartRefused('unusable', 'media.url: this host does not connect to that LiveKit server.');
  if (foreign && token === undefined)
    throw new StartRefused(
      'unusable',
      'media.token is needed for another LiveKit server than the host’s own.',
    );
  const limitMs = (media.ttl_s ?? settings.livekitNoShowS) * 1000;
  return new Visit(
    here,
    {
      room,
      identity: ownIdentity(context),
      ours: false,
      // Only if nobody has made it: then it goes soon after us.
      roomConfig: { departureTimeoutS: 5 },
      ...(foreign && { url }),
      ...(token !== undefined && { token }),
      answer: { room },
      // Once until somebody is there, once until they are connected.
      limitMs: 2 * limitMs,
      async find(joined, signal) {
        const waiting = { room: joined, clock, signal, limitMs };
        const isCaller = (who: Participant) =>
          wanted === undefined ? takesPart(who) && who.kind !== 'agent' : who.identity === wanted;
        const { identity } = await someone(waiting, isCaller);
        return becomes(waiting, identity, isConnected);
      },
      vain: (error) => vainly(error, { reason: 'line.never_came', outcome: 'media_never_came' }),
    },
    context,
  );
}

/** A visitor of a web page: the answer lets them in, and they have to come. */
function prepareWidget(
  here: Here,
  { body }: Extract<StartRequest, { kind: 'widget' }>,
  context: RequestContext,
): Visit {
  const { settings, clock } = context;
  const room = newVisitorRoom();
  const identity = `visitor-${room.slice(4)}`;
  const limitMs = settings.livekitNoShowS * 1000;
  const name = body.name === undefined ? {} : { name: body.name };
  return new Visit(
    here,
    {
      room,
      identity: ownIdentity(context),
      ours: true,
      roomConfig: VISITOR_ROOM,
      answer: visitorAnswer({ room, identity, ...name }, settings, clock),
      limitMs,
      find: (joined, signal) =>
        someone({ room: joined, clock, signal, limitMs }, (who) => who.identity === identity),
      vain: (error) => vainly(error, { reason: 'caller.no_show', outcome: 'visitor_no_show' }),
    },
    context,
  );
}

/** The worker that had the call died: whoever was in its room with it is still there. @throws StartRefused */
async function prepareContinue(
  here: Here,
  { claim }: Extract<StartRequest, { kind: 'continue' }>,
  context: RequestContext,
): Promise<Visit> {
  const { clock, settings } = context;
  const { room, participants: dead = [] } = claim;
  if (room === undefined) throw new StartRefused('gone', 'The call had no room yet.');
  // The server would take 20 s to notice, and hold the dead one's place in the room so long.
  await Promise.all(
    dead.map((identity) => removeParticipant(here.access, room, identity).catch(() => undefined)),
  );
  const people = await listParticipants(here.access, room).catch(() => []);
  const caller = people.find((who) => takesPart(who) && who.kind !== 'agent' && !dead.includes(who.identity));
  if (!caller) throw new StartRefused('gone', 'The caller is not in the room any more.');
  const limitMs = settings.livekitAnswerS * 1000;
  const plan: Plan = {
    room,
    identity: ownIdentity(context),
    ours: claim.route !== '/attach',
    answer: { ...claim.answer, room },
    limitMs,
    find: (joined, signal) => becomes({ room: joined, clock, signal, limitMs }, caller.identity, isConnected),
    vain: (error) => vainly(error, { reason: 'line.never_came', outcome: 'not_connected' }),
  };
  const visit = new Visit(here, plan, context);
  try {
    await visit.join();
    return visit;
  } catch (error) {
    await visit.undo();
    if (!(error instanceof JoinFailed)) throw error;
    throw new StartRefused('join_failed', error.message);
  }
}

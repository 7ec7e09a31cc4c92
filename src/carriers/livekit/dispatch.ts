import { type Clock, sleep } from '../../kit/clock.ts';
import { type RequestContext, StartRefused, type StartRequest } from '../../ports/requested.ts';
import { type Participant, takesPart } from './participant.ts';
import { JoinFailed } from './room.ts';
import { deleteRoom } from './rooms.ts';
import { type Here, ownIdentity, type Plan, Visit, vainly, whoIsIn } from './visit.ts';
import { becomes } from './wait.ts';

/** How often it is looked who has a room that refused us. */
const LOOKS = 4;
/** Between two looks: the server lists a newcomer within a few milliseconds of counting them. */
const LOOK_AGAIN_MS = 100;

type Dispatch = Extract<StartRequest, { kind: 'dispatch' }>;

/** A telephone caller in a room who has been connected, or one who is not on a telephone. */
export function isConnected({ attributes }: Participant): boolean {
  const status = attributes['sip.callStatus'];
  return status === undefined || status === 'active';
}

/**
 * An incoming telephone call that rings in its room. We join before the answer: that is silent to the caller, and the
 * room's own limit of two lets exactly one agent in. Publishing our audio is what answers the telephone.
 *
 * @throws StartRefused
 */
export async function prepareDispatch(here: Here, start: Dispatch, context: RequestContext): Promise<Visit> {
  const { body } = start;
  const { settings, clock, asking } = context;
  if (body.received_at + body.deadline_ms <= clock.wall())
    throw new StartRefused('gone', 'The deadline of this dispatch has passed.');
  const plan: Plan = {
    room: body.room,
    identity: ownIdentity(context),
    ours: true,
    // The same as the dispatch rule should have: it counts when this join creates the room, because the caller is gone.
    roomConfig: { maxParticipants: 2, departureTimeoutS: 5 },
    answer: { room: body.room },
    limitMs: settings.livekitAnswerS * 1000,
    find: (room, signal) =>
      becomes(
        { room, clock, signal, limitMs: settings.livekitAnswerS * 1000 },
        body.participant_identity,
        isConnected,
      ),
    vain: (error) => vainly(error, { reason: 'line.never_came', outcome: 'not_connected' }),
  };
  const visit = new Visit(here, plan, context);
  try {
    const room = await visit.join();
    if (asking.aborted) throw new StartRefused('gone', 'Whoever asked for the call is gone.');
    if (!room.people().some(({ identity }) => identity === body.participant_identity))
      throw new StartRefused('gone', 'The caller is not in the room any more.');
    return visit;
  } catch (error) {
    await visit.undo();
    await removeGhost(here, body.room);
    if (!(error instanceof JoinFailed)) throw error;
    throw await refusedJoin({ here, body, own: plan.identity, clock }, error);
  }
}

/**
 * The server says 500 to a full room as to any fault of its own; another agent beside the caller tells them apart. It
 * counts a newcomer a moment before it lists them, so whoever lost a race by a hair looks again.
 */
async function refusedJoin(
  { here, body, own, clock }: { here: Here; body: Dispatch['body']; own: string; clock: Clock },
  error: JoinFailed,
): Promise<StartRefused> {
  for (let look = 1; ; look++) {
    const people = (await whoIsIn(here.access, body.room)).filter(takesPart);
    if (error.kind === 'no-room' || (people.length > 0 && !isIn(people, body.participant_identity)))
      return new StartRefused('gone', 'The caller is not in the room any more.');
    // A join of ours that is late may be there for a moment until it is undone.
    const other = people.find(({ identity }) => identity !== body.participant_identity && identity !== own);
    if (other) return new StartRefused('taken', `Another agent is in the room: ${other.identity}.`);
    if (error.kind !== 'maybe-full' || look === LOOKS)
      return new StartRefused('join_failed', `${error.message}. Nothing was published: try again.`);
    await sleep(clock, LOOK_AGAIN_MS);
  }
}

function isIn(people: readonly Participant[], identity: string): boolean {
  return people.some((each) => each.identity === identity);
}

/** A join creates the room when the caller has just left: nobody else may wait in it, and nobody pays for it. */
async function removeGhost({ access }: Here, room: string): Promise<void> {
  try {
    if ((await whoIsIn(access, room)).length === 0) await deleteRoom(access, room);
  } catch {
    // It closes by itself after its departure timeout.
  }
}

import { type RequestContext, StartRefused, type StartRequest } from '../../ports/requested.ts';
import { isConnected } from './dispatch.ts';
import { calleeLeft, dialFailed } from './outcomes.ts';
import type { Participant } from './participant.ts';
import type { JoinedRoom } from './room.ts';
import { listParticipants } from './rooms.ts';
import { createSipParticipant } from './sip.ts';
import { LiveKitError } from './twirp.ts';
import { type Here, ownIdentity, type Plan, Visit, vainly } from './visit.ts';
import { becomes, WaitedInVain } from './wait.ts';

type Dialout = Extract<StartRequest, { kind: 'dialout' }>;

/** The mark of our call on the called participant: whoever takes over finds it by this, and does not dial again. */
const CALL_ID = 'cxb.call_id';
/** The leg may outlive the longest call by this, for its goodbye; nobody has to be there to end it. */
const OVER_MAX_S = 60;
/** After an answer, how long the called participant may take to be seen as connected. */
const SEEN_MS = 5000;

/** A call we place. Nothing is done before the answer: the room is ours alone. @throws StartRefused */
export function prepareDialout(here: Here, start: Dialout, context: RequestContext): Visit {
  const { settings } = context;
  const { body, callId } = start;
  const trunk = body.trunk_id ?? settings.livekitTrunk;
  if (trunk === undefined)
    throw new StartRefused('unusable', 'There is no outbound trunk: name one as trunk_id.');
  const room = `out-${callId}`;
  const ringingS = body.ringing_timeout_s ?? settings.livekitRingingS;
  const plan: Plan = {
    room,
    identity: ownIdentity(context),
    ours: true,
    roomConfig: { maxParticipants: 3, departureTimeoutS: 10, emptyTimeoutS: 30 },
    answer: { room },
    // Twice, for a dial whose outcome nobody told us and that rings on.
    limitMs: (2 * ringingS + 30) * 1000,
    find: (joined, signal) => {
      const callee = `callee-${callId}`;
      const dial = () =>
        createSipParticipant(here.access, {
          trunk,
          to: body.to,
          from: body.from,
          room,
          identity: callee,
          attributes: { [CALL_ID]: callId },
          ringingS,
          maxS: (body.max_duration_s ?? settings.maxCallS) + OVER_MAX_S,
        });
      return reach({ here, context, joined, signal, room, callId, callee, ringingS, dial });
    },
    vain: (error) =>
      error.kind === 'left'
        ? calleeLeft(error.reason)
        : vainly(error, { reason: 'dial.no_answer', outcome: 'no_answer' }),
  };
  return new Visit(here, plan, context);
}

interface Reaching {
  readonly here: Here;
  readonly context: RequestContext;
  readonly joined: JoinedRoom;
  readonly signal: AbortSignal;
  readonly room: string;
  readonly callId: string;
  readonly callee: string;
  readonly ringingS: number;
  readonly dial: () => Promise<void>;
}

/** Dials once, unless somebody did before, and waits until the called side is connected. */
async function reach(reaching: Reaching): Promise<Participant> {
  const { here, context, joined, signal, room, callId, callee, ringingS, dial } = reaching;
  const { clock, event } = context;
  const connected = (limitMs: number) =>
    becomes({ room: joined, clock, signal, limitMs }, callee, isConnected);
  const dialled = await listParticipants(here.access, room);
  if (dialled.some(({ attributes, kind }) => kind === 'sip' && attributes[CALL_ID] === callId))
    return connected(ringingS * 1000);
  event('dialling', { ringing_s: ringingS });
  try {
    await stoppable(dial(), signal);
  } catch (error) {
    if (error instanceof WaitedInVain) throw error;
    if (!(error instanceof LiveKitError) || error.code !== 'no_reply') throw dialFailed(error);
    // Nobody knows whether it rang. Never again; but somebody who is there after all is spoken to.
    event('dial_unknown', { why: error.message });
    const there = (await listParticipants(here.access, room).catch(() => [])).some(
      ({ identity }) => identity === callee,
    );
    if (!there) throw dialFailed(error);
    return connected(ringingS * 1000);
  }
  event('answered', {});
  return connected(SEEN_MS);
}

/** The request goes on; the room is deleted by whoever stopped it, which ends the ringing. */
function stoppable(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new WaitedInVain('stopped', 'the call was to end'));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

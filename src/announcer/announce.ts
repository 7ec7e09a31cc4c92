import { isConnected } from '../carriers/livekit/dispatch.ts';
import type { Rtc } from '../carriers/livekit/load.ts';
import { Playout } from '../carriers/livekit/playout.ts';
import { JoinedRoom } from '../carriers/livekit/room.ts';
import { removeParticipant, type ServerAccess } from '../carriers/livekit/rooms.ts';
import { joinToken } from '../carriers/livekit/tokens.ts';
import { becomes, WaitedInVain } from '../carriers/livekit/wait.ts';
import type { Announcement } from '../contract/announcement.ts';
import type { Settings } from '../contract/settings.ts';
import type { Clock } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';
import { within } from '../kit/within.ts';

export const ANNOUNCER_RATE = 24_000;
/** How long the server may take to accept our audio. */
const PUBLISH_MS = 3000;
/** Some more than an announcement takes; nobody comes back to this room. */
const TOKEN_S = 120;

export interface AnnounceOptions {
  readonly rtc: Rtc;
  readonly access: ServerAccess;
  readonly url: string;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly log: Log;
  /** At `ANNOUNCER_RATE`; may still be in the making while the room is joined. */
  readonly sentence: Promise<Int16Array>;
  /** Ends the announcement early; the caller is put out all the same. */
  readonly stop: AbortSignal;
}

/**
 * Joins the room, which takes the place an agent would have, so that no worker can answer at the same time; speaks,
 * which answers a telephone that rings; puts the caller out, and leaves.
 *
 * @returns whether the caller heard it to its end, or did not want to
 * @throws JoinFailed when the place is taken, or the room cannot be reached: then the caller is not touched
 */
export async function announce(
  { room: name, caller, identity }: Announcement,
  options: AnnounceOptions,
): Promise<boolean> {
  const { rtc, access, url, settings, clock, log } = options;
  const token = joinToken(access.key, { room: name, identity, role: 'agent', ttlS: TOKEN_S }, clock.wall());
  const room = await JoinedRoom.join(rtc, { url, token, limitMs: settings.livekitJoinMs, clock, log });
  try {
    await speak(room, caller, options);
    return true;
  } catch (error) {
    const left = error instanceof WaitedInVain && error.kind === 'left';
    if (!left) log.warn('a caller could not be told that no seat is free', { room: name, error });
    return left;
  } finally {
    await removeParticipant(access, name, caller).catch((error: unknown) =>
      log.warn('a caller could not be hung up', { room: name, error }),
    );
    await room.leave();
  }
}

async function speak(
  room: JoinedRoom,
  caller: string,
  { rtc, settings, clock, log, sentence, stop }: AnnounceOptions,
): Promise<void> {
  const samples = await sentence;
  const playout = new Playout(rtc, ANNOUNCER_RATE, clock, log);
  await within(clock, PUBLISH_MS, 'publishing the announcement', room.publish(playout.track));
  const limitMs = settings.livekitAnswerS * 1000;
  await becomes({ room, clock, limitMs, signal: stop }, caller, isConnected);
  const said = new Promise<void>((done) => {
    playout.send(samples);
    playout.mark(done);
  });
  // Ends only in vain: the caller leaves, we are put out, or we are stopped.
  const cutShort = becomes(
    { room, clock, limitMs: settings.busyS * 1000, signal: stop },
    caller,
    () => false,
  );
  await Promise.race([said, cutShort]);
}

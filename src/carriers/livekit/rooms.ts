import { z } from 'zod';
import type { Settings } from '../../contract/settings.ts';
import type { Clock } from '../../kit/clock.ts';
import { type LiveKitKey, livekitKeys } from './keys.ts';
import { type Participant, participant } from './participant.ts';
import { requestToken } from './tokens.ts';
import { apiAddress, callTwirp, LiveKitError } from './twirp.ts';

/** What every request to the server needs. */
export interface ServerAccess {
  /** `http://…` or `https://…`, without a slash at the end. */
  readonly address: string;
  readonly key: LiveKitKey;
  readonly clock: Clock;
  readonly limitMs: number;
}

/** @returns undefined without `LIVEKIT_URL` */
export function serverAccess(settings: Settings, clock: Clock): ServerAccess | undefined {
  const [key] = livekitKeys(settings);
  if (settings.livekitUrl === undefined || key === undefined) return undefined;
  return { address: apiAddress(settings.livekitUrl), key, clock, limitMs: settings.livekitRequestMs };
}

const participants = z.object({ participants: z.array(participant).default([]) });

/**
 * Who is in a room, at once and exactly (a room's own counters lag); empty for a room that does not exist.
 * @throws LiveKitError
 */
export async function listParticipants(access: ServerAccess, room: string): Promise<readonly Participant[]> {
  const answer = await roomRequest(access, 'ListParticipants', room, { room });
  return participants.parse(answer).participants;
}

/**
 * Puts somebody out of a room: a ringing caller hears busy, a caller in a call is hung up, a dead agent frees its
 * place at once. Somebody who is gone already is no error.
 *
 * @throws LiveKitError
 */
export async function removeParticipant(access: ServerAccess, room: string, identity: string): Promise<void> {
  await unlessGone(roomRequest(access, 'RemoveParticipant', room, { room, identity }));
}

/** Ends a room and with it every leg in it. A room that is gone already is no error. @throws LiveKitError */
export async function deleteRoom(access: ServerAccess, room: string): Promise<void> {
  await unlessGone(roomRequest(access, 'DeleteRoom', room, { room }));
}

/** The names of all rooms. @throws LiveKitError */
export async function listRooms(access: ServerAccess): Promise<readonly string[]> {
  const token = requestToken(access.key, { video: { roomList: true } }, access.clock.wall());
  const answer = await callTwirp(access.address, access.clock, {
    service: 'RoomService',
    method: 'ListRooms',
    token,
    body: {},
    limitMs: access.limitMs,
  });
  return z
    .object({ rooms: z.array(z.object({ name: z.string() })).default([]) })
    .parse(answer)
    .rooms.map(({ name }) => name);
}

function roomRequest(
  access: ServerAccess,
  method: string,
  room: string,
  body: Record<string, string>,
): Promise<unknown> {
  // Deleting asks for the right to create; the others for the administration of that room.
  const token = requestToken(
    access.key,
    { video: { roomAdmin: true, roomCreate: true, room } },
    access.clock.wall(),
  );
  return callTwirp(access.address, access.clock, {
    service: 'RoomService',
    method,
    token,
    body,
    limitMs: access.limitMs,
  });
}

async function unlessGone(request: Promise<unknown>): Promise<void> {
  try {
    await request;
  } catch (error) {
    if (!(error instanceof LiveKitError) || error.code !== 'not_found') throw error;
  }
}

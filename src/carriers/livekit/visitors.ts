import type { Claim } from '../../contract/claim.ts';
import type { Settings } from '../../contract/settings.ts';
import type { Clock } from '../../kit/clock.ts';
import { newId } from '../../kit/ids.ts';
import type { Json } from '../../kit/json.ts';
import { livekitKeys } from './keys.ts';
import { joinToken } from './tokens.ts';

/** What a web page needs to let its visitor talk; made without asking the server. */

/** A room of its own for each visitor: two, and nobody else. */
export const VISITOR_ROOM = { maxParticipants: 2, departureTimeoutS: 5, emptyTimeoutS: 60 } as const;

export function newVisitorRoom(): string {
  return newId('web-', undefined, 16).replace('-_', '-');
}

/** The members of the answer. */
export function visitorAnswer(
  { room, identity, name }: { readonly room: string; readonly identity: string; readonly name?: string },
  settings: Settings,
  clock: Clock,
): Readonly<Record<string, Json>> {
  const [key] = livekitKeys(settings);
  if (settings.livekitUrl === undefined || key === undefined) return {};
  const ttlS = settings.livekitVisitorS;
  const participant_token = joinToken(
    key,
    { room, identity, role: 'visitor', ttlS, roomConfig: VISITOR_ROOM, ...(name !== undefined && { name }) },
    clock.wall(),
  );
  return {
    server_url: settings.livekitUrl,
    room,
    identity,
    participant_token,
    expires_at: new Date(clock.wall() + ttlS * 1000).toISOString(),
  };
}

/** For a repeated request: the same room, and a token that is good from now on. Nothing for calls that are no visitor's. */
export function freshVisitor(claim: Claim, settings: Settings, clock: Clock): Readonly<Record<string, Json>> {
  const identity = claim.answer?.['identity'];
  if (claim.route !== '/livekit/widget' || claim.room === undefined || typeof identity !== 'string')
    return {};
  if (claim.state === 'ended') return {};
  return visitorAnswer({ room: claim.room, identity }, settings, clock);
}

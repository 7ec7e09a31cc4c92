import type { EndReason } from '../../contract/end-reasons.ts';

/** LiveKit's reasons why somebody is not in a room any more, as ends of a call. The lists have the reasons that matter. */

/**
 * The caller is gone.
 * @param ours whether our own connection was well when we heard of it: when it breaks, everybody seems to leave
 */
export function callerGone(reason: string, ours: boolean): EndReason {
  switch (reason) {
    case 'CLIENT_INITIATED':
    case 'DUPLICATE_IDENTITY':
    case 'USER_UNAVAILABLE':
    case 'USER_REJECTED':
      return 'caller.hung_up';
    case 'PARTICIPANT_REMOVED':
    case 'ROOM_DELETED':
    case 'ROOM_CLOSED':
      return 'operator.hung_up';
    case 'UNKNOWN_REASON':
      return ours ? 'caller.hung_up' : 'line.lost';
    default:
      return 'line.lost';
  }
}

/** We are gone. */
export function weAreGone(reason: string): EndReason {
  switch (reason) {
    case 'PARTICIPANT_REMOVED':
    case 'ROOM_DELETED':
    case 'ROOM_CLOSED':
      return 'operator.hung_up';
    default:
      return 'line.lost';
  }
}

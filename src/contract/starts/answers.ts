import type { Json } from '../../kit/json.ts';
import type { Claim } from '../claim.ts';
import type { Settings } from '../settings.ts';

/** Where the state of a call can be asked for; a path when no public address is set. */
export function statusUrl(settings: Pick<Settings, 'publicUrl'>, fleet: string, callId: string): string {
  return `${settings.publicUrl ?? ''}/api/fleets/${encodeURIComponent(fleet)}/calls/${callId}`;
}

type Members = Readonly<Record<string, Json>>;

/** What every promised start is answered. */
export function acceptedMembers(
  claim: Pick<Claim, 'call_id' | 'worker' | 'fleet'>,
  settings: Pick<Settings, 'publicUrl'>,
): Members {
  const { call_id, worker, fleet } = claim;
  return { call_id, worker, fleet, status_url: statusUrl(settings, fleet, call_id) };
}

/** What a repeated start is told: what the first one was, and what has become of it. */
export function duplicateMembers(claim: Claim, settings: Pick<Settings, 'publicUrl'>): Members {
  return {
    status: 'duplicate',
    state: claim.state,
    ...(claim.result && { result: claim.result }),
    ...acceptedMembers(claim, settings),
    ...claim.answer,
  };
}

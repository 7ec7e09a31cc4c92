import type { SocketCarrierName } from '../contract/states.ts';
import { type Token, verifyToken } from '../contract/token.ts';
import { claimOnce, claimsFolder, wasClaimed } from '../kit/once.ts';
import type { CarrierContext } from '../ports/carrier.ts';

export type Passage =
  | { readonly ok: true; readonly token: Token }
  /** `why` may go to whoever sent the token; `problem` is for the operator's log alone. */
  | { readonly ok: false; readonly why: string; readonly problem?: string };

/** Whether the token would let a call in now. Changes nothing, so that a refused start can try again with it. */
export function checkToken(
  text: string,
  carrier: SocketCarrierName,
  { settings, clock }: CarrierContext,
): Passage {
  if (settings.tokenKeys.length === 0)
    return {
      ok: false,
      why: 'this host takes no tokens',
      problem: 'a token came that cannot be checked: set CXBCORE_TOKEN_KEYS',
    };
  const verdict = verifyToken(text, { keys: settings.tokenKeys, carrier, nowMs: clock.wall() });
  if (!verdict.ok) return { ok: false, why: `the token is not valid: ${verdict.why}` };
  if (wasClaimed(claimsFolder(settings.socketDir), verdict.token.id, verdict.token.expiresAtMs))
    return { ok: false, why: 'the token has been used' };
  return verdict;
}

/**
 * Uses the token up. Only the first claim of a token on this host gets in.
 * @throws ClaimsFolderError when used tokens cannot be recorded, and so nothing may be let in
 */
export function useToken({ token }: { readonly token: Token }, context: CarrierContext): Passage {
  const { settings, clock } = context;
  if (!claimOnce(claimsFolder(settings.socketDir), token.id, token.expiresAtMs, clock.wall()))
    return { ok: false, why: 'the token has been used' };
  return { ok: true, token };
}

/** Why a start contradicts the token it came with; undefined when it does not. */
export function contradiction(
  token: Token,
  start: { readonly agent?: string | undefined; readonly callId?: string | undefined },
): string | undefined {
  if (token.agent !== undefined && start.agent !== undefined && start.agent !== token.agent)
    return 'the token is for another agent';
  if (token.callId !== undefined && start.callId !== undefined && start.callId !== token.callId)
    return 'the token is for another call id';
  return undefined;
}

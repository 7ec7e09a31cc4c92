import type { Called } from '../call/begin.ts';
import type { Claim } from '../contract/claim.ts';
import type { StartBody } from '../contract/starts/read.ts';
import type { CarrierName } from '../contract/states.ts';
import type { Json } from '../kit/json.ts';
import type { KnownCall } from '../ports/carrier.ts';
import type { LineFacts } from '../ports/line.ts';
import type { StartRequest } from '../ports/requested.ts';

/** For fleetd alone: the front has no such route. */
export const CONTINUE = '/continue';

/** Who carries a start by request: a reservation, a server we dial, or LiveKit. */
export type RequestKind = 'expect' | 'dial' | 'livekit';

export function requestOf(start: StartBody, callId: string): StartRequest {
  switch (start.route) {
    case '/attach': {
      const { body } = start;
      const { media } = body;
      if (media.kind === 'expect') return { kind: 'expect', callId, body: { ...body, media } };
      if (media.kind === 'dial') return { kind: 'dial', callId, body: { ...body, media } };
      return { kind: 'join', callId, body: { ...body, media } };
    }
    case '/livekit/dialout':
      return { kind: 'dialout', callId, body: start.body };
    case '/livekit/widget':
      return { kind: 'widget', callId, body: start.body };
    case '/livekit/dispatch':
      return { kind: 'dispatch', callId, body: start.body };
  }
}

export function kindOf(request: StartRequest): RequestKind {
  return request.kind === 'expect' || request.kind === 'dial' ? request.kind : 'livekit';
}

/** The same from a claim: a call that nobody dialled or expects here is LiveKit's. */
export function kindOfClaim(claim: Claim): RequestKind {
  return claim.context?.kind === 'expect' || claim.context?.kind === 'dial' ? claim.context.kind : 'livekit';
}

/** Whether a start may take over what a dead worker had claimed: only what nobody had been promised, or what still rings. */
export function mayPassOn(dead: Claim, route: string): boolean {
  return (
    route === CONTINUE || dead.state === 'starting' || (route === '/livekit/dispatch' && dead.route === route)
  );
}

/** What a request says of its call before there is a line. */
export function knownOf(request: StartRequest, agent: string | undefined): KnownCall {
  const { callId } = request;
  const { from, to, vars } = saidOf(request);
  return {
    callId,
    vars: vars ?? {},
    direction: directionOf(request),
    ...(agent !== undefined && { agent }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
  };
}

function directionOf(request: StartRequest): 'inbound' | 'outbound' {
  if (request.kind === 'continue')
    return request.claim.context?.direction === 'inbound' ? 'inbound' : 'outbound';
  return request.kind === 'dispatch' || request.kind === 'widget' ? 'inbound' : 'outbound';
}

interface Said {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly vars?: Readonly<Record<string, Json>> | undefined;
}

function saidOf(request: StartRequest): Said {
  switch (request.kind) {
    case 'expect':
    case 'dial':
    case 'join':
    case 'widget':
      return request.body.context ?? {};
    case 'dialout':
      return { from: request.body.from, to: request.body.to, vars: request.body.context?.vars };
    case 'dispatch':
      return { from: request.body.from, to: request.body.to, vars: request.body.vars };
    case 'continue':
      return request.claim.context ?? {};
  }
}

/** What a request says of who is to answer. */
export function calledBy(request: StartRequest): Called {
  const { from, to } = saidOf(request);
  return { agent: agentOf(request), direction: directionOf(request), from, to };
}

/** Whether a caller who rings has rung for too long already. */
export function isOver(request: StartRequest, wallMs: number): boolean {
  return request.kind === 'dispatch' && wallMs > request.body.received_at + request.body.deadline_ms;
}

export function agentOf(request: StartRequest): string | undefined {
  return request.kind === 'continue' ? request.claim.agent : request.body.agent;
}

function carrierOf(request: StartRequest): CarrierName {
  if (request.kind === 'expect') return request.body.media.carrier;
  return request.kind === 'dial' ? 'pcm' : 'livekit';
}

/** A call's line as far as it is known when the call is promised; the real one replaces it. */
export function promisedFacts(request: StartRequest, known: KnownCall): LineFacts {
  return {
    ...known,
    carrier: carrierOf(request),
    rate: 8000,
    omitsSilence: true,
    sendAheadMaxMs: 1000,
    can: { pause: false, marks: true, dtmfOut: false, transfer: 'none' },
    // A dialled server is lost with the worker that dialled it; everybody else is still there.
    ...(request.kind !== 'dial' && { outlivesWorker: true }),
  };
}

/** What another process needs to carry the call in this one's place. */
export function contextOf(request: StartRequest, known: KnownCall): Record<string, Json> {
  const { callId: _id, agent: _agent, ...rest } = known;
  return { ...rest, kind: kindOf(request), carrier: carrierOf(request) };
}

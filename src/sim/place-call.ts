import { createHmac } from 'node:crypto';
import type { Clock } from '../kit/clock.ts';
import { Caller, type CallerNews, type CallerOutcome, type ReadyStep } from './caller.ts';
import { type ConnectOptions, connect } from './connect.ts';
import { type ConversationReport, conversationReport } from './conversation-report.ts';
import type { FarEnd, FarNews } from './far-end.ts';
import type { NetworkOptions } from './network.ts';
import { PcmClient, type PcmRate } from './pcm-client.ts';
import { TwilioCarrier } from './twilio-carrier.ts';

/** Everything that decides how a call is placed; what the caller does comes beside it. */
export interface CallPlan {
  /** Of the host, or of the very media route; http, https, ws, wss or ws+unix:/path. */
  readonly url: string;
  readonly protocol: 'twilio' | 'pcm';
  readonly agent?: string;
  readonly callId?: string;
  readonly from?: string;
  readonly to?: string;
  /** Samples per second of the pcm protocol. */
  readonly rate?: PcmRate;
  readonly network?: NetworkOptions;
  readonly omitSilence?: boolean;
  /** Keys sound in the audio too, as they do on some networks. */
  readonly keyTones?: boolean;
  readonly credentials?: {
    /** pcm: an API key. */
    readonly apiKey?: string;
    /** Twilio: what signs the upgrade, and the address the other side believes to have. */
    readonly twilioAuthToken?: string;
    readonly publicUrl?: string;
    /** Twilio: a one-use media token, sent as a parameter. */
    readonly mediaToken?: string;
  };
}

export interface CallListener {
  /** The connection stands and the start message was sent. `caller` can be told what the agent says. */
  begun?(far: FarEnd, caller: Caller): void;
  news?(news: FarNews): void;
  caller?(news: CallerNews): void;
}

export interface PlacedCall {
  readonly far: FarEnd;
  readonly outcome: CallerOutcome;
  readonly report: ConversationReport;
}

/**
 * Opens the line of a plan; the call begins with this.
 * @throws Refused, or the network's error
 */
export function openLine(plan: CallPlan, clock: Clock): Promise<FarEnd> {
  const url = mediaUrl(plan);
  const start = {
    clock,
    ...plan.network,
    ...optional('agent', plan.agent),
    ...optional('callId', plan.callId),
    ...optional('from', plan.from),
    ...optional('to', plan.to),
  };
  if (plan.protocol === 'pcm')
    return connect(
      url,
      headersOf(plan, url),
      (wire) => new PcmClient(wire, { ...start, ...optional('rate', plan.rate) }),
    );
  const parameters = {
    ...optional('agent', plan.agent),
    ...optional('call_id', plan.callId),
    ...optional('from', plan.from),
    ...optional('to', plan.to),
    ...optional('token', plan.credentials?.mediaToken),
  };
  const omitSilence = plan.omitSilence ?? false;
  return connect(
    url,
    headersOf(plan, url),
    (wire) => new TwilioCarrier(wire, { clock, ...plan.network, parameters, omitSilence }),
  );
}

/**
 * Places one call, carries out the caller's steps and reports. The connection is gone afterwards.
 * @throws Refused, or the network's error
 */
export async function placeCall(
  plan: CallPlan,
  steps: readonly ReadyStep[],
  clock: Clock,
  listener: CallListener = {},
): Promise<PlacedCall> {
  const far = await openLine(plan, clock);
  const news: FarNews[] = [];
  far.onNews((item) => {
    news.push(item);
    listener.news?.(item);
  });
  const caller = new Caller(far, {
    clock,
    keyTones: plan.keyTones ?? false,
    ...(listener.caller ? { onNews: listener.caller.bind(listener) } : {}),
  });
  listener.begun?.(far, caller);
  const outcome = await caller.run(steps);
  const end = await far.ended;
  return { far, outcome, report: conversationReport({ far, end, outcome, news }) };
}

/** The address of the media route: what the URL says, or the protocol's own route when it names none. */
export function mediaUrl(plan: Pick<CallPlan, 'url' | 'protocol'>): string {
  const route = `/media/${plan.protocol}`;
  if (plan.url.startsWith('ws+unix:')) {
    const [, path = '', given] = /^ws\+unix:(?:\/\/)?([^:]+)(?::(.+))?$/.exec(plan.url) ?? [];
    return `ws+unix:${path}:${given ?? route}`;
  }
  const url = new URL(plan.url);
  if (url.pathname === '/') url.pathname = route;
  url.protocol = url.protocol === 'https:' || url.protocol === 'wss:' ? 'wss:' : 'ws:';
  return url.href;
}

function headersOf(plan: CallPlan, url: string): ConnectOptions {
  const { apiKey, twilioAuthToken, publicUrl } = plan.credentials ?? {};
  if (plan.protocol === 'pcm')
    return apiKey === undefined ? {} : { headers: { authorization: `Bearer ${apiKey}` } };
  if (twilioAuthToken === undefined) return {};
  const signed = publicUrl === undefined ? url : new URL(new URL(url).pathname, publicUrl).href;
  return {
    headers: {
      'x-twilio-signature': twilioSignature(signed.replace(/^(http|ws)s?:/, 'wss:'), twilioAuthToken),
    },
  };
}

/** What Twilio sends with a WebSocket upgrade: HMAC-SHA1 over the address alone. */
export function twilioSignature(url: string, authToken: string): string {
  return createHmac('sha1', authToken).update(url).digest('base64');
}

function optional<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]?: V });
}

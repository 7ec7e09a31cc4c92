import { bytesFromSamples, samplesFromBytes } from '../../audio/pcm.ts';
import { checkBearer } from '../../contract/bearer.ts';
import type { EndReason } from '../../contract/end-reasons.ts';
import type { Token } from '../../contract/token.ts';
import type { Admission, CarrierContext, CarrierMedia, Upgrade } from '../../ports/carrier.ts';
import type { LineFacts, LineNews } from '../../ports/line.ts';
import type { Dialect, Reading } from '../dialect.ts';
import { awaitStart, type First } from '../first-message.ts';
import { Timeline } from '../timeline.ts';
import { checkToken, contradiction, type Passage, useToken } from '../token-gate.ts';
import { newsMessage, type PcmStart, parsePcm } from './messages.ts';

const PROTOCOL = 'cxb';
const TOKEN_PROTOCOL = 'cxb.';

/** Plain audio: 16-bit samples in binary messages both ways, JSON in text messages; `docs/carriers/pcm.md`. */
export const pcm: CarrierMedia = {
  name: 'pcm',
  admit,
  open: (socket, upgrade, context) => awaitStart(socket, context, firstReader(upgrade, context)),
};

function admit(upgrade: Upgrade, context: CarrierContext): Admission {
  const { apiKeys, tokenKeys } = context.settings;
  const accepted: Admission = offered(upgrade).includes(PROTOCOL)
    ? { ok: true, subprotocol: PROTOCOL }
    : { ok: true };
  if (upgrade.trusted || hasApiKey(upgrade, apiKeys)) return accepted;
  const token = tokenOf(upgrade, context);
  if (token?.ok) return accepted;
  if (token) return unauthorized(`The media token was refused: ${token.why}.`, token.problem);
  const none = apiKeys.length === 0 && tokenKeys.length === 0;
  return unauthorized(
    'Send an API key as "Authorization: Bearer <key>", or, from a browser, the subprotocols "cxb" and "cxb.<token>".',
    none ? 'No credentials are configured: set CXBCORE_API_KEYS or CXBCORE_TOKEN_KEYS.' : undefined,
  );
}

function unauthorized(message: string, problem: string | undefined): Admission {
  return { ok: false, code: 'unauthorized', message, ...(problem === undefined ? {} : { problem }) };
}

function hasApiKey(upgrade: Upgrade, apiKeys: readonly string[]): boolean {
  return checkBearer(upgrade.headers, apiKeys) === 'known';
}

function offered(upgrade: Upgrade): string[] {
  return (upgrade.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
}

/** Undefined when none was offered. */
function tokenOf(upgrade: Upgrade, context: CarrierContext): Passage | undefined {
  if (upgrade.token !== undefined) return checkToken(upgrade.token, 'pcm', context);
  const name = offered(upgrade).find((each) => each.startsWith(TOKEN_PROTOCOL));
  return name === undefined ? undefined : checkToken(name.slice(TOKEN_PROTOCOL.length), 'pcm', context);
}

function firstReader(upgrade: Upgrade, context: CarrierContext): (data: Buffer, binary: boolean) => First {
  return (data, binary) => {
    if (binary) return { kind: 'refuse', why: 'audio came before the start message' };
    const message = parsePcm(data.toString());
    if (message.event === 'start') return begin(message.start, upgrade, context);
    if (message.event === 'malformed' || message.event === 'bad-start')
      return { kind: 'refuse', why: `the start message is not valid: ${message.why}` };
    return { kind: 'refuse', why: 'the first message must be {"event":"start","rate":…}' };
  };
}

function begin(start: PcmStart, upgrade: Upgrade, context: CarrierContext): First {
  const passage = pass(start, upgrade, context);
  if (!passage.ok) return { kind: 'refuse', why: passage.why };
  const agent = passage.token?.agent ?? start.agent;
  const callId = passage.token?.callId ?? start.call_id;
  const facts: LineFacts = {
    carrier: 'pcm',
    ...(callId === undefined ? {} : { callId }),
    ...(agent === undefined ? {} : { agent }),
    ...(start.from === undefined ? {} : { from: start.from }),
    ...(start.to === undefined ? {} : { to: start.to }),
    direction: 'inbound',
    vars: start.vars ?? {},
    rate: start.rate,
    omitsSilence: true,
    sendAheadMaxMs: 1000,
    can: { pause: false, marks: true, dtmfOut: true, transfer: 'none' },
  };
  return { kind: 'start', facts, dialect: new PcmDialect(start.rate, context.clock.now()) };
}

type Passed = { readonly ok: true; readonly token?: Token } | { readonly ok: false; readonly why: string };

/**
 * A token counts where it is what let the connection in, and where it stood in the path; then it is used up here, with
 * the call it starts.
 */
function pass(start: PcmStart, upgrade: Upgrade, context: CarrierContext): Passed {
  if (upgrade.token === undefined && hasApiKey(upgrade, context.settings.apiKeys)) return { ok: true };
  const checked = tokenOf(upgrade, context);
  if (!checked?.ok)
    return upgrade.trusted && upgrade.token === undefined
      ? { ok: true }
      : (checked ?? { ok: false, why: 'there are no credentials' });
  const why = contradiction(checked.token, { agent: start.agent, callId: start.call_id });
  return why === undefined ? useToken(checked, context) : { ok: false, why };
}

class PcmDialect implements Dialect {
  readonly #timeline: Timeline;

  constructor(rate: number, nowMs: number) {
    this.#timeline = new Timeline(rate, nowMs);
  }

  read(data: Buffer, binary: boolean, nowMs: number): Reading {
    if (binary) return this.#audio(data, nowMs);
    const message = parsePcm(data.toString());
    switch (message.event) {
      case 'mark':
        return { kind: 'mark', wireName: message.name };
      case 'dtmf':
        return { kind: 'dtmf', digit: message.digit };
      case 'stop':
        return { kind: 'stop' };
      case 'start':
      case 'bad-start':
        return { kind: 'nothing', note: 'another start' };
      case 'unknown':
        return { kind: 'nothing', note: message.what };
      case 'malformed':
        return { kind: 'fault', why: `a text message is not valid: ${message.why}` };
    }
  }

  #audio(data: Buffer, nowMs: number): Reading {
    if (data.length % 2 !== 0)
      return { kind: 'fault', why: `an audio message has ${data.length} bytes: half a sample is missing` };
    if (data.length === 0) return { kind: 'nothing' };
    const samples = samplesFromBytes(data);
    return { kind: 'media', at: this.#timeline.byArrival(samples.length, nowMs), samples };
  }

  /** A copy: the socket may hold the bytes for a while, and the samples belong to the call. */
  audio(samples: Int16Array): Uint8Array {
    return Buffer.from(bytesFromSamples(samples));
  }

  mark(wireName: string): string {
    return JSON.stringify({ event: 'mark', name: wireName });
  }

  clear(): string {
    return JSON.stringify({ event: 'clear' });
  }

  dtmf(digit: string): string {
    return JSON.stringify({ event: 'dtmf', digit });
  }

  news(news: LineNews): string {
    return newsMessage(news);
  }

  goodbye(reason: EndReason): string {
    return JSON.stringify({ event: 'end', reason: reason === 'start.duplicate' ? 'duplicate' : reason });
  }
}

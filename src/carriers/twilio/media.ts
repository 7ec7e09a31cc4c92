import { decodeMulaw, encodeMulaw } from '../../audio/g711.ts';
import { base64FromBytes, bytesFromBase64 } from '../../audio/pcm.ts';
import { CALL_ID_RULE, isCallId } from '../../contract/call-id.ts';
import { masked } from '../../contract/media-path.ts';
import type { Token } from '../../contract/token.ts';
import type { Admission, CarrierContext, CarrierMedia, Upgrade } from '../../ports/carrier.ts';
import type { LineFacts } from '../../ports/line.ts';
import type { Dialect, Reading } from '../dialect.ts';
import { awaitStart, type First } from '../first-message.ts';
import { Timeline } from '../timeline.ts';
import { checkToken, contradiction, useToken } from '../token-gate.ts';
import { clearMessage, markMessage, mediaMessage, parseTwilio, type TwilioStart } from './messages.ts';
import { isTwilioSignature, streamUrl } from './signature.ts';

const RATE = 8000;
const ENCODING = 'audio/x-mulaw';
const NOT_HERE = 'This host takes no Twilio streams.';

/** Twilio Media Streams, bidirectional: JSON text frames both ways, mu-law at 8 kHz inside. */
export const twilio: CarrierMedia = {
  name: 'twilio',
  admit,
  open: (socket, upgrade, context) => awaitStart(socket, context, firstReader(upgrade, context)),
};

function admit(upgrade: Upgrade, { settings }: CarrierContext): Admission {
  if (upgrade.trusted) return { ok: true };
  const { publicUrl } = settings;
  if (settings.twilioAuthTokens.length === 0)
    return unauthorized(NOT_HERE, 'Twilio streams cannot be verified: set TWILIO_AUTH_TOKEN.');
  if (publicUrl === undefined)
    return unauthorized(
      NOT_HERE,
      'Twilio streams cannot be verified: set CXBCORE_PUBLIC_URL to the address Twilio uses.',
    );
  if (settings.twilioToken === 'required' && settings.tokenKeys.length === 0)
    return unauthorized(
      NOT_HERE,
      'Twilio streams need a one-use token: set CXBCORE_TOKEN_KEYS, or CXBCORE_TWILIO_TOKEN=optional to do without.',
    );
  const header = upgrade.headers['x-twilio-signature'];
  const signature = typeof header === 'string' ? header : undefined;
  if (signature === undefined)
    return unauthorized('The X-Twilio-Signature header is missing: only Twilio may connect here.');
  const url = streamUrl(publicUrl, upgrade.url);
  if (!isTwilioSignature(signature, url, {}, settings.twilioAuthTokens))
    return unauthorized(
      'The X-Twilio-Signature header does not fit this request.',
      `X-Twilio-Signature does not fit ${masked(url)}: check TWILIO_AUTH_TOKEN, and that CXBCORE_PUBLIC_URL is the address in the TwiML.`,
    );
  return { ok: true };
}

function unauthorized(message: string, problem?: string): Admission {
  return { ok: false, code: 'unauthorized', message, ...(problem === undefined ? {} : { problem }) };
}

/** `connected`, then `start`; anything unknown may stand between them, and nothing else may. */
function firstReader(upgrade: Upgrade, context: CarrierContext): (data: Buffer, binary: boolean) => First {
  let connected = false;
  return (data, binary) => {
    if (binary) return { kind: 'refuse', why: 'a binary message came before the start message' };
    const message = parseTwilio(data.toString());
    switch (message.event) {
      case 'connected':
        connected = true;
        return { kind: 'wait' };
      case 'start':
        return begin(message.start, upgrade, context);
      case 'unknown':
        if (connected) return { kind: 'wait' };
        return { kind: 'refuse', why: `the first message is not Twilio's: ${message.what}` };
      case 'bad-start':
        return { kind: 'refuse', why: message.why };
      case 'malformed':
        return { kind: 'refuse', why: `the first message is not Twilio's: ${message.why}` };
      case 'media':
      case 'dtmf':
      case 'mark':
      case 'stop':
        return { kind: 'refuse', why: `${message.event} came before the start message` };
    }
  };
}

function begin(start: TwilioStart, upgrade: Upgrade, context: CarrierContext): First {
  if (start.encoding !== ENCODING || start.rate !== RATE)
    return {
      kind: 'refuse',
      why: `the stream is ${start.encoding} at ${start.rate} Hz, not ${ENCODING} at ${RATE} Hz`,
    };
  const { agent, call_id: callId, from, to, direction, token: tokenText, ...vars } = start.parameters;
  if (callId !== undefined && !isCallId(callId))
    return { kind: 'refuse', why: `the parameter call_id is not valid: ${CALL_ID_RULE}` };

  const passage = pass(upgrade.token ?? tokenText, { agent, callId }, upgrade, context);
  if (!passage.ok) return { kind: 'refuse', why: passage.why };
  const named = { agent: passage.token?.agent ?? agent, callId: passage.token?.callId ?? callId, from, to };
  const facts: LineFacts = {
    carrier: 'twilio',
    carrierCallId: start.callSid,
    ...present(named),
    direction: direction === 'outbound' ? 'outbound' : 'inbound',
    vars,
    rate: RATE,
    // It leaves some out; its timestamps tell, and where they do not, a pause is silence after a moment.
    omitsSilence: true,
    sendAheadMaxMs: 1000,
    can: { pause: false, marks: true, dtmfOut: false, transfer: 'none' },
  };
  return { kind: 'start', facts, dialect: new TwilioDialect(start.streamSid, context.clock.now()) };
}

type Passed = { readonly ok: true; readonly token?: Token } | { readonly ok: false; readonly why: string };

/** The token where it is required, and where it is given and can be checked. */
function pass(
  text: string | undefined,
  start: { readonly agent: string | undefined; readonly callId: string | undefined },
  upgrade: Upgrade,
  context: CarrierContext,
): Passed {
  const required = !upgrade.trusted && context.settings.twilioToken === 'required';
  if (text === undefined) {
    return required ? { ok: false, why: 'the start message has no token parameter' } : { ok: true };
  }
  if (!required && context.settings.tokenKeys.length === 0) return { ok: true };
  const checked = checkToken(text, 'twilio', context);
  if (!checked.ok) return checked;
  const why = contradiction(checked.token, start);
  return why === undefined ? useToken(checked, context) : { ok: false, why };
}

/** The members that have a value. */
function present<K extends string>(
  values: Readonly<Record<K, string | undefined>>,
): { readonly [P in K]?: string } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined && value !== '');
  return Object.fromEntries(entries) as { [P in K]?: string };
}

class TwilioDialect implements Dialect {
  readonly #streamSid: string;
  readonly #timeline: Timeline;

  constructor(streamSid: string, nowMs: number) {
    this.#streamSid = streamSid;
    this.#timeline = new Timeline(RATE, nowMs);
  }

  read(data: Buffer, binary: boolean, nowMs: number): Reading {
    if (binary) return { kind: 'fault', why: 'a binary message came; Twilio sends text only' };
    const message = parseTwilio(data.toString());
    switch (message.event) {
      case 'media': {
        if (message.track !== 'inbound') return { kind: 'nothing', note: 'media of another track' };
        const samples = decodeMulaw(bytesFromBase64(message.payload));
        if (samples.length === 0) return { kind: 'nothing' };
        return {
          kind: 'media',
          at: this.#timeline.byTimestamp(message.timestampMs, samples.length, nowMs),
          samples,
        };
      }
      case 'mark':
        return { kind: 'mark', wireName: message.name };
      case 'dtmf':
        return { kind: 'dtmf', digit: message.digit };
      case 'stop':
        return { kind: 'stop' };
      case 'connected':
      case 'start':
      case 'bad-start':
        return { kind: 'nothing', note: 'another start of the stream' };
      case 'unknown':
        return { kind: 'nothing', note: message.what };
      case 'malformed':
        return { kind: 'fault', why: `a message is not Twilio's: ${message.why}` };
    }
  }

  audio(samples: Int16Array): string {
    return mediaMessage(this.#streamSid, base64FromBytes(encodeMulaw(samples)));
  }

  mark(wireName: string): string {
    return markMessage(this.#streamSid, wireName);
  }

  clear(): string {
    return clearMessage(this.#streamSid);
  }

  /** Twilio takes no keypad tones on a stream, has no place for news, and a closed stream says goodbye by itself. */
  dtmf(): undefined {}
  news(): undefined {}
  goodbye(): undefined {}
}

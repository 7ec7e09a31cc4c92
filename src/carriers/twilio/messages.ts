import { z } from 'zod';
import { eventMessage, type Malformed } from '../event-message.ts';

/**
 * What Twilio Media Streams says on a bidirectional stream, one JSON object per text frame. Twilio sends some numbers
 * as strings, and load generators send them as numbers or leave them out; members we do not use are not looked at.
 */
export type TwilioMessage =
  | { readonly event: 'connected' }
  | { readonly event: 'start'; readonly start: TwilioStart }
  | { readonly event: 'bad-start'; readonly why: string }
  | {
      readonly event: 'media';
      readonly track: string;
      /** Milliseconds since the start of the stream. */
      readonly timestampMs: number | undefined;
      /** Base64 of G.711 mu-law at 8 kHz. */
      readonly payload: string;
    }
  | { readonly event: 'dtmf'; readonly digit: string }
  | { readonly event: 'mark'; readonly name: string }
  | { readonly event: 'stop' }
  /** An event we do not know, or one of ours whose parts are not as described. Ignored on a line. */
  | { readonly event: 'unknown'; readonly what: string }
  /** No message at all. */
  | Malformed;

export interface TwilioStart {
  readonly streamSid: string;
  readonly callSid: string;
  readonly encoding: string;
  readonly rate: number;
  readonly parameters: Readonly<Record<string, string>>;
}

const sid = z.string().min(1).max(128);
const number = z.union([
  z.number().nonnegative(),
  z
    .string()
    .regex(/^\d+(\.\d+)?$/)
    .transform(Number),
]);

const start = z.object({
  streamSid: sid.optional(),
  start: z.object({
    streamSid: sid.optional(),
    callSid: sid,
    mediaFormat: z.object({ encoding: z.string(), sampleRate: number }),
    customParameters: z.record(z.string(), z.string()).optional(),
  }),
});
const media = z.object({
  media: z.object({
    payload: z.string(),
    track: z.string().optional(),
    timestamp: number.optional().catch(undefined),
  }),
});
const dtmf = z.object({ dtmf: z.object({ digit: z.string().regex(/^[0-9*#A-D]$/) }) });
const mark = z.object({ mark: z.object({ name: z.string() }) });

/** Never throws, whatever the text. */
export function parseTwilio(text: string): TwilioMessage {
  const read = eventMessage(text);
  if (!read.ok) return read.fault;
  const { message } = read;
  switch (message.event) {
    case 'media': {
      const { data } = media.safeParse(message);
      if (!data) return { event: 'unknown', what: 'media without a payload' };
      return {
        event: 'media',
        track: data.media.track ?? 'inbound',
        timestampMs: data.media.timestamp,
        payload: data.media.payload,
      };
    }
    case 'start':
      return parseStart(message);
    case 'dtmf': {
      const { data } = dtmf.safeParse(message);
      return data
        ? { event: 'dtmf', digit: data.dtmf.digit }
        : { event: 'unknown', what: 'dtmf without a key' };
    }
    case 'mark': {
      const { data } = mark.safeParse(message);
      return data
        ? { event: 'mark', name: data.mark.name }
        : { event: 'unknown', what: 'mark without a name' };
    }
    case 'connected':
    case 'stop':
      return { event: message.event };
    default:
      return { event: 'unknown', what: `event ${JSON.stringify(message.event.slice(0, 40))}` };
  }
}

function parseStart(message: object): TwilioMessage {
  const parsed = start.safeParse(message);
  const streamSid = parsed.data?.streamSid ?? parsed.data?.start.streamSid;
  if (!parsed.data || streamSid === undefined) {
    const wrong = parsed.error?.issues.map((issue) => issue.path.join('.')).join(', ') ?? 'streamSid';
    return { event: 'bad-start', why: `the start message is not as Twilio describes it: ${wrong}` };
  }
  const { callSid, mediaFormat, customParameters } = parsed.data.start;
  return {
    event: 'start',
    start: {
      streamSid,
      callSid,
      encoding: mediaFormat.encoding,
      rate: mediaFormat.sampleRate,
      parameters: customParameters ?? {},
    },
  };
}

export function mediaMessage(streamSid: string, payload: string): string {
  return JSON.stringify({ event: 'media', streamSid, media: { payload } });
}

export function markMessage(streamSid: string, name: string): string {
  return JSON.stringify({ event: 'mark', streamSid, mark: { name } });
}

export function clearMessage(streamSid: string): string {
  return JSON.stringify({ event: 'clear', streamSid });
}

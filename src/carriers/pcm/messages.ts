import { z } from 'zod';
import { CALL_ID_RULE, isCallId } from '../../contract/call-id.ts';
import type { Json } from '../../kit/json.ts';
import type { LineNews } from '../../ports/line.ts';
import { eventMessage, type Malformed } from '../event-message.ts';

/** What a client of the plain-audio protocol says in text; its audio comes in binary messages. */
export type PcmMessage =
  | { readonly event: 'start'; readonly start: PcmStart }
  | { readonly event: 'bad-start'; readonly why: string }
  | { readonly event: 'mark'; readonly name: string }
  | { readonly event: 'dtmf'; readonly digit: string }
  | { readonly event: 'stop' }
  | { readonly event: 'unknown'; readonly what: string }
  | Malformed;

export interface PcmStart {
  readonly rate: 8000 | 16000 | 24000 | 48000;
  readonly agent?: string | undefined;
  readonly call_id?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly vars?: Readonly<Record<string, Json>> | undefined;
}

const name = z.string().min(1).max(256);
/** JSON.parse can make nothing else. */
const json = z.custom<Json>((value) => value !== undefined);
const start = z.object({
  rate: z.literal([8000, 16000, 24000, 48000], 'must be 8000, 16000, 24000 or 48000'),
  agent: name.optional(),
  call_id: z.string().refine(isCallId, CALL_ID_RULE).optional(),
  from: name.optional(),
  to: name.optional(),
  vars: z.record(z.string(), json).optional(),
});
const mark = z.object({ name: z.string() });
const dtmf = z.object({ digit: z.string().regex(/^[0-9*#A-D]$/) });

/** Never throws, whatever the text. */
export function parsePcm(text: string): PcmMessage {
  const read = eventMessage(text);
  if (!read.ok) return read.fault;
  const { message } = read;
  switch (message.event) {
    case 'start': {
      const parsed = start.safeParse(message);
      if (parsed.success) return { event: 'start', start: parsed.data };
      const wrong = parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('; ');
      return { event: 'bad-start', why: wrong };
    }
    case 'mark': {
      const { data } = mark.safeParse(message);
      return data ? { event: 'mark', name: data.name } : { event: 'unknown', what: 'mark without a name' };
    }
    case 'dtmf': {
      const { data } = dtmf.safeParse(message);
      return data ? { event: 'dtmf', digit: data.digit } : { event: 'unknown', what: 'dtmf without a key' };
    }
    case 'stop':
      return { event: 'stop' };
    default:
      return { event: 'unknown', what: `event ${JSON.stringify(message.event.slice(0, 40))}` };
  }
}

export function newsMessage(news: LineNews): string {
  if (news.kind === 'ready') return JSON.stringify({ event: 'ready', call_id: news.callId });
  const { who, text, final } = news;
  return JSON.stringify({ event: 'transcript', who, text, final });
}

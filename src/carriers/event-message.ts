import { parseJson } from '../kit/json.ts';

/** A message that names its event, not looked at any further. */
interface EventMessage {
  readonly event: string;
}

/** A text that is no message of any protocol whose messages are objects with an `event`. */
export interface Malformed {
  readonly event: 'malformed';
  readonly why: string;
}

/** Reads what carriers that speak in `{"event": …}` send; never throws, whatever the text. */
export function eventMessage(
  text: string,
): { readonly ok: true; readonly message: EventMessage } | { readonly ok: false; readonly fault: Malformed } {
  const message = parseJson(text);
  if (message === undefined) return fault('it is not JSON');
  if (
    typeof message !== 'object' ||
    message === null ||
    !('event' in message) ||
    typeof message.event !== 'string'
  )
    return fault('it has no event');
  return { ok: true, message: { ...message, event: message.event } };
}

function fault(why: string): { readonly ok: false; readonly fault: Malformed } {
  return { ok: false, fault: { event: 'malformed', why } };
}

import type { ServerOptions } from 'ws';
import type { Settings } from '../contract/settings.ts';

/**
 * How long a closing handshake may take. Until it is over `ws` reports no close, so that a far end which says goodbye
 * and leaves its connection open would keep its call, and the seat, for the 30 s that are the default.
 */
const CLOSE_MS = 1000;

/** How the WebSockets that carry calls are served, whichever process does it. */
export function socketOptions(settings: Pick<Settings, 'maxMessageBytes'>): ServerOptions {
  // closeTimeout is missing from the types of ws that are published.
  const limits: ServerOptions & { readonly closeTimeout: number } = {
    noServer: true,
    clientTracking: false,
    // Compressed speech hardly gets smaller, and the work would be done for every frame of every call.
    perMessageDeflate: false,
    maxPayload: settings.maxMessageBytes,
    closeTimeout: CLOSE_MS,
  };
  return limits;
}

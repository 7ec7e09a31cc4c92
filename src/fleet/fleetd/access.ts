import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isLocal } from '../../contract/local-start.ts';
import type { Settings } from '../../contract/settings.ts';
import { sameSecret } from '../../kit/ids.ts';
import { errorReply, type Reply } from './http.ts';

/**
 * Whether the asker may use the API: with one of the keys, or, in development, from this machine. Without any key
 * configured nobody else may. Undefined: yes.
 */
export function refusedAccess(
  headers: IncomingHttpHeaders,
  settings: Pick<Settings, 'apiKeys' | 'mode'>,
): Reply | undefined {
  const given = /^Bearer +(\S+)\s*$/i.exec(headers.authorization ?? '')?.[1];
  // Every key is tried to the end, so that the time taken does not tell which one fits.
  let known = false;
  for (const key of settings.apiKeys) known = sameSecret(hash(given ?? ''), hash(key)) || known;
  if (known && given !== undefined) return undefined;
  if (
    settings.mode === 'development' &&
    given === undefined &&
    isLocal({ headers, peerAddress: undefined })
  ) {
    return undefined;
  }
  const message =
    settings.apiKeys.length === 0
      ? 'No API key is configured on this host (CXBCORE_API_KEYS), so nobody may use this.'
      : 'Send one of the API keys of this host: Authorization: Bearer KEY.';
  return errorReply('unauthorized', message, { headers: { 'WWW-Authenticate': 'Bearer' } });
}

/** Compared by hash, so that not even the length of a key shows in the time taken. */
function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

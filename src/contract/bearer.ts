import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { sameSecret } from '../kit/ids.ts';

/** What a request says of itself: with one of our keys, with something else, or with nothing. */
export type BearerVerdict = 'known' | 'unknown' | 'none';

/** Checks `Authorization: Bearer KEY` against the keys; several are valid at once while they are rotated. */
export function checkBearer(headers: IncomingHttpHeaders, keys: readonly string[]): BearerVerdict {
  const given = /^Bearer +(\S+)\s*$/i.exec(headers.authorization ?? '')?.[1];
  if (given === undefined) return headers.authorization === undefined ? 'none' : 'unknown';
  // Every key is tried to the end, so that the time taken does not tell which one fits.
  let known = false;
  for (const key of keys) known = sameSecret(digest(given), digest(key)) || known;
  return known ? 'known' : 'unknown';
}

/** Compared by hash, so that not even the length of a key shows in the time taken. */
function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';

export interface Asking {
  readonly headers: IncomingHttpHeaders;
  /** The other end of a TCP connection; undefined on a Unix socket, which only this machine can reach. */
  readonly peerAddress: string | undefined;
}

/**
 * Whether a start comes from this very machine, so that development mode can do without credentials.
 *
 * The name asked for, the page it was asked from and every proxy on the way must be local. The socket it came through
 * says nothing: web pages and tunnels reach the workers through the front, as everybody does.
 */
export function isLocal(asking: Asking): boolean {
  const { host, origin } = asking.headers;
  const forwarded = asking.headers['x-forwarded-for'];
  if (asking.peerAddress !== undefined && !isLoopbackAddress(asking.peerAddress)) return false;
  if (host === undefined || !isLocalName(hostName(host))) return false;
  if (origin !== undefined && !isLocalOrigin(origin)) return false;
  if (forwarded === undefined) return true;
  const hops = (Array.isArray(forwarded) ? forwarded.join(',') : forwarded).split(',');
  return hops.every((hop) => isLoopbackAddress(hop.trim()));
}

/** The name the reference nginx block gives its upstream, which nginx sends as Host when nothing else is set. */
const UPSTREAM = 'cxbcore_workers';

function isLocalName(name: string): boolean {
  return name === 'localhost' || name === UPSTREAM || isLoopbackAddress(name);
}

function hostName(host: string): string {
  const name = host.toLowerCase().replace(/:\d+$/, '');
  return name.startsWith('[') && name.endsWith(']') ? name.slice(1, -1) : name;
}

/** A page without an origin of its own (`null`) may come from anywhere. */
function isLocalOrigin(origin: string): boolean {
  if (!URL.canParse(origin)) return false;
  const name = hostName(new URL(origin).host);
  return name === 'localhost' || isLoopbackAddress(name);
}

export function isLoopbackAddress(address: string): boolean {
  const plain = address.toLowerCase().replace(/^::ffff:/, '');
  if (isIP(plain) === 4) return plain.startsWith('127.');
  return isIP(plain) === 6 && plain === '::1';
}

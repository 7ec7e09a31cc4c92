import type { IncomingMessage } from 'node:http';
import type { ErrorCode } from '../contract/errors.ts';
import { type Answer, errorAnswer } from './answer.ts';

/** What is wrong with a WebSocket handshake; checked before the seat is claimed, so that a malformed one never holds it. */
export function handshakeFault({ headers }: IncomingMessage): readonly [Answer, ErrorCode] | undefined {
  if (headers.upgrade?.toLowerCase() !== 'websocket') {
    const more = { headers: { Upgrade: 'websocket' } };
    return [
      errorAnswer('upgrade_required', 'This path takes WebSocket connections only.', more),
      'upgrade_required',
    ];
  }
  if (!/^[+/0-9A-Za-z]{22}==$/.test(headers['sec-websocket-key'] ?? '')) {
    return [errorAnswer('bad_handshake', 'Sec-WebSocket-Key is missing or malformed.'), 'bad_handshake'];
  }
  if (headers['sec-websocket-version'] !== '13') {
    const more = { headers: { 'Sec-WebSocket-Version': '13' } };
    return [errorAnswer('bad_handshake', 'Sec-WebSocket-Version must be 13.', more), 'bad_handshake'];
  }
  return undefined;
}

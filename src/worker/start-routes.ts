import type { IncomingMessage } from 'node:http';
import type { ErrorCode } from '../contract/errors.ts';
import { START_POSTS } from '../contract/front-answers.ts';
import { parseMediaPath, shownPath } from '../contract/media-path.ts';
import { SOCKET_CARRIERS } from '../contract/states.ts';
import { type Answer, errorAnswer } from './answer.ts';
import { CONTINUE } from './requests.ts';

export function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?', 1)[0] ?? '';
}

export function isPost(path: string): boolean {
  return path === CONTINUE || START_POSTS.some((post) => post === path);
}

/** Only paths we know become labels: whoever may ask could otherwise fill the metrics with names. */
export function routeOf(path: string): string {
  if (isPost(path)) return path;
  const media = parseMediaPath(path);
  if (!media || !SOCKET_CARRIERS.some((known) => known === media.carrier)) return 'other';
  return `/media/${media.carrier}${media.reserved === undefined ? '' : '/r'}`;
}

/** What a request on a socket of starts is told that is none. */
export function notAStart(method: string, path: string): readonly [Answer, ErrorCode] {
  if (isPost(path)) {
    const headers = { Allow: 'POST' };
    return [
      errorAnswer('method_not_allowed', 'A call is started here with POST.', { headers }),
      'method_not_allowed',
    ];
  }
  if (routeOf(path) === 'other')
    return [errorAnswer('not_found', `There is nothing at ${shownPath(path)} on this socket.`), 'not_found'];
  if (method === 'GET' || method === 'HEAD') {
    const headers = { Upgrade: 'websocket' };
    return [
      errorAnswer('upgrade_required', 'This path takes WebSocket connections only.', { headers }),
      'upgrade_required',
    ];
  }
  const headers = { Allow: 'GET' };
  return [
    errorAnswer('method_not_allowed', 'This path takes WebSocket upgrades with GET.', { headers }),
    'method_not_allowed',
  ];
}

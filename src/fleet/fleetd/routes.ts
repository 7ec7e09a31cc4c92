import { ERRORS } from '../../contract/errors.ts';
import { FRONT_ANSWERS } from '../../contract/front-answers.ts';
import type { Asked, Handler, Reply } from './http.ts';
import { errorReply } from './http.ts';

/** A path with its parameters taken out, and who answers it by method. */
export interface RouteEntry {
  readonly method: 'GET' | 'POST';
  /** Segments in braces match one segment, such as `/api/calls/{id}`. */
  readonly path: string;
  readonly handle: (asked: Asked, parameters: Readonly<Record<string, string>>) => ReturnType<Handler>;
}

/** The one place that decides who answers a request; `otherwise` answers paths that are in no table. */
export function router(
  routes: readonly RouteEntry[],
  otherwise?: (asked: Asked) => ReturnType<Handler> | undefined,
): Handler {
  return (asked) => {
    const matching = routes.flatMap((route) => {
      const parameters = matched(route.path, asked.path);
      return parameters ? [{ route, parameters }] : [];
    });
    const method = asked.method === 'HEAD' ? 'GET' : asked.method;
    const found = matching.find(({ route }) => route.method === method);
    if (found) return found.route.handle(asked, found.parameters);
    if (matching.length > 0) return wrongMethod(matching.map(({ route }) => route.method));
    return otherwise?.(asked) ?? notFound();
  };
}

function matched(pattern: string, path: string): Readonly<Record<string, string>> | undefined {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [i, part] of wanted.entries()) {
    const value = given[i] ?? '';
    const [, name] = /^\{(\w+)\}$/.exec(part) ?? [];
    if (name === undefined ? part !== value : value === '') return undefined;
    if (name !== undefined) parameters[name] = value;
  }
  return parameters;
}

function wrongMethod(methods: readonly string[]): Reply {
  const allowed = methods.join(', ');
  return errorReply('method_not_allowed', `This path takes ${allowed}.`, { headers: { Allow: allowed } });
}

function notFound(): Reply {
  return { status: ERRORS.not_found.status, body: FRONT_ANSWERS.notFound.body };
}

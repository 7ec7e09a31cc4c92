import { z } from 'zod';
import { callAnswer, callsAnswer, callsQuery, hungUpAnswer } from '../../src/contract/calls-answers.ts';
import type { ErrorCode } from '../../src/contract/errors.ts';
import { ROUTES } from '../../src/contract/routes.ts';
import { acceptedAnswer, duplicateAnswer } from '../../src/contract/starts/bodies.ts';
import { START_BODIES } from '../../src/contract/starts/read.ts';
import { anyError, CALLS, failures, json, type Node, nameOf, ref, STARTS } from './openapi-parts.ts';
import { textOf } from './source.ts';

const NAMED: readonly z.ZodType[] = [
  ...Object.values(START_BODIES),
  acceptedAnswer,
  duplicateAnswer,
  callAnswer,
  callsAnswer,
  hungUpAnswer,
  anyError,
];

function means(method: string, path: string): string {
  const shown = path.replaceAll(/\{(\w+)\}/g, '<$1>');
  const route = ROUTES.find((one) => one.method === method && one.path === shown && one.socket !== 'control');
  if (!route) throw new Error(`${method} ${path} is described here and is no route of ours`);
  return route.means;
}

function start(path: keyof typeof START_BODIES): Node {
  return {
    post: {
      tags: ['starts'],
      operationId: path.slice(1).replace('/', '_'),
      summary: means('POST', path),
      // A dispatch carries the id that LiveKit gave the call, and the header may only repeat it.
      parameters: [ref('parameters', 'IdempotencyKey')],
      requestBody: { required: true, content: json(ref('schemas', nameOf(START_BODIES[path]))) },
      responses: {
        '200': {
          description: 'The same start was made before; no second call begins.',
          content: json(ref('schemas', nameOf(duplicateAnswer))),
        },
        '202': {
          description: 'The call is promised; what becomes of it is found at `status_url`.',
          content: json(ref('schemas', nameOf(acceptedAnswer))),
        },
        ...failures(STARTS),
      },
    },
  };
}

interface Question {
  readonly path: string;
  /** Where its meaning stands, when the table of routes has it under another path. */
  readonly as?: string;
  readonly method?: 'GET' | 'POST';
  readonly id: string;
  readonly parameters?: readonly string[];
  readonly status?: 200 | 202;
  readonly content: Node;
  readonly codes: readonly ErrorCode[];
}

function question(asked: Question): [string, Node] {
  const { path, as = path, method = 'GET', id, parameters = [], status = 200, content, codes } = asked;
  const operation = {
    tags: ['calls'],
    operationId: id,
    summary: means(method, as),
    parameters: parameters.map((name) => ref('parameters', name)),
    responses: {
      [status]: { description: status === 200 ? 'Found.' : 'It is being ended.', content },
      ...failures(codes),
    },
  };
  return [path, { [method.toLowerCase()]: operation }];
}

const CALL = json(ref('schemas', nameOf(callAnswer)));
const EVENTS: Node = {
  'text/event-stream': {
    schema: {
      type: 'string',
      description: 'Events `state`, `event`, `said`, `unsaid` and, as the last one, `end`.',
    },
  },
};
const FOUND: readonly ErrorCode[] = [...CALLS, 'not_found'];
const FLEET = '/api/fleets/{fleet}/calls/{id}';

const QUESTIONS: readonly Question[] = [
  {
    path: '/api/calls',
    id: 'calls',
    parameters: ['State', 'Agent', 'Carrier', 'Limit', 'Cursor'],
    content: json(ref('schemas', nameOf(callsAnswer))),
    codes: [...CALLS, 'bad_request'],
  },
  { path: '/api/calls/{id}', id: 'call', parameters: ['Id'], content: CALL, codes: FOUND },
  {
    path: '/api/calls/{id}/events',
    id: 'call_events',
    parameters: ['Id', 'LastEventId'],
    content: EVENTS,
    codes: FOUND,
  },
  {
    path: '/api/calls/{id}/hangup',
    method: 'POST',
    id: 'call_hangup',
    parameters: ['Id'],
    status: 202,
    content: json(ref('schemas', nameOf(hungUpAnswer))),
    codes: FOUND,
  },
  { path: FLEET, id: 'fleet_call', parameters: ['Fleet', 'Id'], content: CALL, codes: FOUND },
  {
    path: `${FLEET}/events`,
    as: '/api/calls/{id}/events',
    id: 'fleet_call_events',
    parameters: ['Fleet', 'Id', 'LastEventId'],
    content: EVENTS,
    codes: FOUND,
  },
];

const text = (name: string, where: 'path' | 'header', description: string): Node => ({
  name,
  in: where,
  required: where === 'path',
  description,
  schema: { type: 'string' },
});

/** The members of a query, each as a parameter named by its capital. */
function queryParameters(query: z.ZodObject): Node {
  const { properties = {} } = z.toJSONSchema(query, { target: 'draft-2020-12', io: 'input' });
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]) => {
      const { description, ...schema } = property as Node;
      const title = name.charAt(0).toUpperCase() + name.slice(1);
      return [title, { name, in: 'query', required: false, description, schema }];
    }),
  );
}

/** A schema with a name of its own comes as a reference to the one definition beside it; that one is wanted. */
function schemaOf(schema: z.ZodType): Node {
  const { $defs = {} } = z.toJSONSchema(schema, { target: 'draft-2020-12' });
  const { id: _name, ...made } = $defs[nameOf(schema)] ?? {};
  return made;
}

/** The starts and the calls API as OpenAPI 3.1, from the schemas that starts are checked with and answers are tested against. */
export function openApi(): string {
  const { version } = JSON.parse(textOf('package.json')) as { version: string };
  const page = {
    openapi: '3.1.0',
    info: {
      title: 'CXB Core',
      version,
      description: 'Starting calls by request, and asking what became of them.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ key: [] }],
    tags: [
      { name: 'starts', description: 'Each answers at once; what becomes of the call comes later.' },
      { name: 'calls', description: 'What became of a call, live and afterwards.' },
    ],
    paths: Object.fromEntries([
      ...(Object.keys(START_BODIES) as (keyof typeof START_BODIES)[]).map((path) => [path, start(path)]),
      ...QUESTIONS.map(question),
    ]),
    components: {
      securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'One of CXBCORE_API_KEYS.' } },
      parameters: {
        Id: text('id', 'path', 'The call id.'),
        Fleet: text('fleet', 'path', 'The fleet that has the call, as in `status_url`.'),
        LastEventId: text(
          'Last-Event-ID',
          'header',
          'The last event that was got; what came after it follows.',
        ),
        IdempotencyKey: text('Idempotency-Key', 'header', 'Another way to give the call id.'),
        ...queryParameters(callsQuery),
      },
      schemas: Object.fromEntries(NAMED.map((schema) => [nameOf(schema), schemaOf(schema)])),
    },
  };
  return `${JSON.stringify(page, null, 2)}\n`;
}

import { z } from 'zod';
import { LOG_LEVELS } from '../../kit/log.ts';
import { number, oneOf, optionalText, type Setting, text, withDefault } from './kinds.ts';

/** What a host and its workers are, and how long their steps may take. */
export const HOST_SETTINGS = {
  maxConcurrentCalls: {
    env: 'MAX_CONCURRENT_CALLS',
    read: z
      .optional(text)
      .refine(
        (value) => value === undefined || value === '1',
        'must be 1: a worker carries one call; raise CXBCORE_WORKERS for more calls',
      )
      .transform(() => 1),
    unit: 'count',
    shownDefault: '1',
    means: 'Calls per worker. One call per process is the design, so any other value is refused.',
  },
  workers: number('CXBCORE_WORKERS', 16, 'count', 'How many workers this host runs; each carries one call.', {
    max: 1024,
  }),
  socket: optionalText(
    'CXBCORE_SOCKET',
    'The Unix socket of this worker, such as /tmp/cxbcore_3.sock. Absent: TCP mode.',
  ),
  host: withDefault('CXBCORE_HOST', '127.0.0.1', 'The address of TCP mode.'),
  port: number('CXBCORE_PORT', 8001, 'count', 'The port of TCP mode.', { max: 65535 }),
  logLevel: {
    env: 'LOG_LEVEL',
    read: z
      .optional(
        text
          .toLowerCase()
          .transform((level) => (level === 'warn' ? 'warning' : level === 'fatal' ? 'critical' : level))
          .pipe(z.enum(LOG_LEVELS)),
      )
      .transform((value) => value ?? 'info'),
    shownDefault: 'info',
    means: `How much is logged. One of: ${LOG_LEVELS.join(', ')}.`,
  } satisfies Setting<(typeof LOG_LEVELS)[number]>,
  mode: oneOf(
    'CXBCORE_MODE',
    ['production', 'development'],
    'production',
    'In development, starts from this machine need no credentials.',
  ),
  socketDir: withDefault('CXBCORE_SOCKET_DIR', '/tmp', 'The folder of all sockets of this host.'),
  dataDir: {
    env: 'CXBCORE_DATA_DIR',
    read: z.optional(text.min(1)),
    shownDefault: './data in development, /var/lib/cxbcore in production',
    means: 'Where journals, records and messages are kept.',
  } satisfies Setting<string | undefined>,
  fleet: optionalText('CXBCORE_FLEET', "The name of this host's fleet; the host name when absent."),
  httpPort: number('CXBCORE_HTTP_PORT', 8080, 'count', 'The port of the front.', { max: 65535 }),
  supervised: optionalText(
    'CXBCORE_SUPERVISED',
    'Set by `cxbcore up` for its workers, and by nobody else: the worker drains when its standard input ends, because whoever watched it is gone, and leaves the records of dead workers to its supervisor.',
  ),
  recycleMb: number(
    'CXBCORE_RECYCLE_MB',
    400,
    'MiB',
    'A worker whose own share of memory has grown past this is replaced between two calls, one at a time on a host. 0: never.',
    { min: 0 },
  ),
  recycleCalls: number(
    'CXBCORE_RECYCLE_CALLS',
    0,
    'count',
    'A worker that has carried so many calls is replaced between two calls, one at a time on a host. 0: never.',
    { min: 0 },
  ),
  drainS: number('CXBCORE_DRAIN_S', 3660, 's', 'How long a draining worker waits for its call.'),
  warmUpS: number(
    'CXBCORE_WARM_UP_S',
    90,
    's',
    'How long each stage of a warm-up may take; one that takes longer has failed, and is tried again.',
  ),
  turnS: number(
    'CXBCORE_TURN_S',
    180,
    's',
    'How long a worker waits until other workers of its host have warmed up, before it goes ahead beside them.',
  ),
  resetMs: number(
    'CXBCORE_RESET_MS',
    5000,
    'ms',
    'How long the engines may take after a call to be as they were before it; a worker whose engines take longer is replaced.',
  ),
} as const;

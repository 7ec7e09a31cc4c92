import { isIP } from 'node:net';
import { z } from 'zod';
import { number, oneOf, optionalAddress, optionalText, type Setting, text, withDefault } from './kinds.ts';

/** An address and a port to listen on; a type of its own kind, because a journal holds the settings as JSON. */
export type ListenAddress = { readonly host: string; readonly port: number };

const listenAddress = text.transform((value, context): ListenAddress | 'off' => {
  if (value.toLowerCase() === 'off') return 'off';
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(value) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined || isIP(host) === 0 || port > 65_535) {
    context.addIssue({
      code: 'custom',
      message: 'must be an IP address and a port such as 127.0.0.1:8081, or "off"',
    });
    return z.NEVER;
  }
  return { host, port };
});

/** The always-free process of a host: what it listens on, whom it believes, and when it steps in. */
export const FLEETD_SETTINGS = {
  checkListen: {
    env: 'CXBCORE_CHECK_LISTEN',
    read: z
      .optional(listenAddress)
      .transform((value): ListenAddress | 'off' => value ?? { host: '127.0.0.1', port: 8081 }),
    shownDefault: '127.0.0.1:8081',
    means: 'Where the ingress asks how many calls this host takes (HAProxy agent-check), or off.',
  } satisfies Setting<ListenAddress | 'off'>,
  startUrl: optionalAddress(
    'CXBCORE_START_URL',
    'Where calls that this host dispatches are started: the front of this host when absent, the ingress when there is one.',
  ),
  guardAwayMs: number(
    'CXBCORE_GUARD_AWAY_MS',
    1000,
    'ms',
    'A free worker silent for this long is taken out of rotation.',
  ),
  guardFreeMs: number('CXBCORE_GUARD_FREE_MS', 2000, 'ms', 'A free worker silent for this long is killed.'),
  guardCallMs: number(
    'CXBCORE_GUARD_CALL_MS',
    10_000,
    'ms',
    'A worker with a call that is silent for this long is killed.',
  ),
  maxStreams: number(
    'CXBCORE_MAX_STREAMS',
    64,
    'count',
    'How many calls may be followed at once over the API.',
  ),
  dispatchS: number(
    'CXBCORE_DISPATCH_S',
    20,
    's',
    'How long a caller who rings over LiveKit is tried to be given a seat; shorter than it rings.',
    { max: 600 },
  ),
  dispatchBusy: oneOf(
    'CXBCORE_DISPATCH_BUSY',
    ['nobody', 'remove', 'announce'],
    'nobody',
    'Who tells a caller over LiveKit that no seat became free in time: nobody (it rings on until the trunk gives up), fleetd, which removes them, so that they hear busy, or an announcement that answers, is heard, and hangs up. Whoever had been answered already, and whose worker died, is hung up in any case.',
  ),
  busyText: withDefault(
    'CXBCORE_BUSY_TEXT',
    'We are sorry, all lines are busy at the moment. Please call again in a few minutes. Goodbye.',
    'What the announcement says, in English, in the voice of the device.',
  ),
  busyWav: optionalText(
    'CXBCORE_BUSY_WAV',
    'A recording that is played in place of that text: a WAV file of one channel, 8 or 16 bits, mu-law or A-law.',
  ),
  busyMost: number(
    'CXBCORE_BUSY_MOST',
    2,
    'count',
    'How many callers may be listening to the announcement at once, each a process of about 120 MB; others hear busy.',
    { max: 64 },
  ),
  busyS: number(
    'CXBCORE_BUSY_S',
    30,
    's',
    'How long an announcement may take in all, from its process to the hang-up.',
    { max: 110 },
  ),
} as const;

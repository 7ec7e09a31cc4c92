import { readSettings } from '../contract/settings.ts';
import { SOCKET_CARRIERS, type SocketCarrierName } from '../contract/states.ts';
import { issueToken } from '../contract/token.ts';
import { realClock } from '../kit/clock.ts';
import { type Command, UsageError } from './command.ts';

/** Long enough for a carrier to fetch its instructions and to connect. */
const DEFAULT_S = 300;
/** A day: a token is for one call that is about to start. */
const MAX_S = 86_400;

export const token: Command = {
  name: 'token',
  summary: 'Print a one-use token that lets one media connection start one call',
  description:
    'Signs a token with the first key of CXBCORE_TOKEN_KEYS and prints it. Whoever holds it can start one call over ' +
    'the named carrier until it expires. Keys are never taken from the command line, where other users could read them.',
  examples: [
    { run: 'cxbcore token', means: 'a token for plain audio, good for five minutes' },
    {
      run: 'cxbcore token --carrier twilio --agent clinic --expires 60',
      means: 'a token for the <Parameter name="token"> of one Twilio stream',
    },
  ],
  options: [
    { flags: '--carrier <name>', means: `for which carrier: ${SOCKET_CARRIERS.join(', ')}`, default: 'pcm' },
    { flags: '--agent <name>', means: 'the agent of that call; the start cannot choose another one' },
    { flags: '--call-id <id>', means: 'the id of that call; the start cannot choose another one' },
    {
      flags: '--expires <seconds>',
      means: `seconds until it expires, at most ${MAX_S}`,
      default: String(DEFAULT_S),
    },
    { flags: '--json', means: 'print the token and what it is good for as JSON' },
  ],
  async run({ options, io }) {
    const carrier = carrierOf(options['carrier'] ?? 'pcm');
    const expiresS = secondsOf(options['expires'] ?? String(DEFAULT_S));
    const agent = textOf(options['agent']);
    const callId = textOf(options['callId']);
    const [key] = readSettings(io.env, '').tokenKeys;
    if (key === undefined) {
      io.err(
        'CXBCORE_TOKEN_KEYS is not set: there is no key to sign a token with. Set it to a long random text, the same on every host.\n',
      );
      return 'settings';
    }
    const expiresAtMs = realClock.wall() + expiresS * 1000;
    const claims = { carrier, expiresAtMs, ...(agent ? { agent } : {}), ...(callId ? { callId } : {}) };
    let text: string;
    try {
      text = issueToken(claims, key);
    } catch (error) {
      if (error instanceof RangeError) throw new UsageError(error.message);
      throw error;
    }
    const shown = {
      token: text,
      carrier,
      ...(agent ? { agent } : {}),
      ...(callId ? { call_id: callId } : {}),
      expires_at: new Date(expiresAtMs).toISOString(),
    };
    io.out(options['json'] ? `${JSON.stringify(shown)}\n` : `${text}\n`);
    return 'ok';
  },
};

function carrierOf(name: unknown): SocketCarrierName {
  const carrier = SOCKET_CARRIERS.find((known) => known === name);
  if (!carrier) throw new UsageError(`--carrier ${String(name)}: there is ${SOCKET_CARRIERS.join(' and ')}`);
  return carrier;
}

function secondsOf(text: unknown): number {
  const seconds = typeof text === 'string' && /^\d+$/.test(text) ? Number(text) : 0;
  if (seconds < 1 || seconds > MAX_S)
    throw new UsageError(`--expires ${String(text)}: whole seconds from 1 to ${MAX_S}`);
  return seconds;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

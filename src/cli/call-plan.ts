import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { readSettings } from '../contract/settings.ts';
import { issueToken } from '../contract/token.ts';
import type { Clock } from '../kit/clock.ts';
import {
  type CallerScript,
  CallerScriptError,
  KEY_GAP_MS,
  LISTEN_LIMIT_S,
  parseCallerScript,
  QUIET_MS,
  type Step,
} from '../sim/caller-script.ts';
import type { CallPlan } from '../sim/place-call.ts';
import { type CommandInput, UsageError } from './command.ts';

type Options = CommandInput['options'];

/** Long enough for a start that is repeated once, short enough to be of no use to a thief. */
const TOKEN_S = 60;

/** The plan of `cxbcore call`, from its command line and the environment; secrets come from the latter only. */
export function callPlan(
  { arguments: words, options, io }: Pick<CommandInput, 'arguments' | 'options' | 'io'>,
  clock: Clock,
): CallPlan {
  const { apiKeys, twilioAuthTokens, tokenKeys, publicUrl, httpPort } = readSettings(io.env, '');
  const url = textOf(options, 'url') ?? words[0] ?? `http://127.0.0.1:${httpPort}`;
  if (!/^(https?|wss?|ws\+unix):/.test(url))
    throw new UsageError(`${url}: an address begins with http://, https://, ws:// or wss://`);
  const protocol = protocolOf(textOf(options, 'protocol'), url);
  const agent = textOf(options, 'agent');
  const [tokenKey] = tokenKeys;
  const credentials = {
    ...optional('apiKey', apiKeys[0]),
    ...optional('twilioAuthToken', twilioAuthTokens[0]),
    ...optional('publicUrl', publicUrl),
    ...(protocol === 'twilio' && tokenKey !== undefined
      ? {
          mediaToken: issueToken(
            { carrier: 'twilio', expiresAtMs: clock.wall() + TOKEN_S * 1000, ...optional('agent', agent) },
            tokenKey,
          ),
        }
      : {}),
  };
  return {
    url,
    protocol,
    credentials,
    ...optional('agent', agent),
    ...optional('callId', textOf(options, 'callId')),
    ...optional('from', textOf(options, 'from')),
    ...optional('to', textOf(options, 'to')),
  };
}

/** What the caller does: a file, or recordings, sentences and keys in this order, each answered before the next. */
export async function callScript(
  options: Options,
): Promise<{ readonly script: CallerScript; readonly folder: string }> {
  const file = textOf(options, 'script');
  const bargeInMs = numberOf(options, 'bargeIn');
  const acts: Step[] = [
    ...manyOf(options, 'play').map((path): Step => ({ do: 'play', files: [path], text: path })),
    ...manyOf(options, 'say').map((text): Step => ({ do: 'say', text })),
    ...manyOf(options, 'keys').map((keys): Step => ({ do: 'keys', keys: keypad(keys), gapMs: KEY_GAP_MS })),
  ];
  if (file !== undefined) {
    if (acts.length > 0 || bargeInMs !== undefined)
      throw new UsageError(
        '--script says all that the caller does: leave out --say, --play, --keys and --barge-in',
      );
    return { script: await readScript(file), folder: dirname(resolve(file)) };
  }
  if (bargeInMs !== undefined && acts.length === 0)
    throw new UsageError('--barge-in needs something to interrupt with: --say, --play or --keys');
  const listen: Step = { do: 'listen', quietMs: QUIET_MS, limitS: LISTEN_LIMIT_S };
  const steps = acts.flatMap((act, i): Step[] =>
    i === 0 && bargeInMs !== undefined
      ? [{ ...act, bargeInMs } as Step, listen]
      : i === 0
        ? [listen, act, listen]
        : [act, listen],
  );
  if (acts.length === 0) steps.push(listen);
  // With an end to wait for, the caller stays on the line instead of hanging up.
  if (textOf(options, 'expectEnd') === undefined) steps.push({ do: 'hangUp' });
  return { script: { steps }, folder: process.cwd() };
}

async function readScript(file: string): Promise<CallerScript> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new UsageError(
      `--script ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  try {
    return parseCallerScript(text);
  } catch (error) {
    if (error instanceof CallerScriptError) throw new UsageError(`--script ${file}: ${error.message}`);
    throw error;
  }
}

function protocolOf(given: string | undefined, url: string): 'twilio' | 'pcm' {
  const named = given ?? /\/media\/(twilio|pcm)\b/.exec(url)?.[1] ?? 'twilio';
  if (named !== 'twilio' && named !== 'pcm')
    throw new UsageError(`--protocol ${named}: there is twilio and pcm`);
  return named;
}

function keypad(keys: string): string {
  if (!/^[0-9*#]+$/.test(keys)) throw new UsageError(`--keys ${keys}: keys are 0-9, * and #`);
  return keys;
}

export function textOf(options: Options, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

export function manyOf(options: Options, name: string): readonly string[] {
  const value = options[name];
  return Array.isArray(value) ? value.map(String) : typeof value === 'string' ? [value] : [];
}

function numberOf(options: Options, name: string): number | undefined {
  const text = textOf(options, name);
  if (text === undefined) return undefined;
  if (!/^\d{1,6}$/.test(text))
    throw new UsageError(
      `--${name.replaceAll(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)} ${text}: a whole number of milliseconds`,
    );
  return Number(text);
}

function optional<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]?: V });
}

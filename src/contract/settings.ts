import type { z } from 'zod';
import { ACCESS_SETTINGS } from './settings/access.ts';
import { CALL_SETTINGS } from './settings/calls.ts';
import { FLEETD_SETTINGS } from './settings/fleetd.ts';
import { FRONT_SETTINGS } from './settings/front.ts';
import { HOST_SETTINGS } from './settings/host.ts';
import type { Setting } from './settings/kinds.ts';
import { LIVEKIT_SETTINGS } from './settings/livekit.ts';
import { MODEL_SETTINGS } from './settings/models.ts';
import { START_SETTINGS } from './settings/starts.ts';

/**
 * Every setting. `docs/reference/settings.md` is made from this table, in its order. Nothing else in the code reads
 * the environment.
 */
export const SETTINGS = {
  ...HOST_SETTINGS,
  ...ACCESS_SETTINGS,
  ...FRONT_SETTINGS,
  ...START_SETTINGS,
  ...CALL_SETTINGS,
  ...FLEETD_SETTINGS,
  ...LIVEKIT_SETTINGS,
  ...MODEL_SETTINGS,
} as const;

type Table = typeof SETTINGS;
type Parsed = { readonly [K in keyof Table]: z.output<Table[K]['read']> };

/** Settings with the values that depend on others filled in. */
export interface Settings extends Omit<Parsed, 'dataDir' | 'fleet'> {
  readonly dataDir: string;
  readonly fleet: string;
}

/** All wrong settings at once, each with its name and what would be right. */
export class SettingsError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      `${problems.length === 1 ? 'A setting is' : `${problems.length} settings are`} wrong:\n${problems.map((p) => `  ${p}`).join('\n')}`,
    );
    this.name = 'SettingsError';
    this.problems = problems;
  }
}

/**
 * Reads the settings from an environment.
 * @throws SettingsError naming every wrong setting, never a secret's value
 */
export function readSettings(env: Readonly<Record<string, string | undefined>>, hostName: string): Settings {
  const problems: string[] = [];
  const parsed: Record<string, unknown> = {};
  for (const [key, setting] of Object.entries(SETTINGS) as [string, Setting<unknown>][]) {
    const value = env[setting.env];
    const result = setting.read.safeParse(value === '' ? undefined : value);
    if (result.success) parsed[key] = result.data;
    else
      problems.push(
        `${setting.env}${setting.secret ? '' : `=${value}`}: ${result.error.issues.map((issue) => issue.message).join('; ')}`,
      );
  }
  const settings = parsed as Parsed;
  if (problems.length === 0) problems.push(...contradictions(settings));
  if (problems.length > 0) throw new SettingsError(problems);
  return {
    ...settings,
    dataDir: settings.dataDir ?? (settings.mode === 'development' ? './data' : '/var/lib/cxbcore'),
    fleet: settings.fleet ?? hostName,
  };
}

/** Settings that are each fine and do not fit together. */
function contradictions(settings: Parsed): string[] {
  const problems: string[] = [];
  if (settings.goodbyeS >= settings.maxCallS)
    problems.push('CXBCORE_GOODBYE_S must be less than CXBCORE_MAX_CALL_S');
  if (settings.maxCallS > settings.drainS)
    problems.push('CXBCORE_MAX_CALL_S must not exceed CXBCORE_DRAIN_S, or a drain would cut calls short');
  if ((settings.tlsCertificate === undefined) !== (settings.tlsKey === undefined))
    problems.push('CXBCORE_TLS_CERTIFICATE and CXBCORE_TLS_KEY must be set together');
  if (settings.pingS >= settings.aliveS)
    problems.push('CXBCORE_PING_S must be less than CXBCORE_ALIVE_S, or quiet lines would count as gone');
  if (settings.mode === 'production' && settings.twilioAuthTokens.length > 0 && !settings.publicUrl) {
    problems.push(
      'CXBCORE_PUBLIC_URL is required in production with TWILIO_AUTH_TOKEN: signatures are computed from it',
    );
  }
  problems.push(...livekitContradictions(settings));
  return problems;
}

function livekitContradictions(settings: Parsed): string[] {
  const { livekitUrl, livekitApiKeys: keys, livekitApiSecrets: secrets } = settings;
  const problems: string[] = [];
  if (livekitUrl !== undefined && (keys.length === 0 || secrets.length === 0))
    problems.push('LIVEKIT_URL needs LIVEKIT_API_KEY and LIVEKIT_API_SECRET');
  if (keys.length > 1 && keys.length !== secrets.length)
    problems.push('LIVEKIT_API_KEY and LIVEKIT_API_SECRET must have as many values as each other');
  return problems;
}

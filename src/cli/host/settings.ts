import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { parseEnvFile } from '../../contract/env-file.ts';
import { readSettings, type Settings } from '../../contract/settings.ts';
import { type CommandInput, type CommandIo, UsageError } from '../command.ts';

type Env = Readonly<Record<string, string | undefined>>;
type Input = Pick<CommandInput, 'options' | 'io'>;

/** The settings of the host on this machine, and where they come from. */
export interface HostSettings {
  readonly settings: Settings;
  readonly env: Env;
  /** Folders that calls of this host may have left their journals in, the likeliest first. */
  readonly dataDirs: readonly string[];
}

/**
 * The settings as the workers of this host have them: the file systemd reads, then the environment, then the command
 * line.
 * @throws SettingsError, UsageError
 */
export function hostSettings(input: Input): HostSettings {
  const env = hostEnv(input);
  const settings = readSettings(env, hostname());
  return {
    settings: { ...settings, socketDir: resolve(settings.socketDir), dataDir: resolve(settings.dataDir) },
    env,
    dataDirs: dataDirs(env, settings),
  };
}

/** The environment of the workers of this host, before anything in it is checked. */
export function hostEnv({ options, io }: Input): Env {
  const given = (option: string, name: string): Env => {
    const value = options[option];
    return typeof value === 'string' ? { [name]: value } : {};
  };
  return {
    ...fileEnv(options['settings'], io),
    ...Object.fromEntries(Object.entries(io.env).filter(([, value]) => value !== undefined && value !== '')),
    ...given('socketDir', 'CXBCORE_SOCKET_DIR'),
    ...given('workers', 'CXBCORE_WORKERS'),
    ...given('dataDir', 'CXBCORE_DATA_DIR'),
    ...given('port', 'CXBCORE_HTTP_PORT'),
  };
}

function fileEnv(file: unknown, io: CommandIo): Env {
  if (typeof file !== 'string' || !existsSync(file)) return {};
  try {
    return parseEnvFile(readFileSync(file, 'utf8'));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    io.err(`${file} cannot be read (${why}): what it sets is not known here; try sudo -u cxbcore\n`);
    return {};
  }
}

/** `cxbcore up` keeps its data elsewhere than a host in production does, and nobody wants to say which it was. */
function dataDirs(env: Env, settings: Settings): string[] {
  if (env['CXBCORE_DATA_DIR']) return [resolve(settings.dataDir)];
  return [...new Set([resolve('data'), resolve(settings.dataDir)])];
}

/** Seat numbers from the command line; none: all seats of the host. @throws UsageError */
export function seatNumbers(words: readonly string[], workers: number): number[] {
  if (words.length === 0) return Array.from({ length: workers }, (_, i) => i + 1);
  const numbers = words.map((word) => {
    const number = /^\d{1,4}$/.test(word) ? Number(word) : 0;
    if (number < 1 || number > workers)
      throw new UsageError(`${word} is no seat: this host has seats 1 to ${workers} (CXBCORE_WORKERS)`);
    return number;
  });
  return [...new Set(numbers)].sort((a, b) => a - b);
}

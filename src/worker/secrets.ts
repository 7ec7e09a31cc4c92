import { readFileSync } from 'node:fs';
import { parseEnvFile } from '../contract/env-file.ts';
import { readSettings, SETTINGS, type Settings } from '../contract/settings.ts';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Reads the secrets of `CXBCORE_ENV_FILE` again into the settings that the whole process shares; a secret that the
 * file does not name stays as it is. Everything else needs a new process.
 *
 * @throws SettingsError, or the file system's error; nothing has changed then
 */
export function rereadSecrets(settings: Settings, env: Env): void {
  if (settings.envFile === undefined) return;
  const file = parseEnvFile(readFileSync(settings.envFile, 'utf8'));
  const names = Object.entries(SETTINGS).flatMap(([key, setting]) =>
    'secret' in setting && setting.env in file ? [[key, setting.env] as const] : [],
  );
  const newer = Object.fromEntries(names.map(([, name]) => [name, file[name]]));
  const read = readSettings({ ...env, ...newer }, settings.fleet);
  for (const [key] of names) Object.assign(settings, { [key]: read[key as keyof Settings] });
}

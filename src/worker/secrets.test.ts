import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readSettings, SettingsError } from '../contract/settings.ts';
import { rereadSecrets } from './secrets.ts';

test('secrets are read again, other settings are not, and wrong ones change nothing', () => {
  const dir = mkdtempSync(join(tmpdir(), 'cxb-secrets-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const file = join(dir, 'env');
  const env = { CXBCORE_ENV_FILE: file, CXBCORE_API_KEYS: 'the-old-key-of-16', TWILIO_AUTH_TOKEN: '' };
  const settings = readSettings(env, 'host');
  writeFileSync(
    file,
    '# rotated\nCXBCORE_API_KEYS="the-new-key-of-16,the-old-key-of-16"\nCXBCORE_WORKERS=3\n',
  );
  rereadSecrets(settings, env);
  expect(settings.apiKeys).toEqual(['the-new-key-of-16', 'the-old-key-of-16']);
  expect(settings.workers).toBe(16);
  writeFileSync(file, 'CXBCORE_API_KEYS=short\n');
  expect(() => rereadSecrets(settings, env)).toThrow(SettingsError);
  expect(settings.apiKeys).toHaveLength(2);
});

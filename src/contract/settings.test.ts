import { describe, expect, it } from 'vitest';
import { readSettings, SETTINGS, SettingsError } from './settings.ts';

const read = (env: Record<string, string>) => readSettings(env, 'host-a');

function problems(env: Record<string, string>): readonly string[] {
  try {
    read(env);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}

describe('settings', () => {
  it('have the defaults of the table', () => {
    const settings = read({});
    expect(settings).toMatchObject({
      maxConcurrentCalls: 1,
      workers: 16,
      host: '127.0.0.1',
      port: 8001,
      logLevel: 'info',
      mode: 'production',
      socketDir: '/tmp',
      fleet: 'host-a',
      dataDir: '/var/lib/cxbcore',
    });
  });

  it('keep data beside the project in development', () => {
    expect(read({ CXBCORE_MODE: 'development' }).dataDir).toBe('./data');
  });

  it('refuse more than one call per worker, with the reason', () => {
    expect(problems({ MAX_CONCURRENT_CALLS: '2' })).toEqual([
      expect.stringContaining('raise CXBCORE_WORKERS'),
    ]);
  });

  it('report everything that is wrong at once', () => {
    const wrong = problems({
      CXBCORE_WORKERS: 'many',
      CXBCORE_PORT: '70000',
      CXBCORE_MODE: 'prod',
      LOG_LEVEL: 'loud',
    });
    expect(wrong.map((problem) => problem.split('=')[0])).toEqual([
      'CXBCORE_WORKERS',
      'CXBCORE_PORT',
      'LOG_LEVEL',
      'CXBCORE_MODE',
    ]);
  });

  it('accept the level names of uvicorn and of pino', () => {
    expect(read({ LOG_LEVEL: 'WARNING' }).logLevel).toBe('warning');
    expect(read({ LOG_LEVEL: 'warn' }).logLevel).toBe('warning');
    expect(read({ LOG_LEVEL: 'critical' }).logLevel).toBe('critical');
  });

  it('take several secrets for rotation, and an empty one as none', () => {
    expect(read({ CXBCORE_API_KEYS: 'new-key-of-16-chars, old-key-of-16-chars' }).apiKeys).toEqual([
      'new-key-of-16-chars',
      'old-key-of-16-chars',
    ]);
    expect(read({ CXBCORE_API_KEYS: '' }).apiKeys).toEqual([]);
  });

  it('refuse a key of ours that can be guessed, without showing it', () => {
    expect(problems({ CXBCORE_TOKEN_KEYS: 'a-key-that-is-long-enough,short' })).toEqual([
      expect.stringContaining('at least 16 characters'),
    ]);
    expect(problems({ CXBCORE_API_KEYS: 'short' }).join()).not.toContain('=short');
  });

  it('need the public address with Twilio in production, because signatures are computed from it', () => {
    expect(problems({ TWILIO_AUTH_TOKEN: 'secret-value' })).toEqual([
      expect.stringContaining('CXBCORE_PUBLIC_URL'),
    ]);
    expect(problems({ TWILIO_AUTH_TOKEN: 'secret-value' }).join()).not.toContain('secret-value');
    expect(problems({ TWILIO_AUTH_TOKEN: 'x', CXBCORE_MODE: 'development' })).toEqual([]);
  });

  it('refuse limits that do not fit together', () => {
    expect(problems({ CXBCORE_MAX_CALL_S: '4000' })).toEqual([expect.stringContaining('CXBCORE_DRAIN_S')]);
    expect(problems({ CXBCORE_PING_S: '40' })).toEqual([expect.stringContaining('CXBCORE_ALIVE_S')]);
  });

  it('take a public address without its last slash, and nothing that is none', () => {
    expect(read({ CXBCORE_PUBLIC_URL: 'https://voice.example.com/' }).publicUrl).toBe(
      'https://voice.example.com',
    );
    expect(problems({ CXBCORE_PUBLIC_URL: 'voice.example.com' })).toEqual([
      expect.stringContaining('https://'),
    ]);
  });

  it('each say what they mean', () => {
    for (const setting of Object.values(SETTINGS)) expect(setting.means, setting.env).toMatch(/^[A-Z].*\.$/);
  });
});

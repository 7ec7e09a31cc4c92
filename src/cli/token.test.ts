import { expect, test } from 'vitest';
import { verifyToken } from '../contract/token.ts';
import { realClock } from '../kit/clock.ts';
import type { CommandIo } from './command.ts';
import { runCommandLine } from './program.ts';
import { token } from './token.ts';

async function run(
  words: readonly string[],
  env: CommandIo['env'] = { CXBCORE_TOKEN_KEYS: 'new-key-of-16-chars,old-key-of-16-chars' },
) {
  const lines = { out: '', err: '' };
  const never = new AbortController().signal;
  const io: CommandIo = {
    env,
    out: (text) => void (lines.out += text),
    err: (text) => void (lines.err += text),
    terminal: false,
    interrupted: never,
    interruptedAgain: never,
  };
  return { exit: await runCommandLine(['token', ...words], [token], '0', io), ...lines };
}

const check = (text: string, carrier: 'pcm' | 'twilio') =>
  verifyToken(text.trim(), { keys: ['new-key-of-16-chars'], carrier, nowMs: realClock.wall() });

test('a token for plain audio, signed with the first key, is all that is printed', async () => {
  const { exit, out, err } = await run([]);
  expect(exit).toBe('ok');
  expect(err).toBe('');
  expect(out).toMatch(/^[A-Za-z0-9._-]+\n$/);
  expect(check(out, 'pcm')).toMatchObject({ ok: true });
});

test('what the token is good for is printed as JSON', async () => {
  const words = ['--json', '--carrier', 'twilio', '--agent', 'clinic', '--call-id', 'c1', '--expires', '60'];
  const shown = JSON.parse((await run(words)).out) as { token: string };
  expect(shown).toMatchObject({
    carrier: 'twilio',
    agent: 'clinic',
    call_id: 'c1',
    expires_at: expect.any(String),
  });
  expect(check(shown.token, 'twilio')).toMatchObject({ ok: true, token: { agent: 'clinic', callId: 'c1' } });
});

test('without a key there is no token, and the message names the setting', async () => {
  const { exit, out, err } = await run([], {});
  expect(exit).toBe('settings');
  expect(out).toBe('');
  expect(err).toContain('CXBCORE_TOKEN_KEYS');
});

test('a carrier, time or call id that cannot be is a mistake at the keyboard', async () => {
  for (const words of [
    ['--carrier', 'fax'],
    ['--expires', '0'],
    ['--expires', '1e3'],
    ['--call-id', 'a/b'],
  ])
    expect((await run(words)).exit).toBe('usage');
});

import { expect, test } from 'vitest';
import { deathCause } from './death-cause.ts';

test.each([
  ['signal', 'killed', 'KILL', 'killed by SIGKILL'],
  ['success', 'killed', 'TERM', 'killed by SIGTERM'],
  ['exit-code', 'exited', '70', 'ended with exit code 70'],
  ['watchdog', 'killed', 'ABRT', 'killed by systemd because it gave no sign of life (SIGABRT)'],
  ['oom-kill', 'killed', 'KILL', 'killed because it used more memory than it may (SIGKILL)'],
  ['timeout', 'killed', 'KILL', 'killed by systemd because it took too long to start or stop (SIGKILL)'],
])('a worker that systemd reports as %s, %s, %s was "%s"', (result, code, status, cause) => {
  expect(deathCause({ SERVICE_RESULT: result, EXIT_CODE: code, EXIT_STATUS: status })).toBe(cause);
});

test('a death that systemd says nothing of has an unknown cause', () => {
  expect(deathCause({})).toBe('cause unknown');
});

/** How systemd names what ended a service, in words; anything else is told as it is. */
const RESULTS: Readonly<Record<string, string>> = {
  watchdog: 'killed by systemd because it gave no sign of life',
  'oom-kill': 'killed because it used more memory than it may',
  timeout: 'killed by systemd because it took too long to start or stop',
  'core-dump': 'crashed',
};

/**
 * What the environment of an ExecStopPost says of the death: SERVICE_RESULT, EXIT_CODE (exited, killed or dumped) and
 * EXIT_STATUS (the exit code, or the signal's name). A host with the older control groups sees a kill for lack of
 * memory as a plain SIGKILL.
 */
export function deathCause(env: Readonly<Record<string, string | undefined>>): string {
  const result = env['SERVICE_RESULT'] ?? '';
  const status = env['EXIT_STATUS'] ?? '';
  const how = env['EXIT_CODE'] === 'exited' ? `exit code ${status}` : `SIG${status}`;
  if (status === '') return RESULTS[result] ?? 'cause unknown';
  const words = RESULTS[result];
  if (words !== undefined) return `${words} (${how})`;
  return env['EXIT_CODE'] === 'exited' ? `ended with ${how}` : `killed by ${how}`;
}

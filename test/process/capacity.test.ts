import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { cxbcore } from '../support/cli.ts';
import { pcmCall, QUIET_AGENTS, quietHost, temporaryFolder } from '../support/host.ts';

interface Result {
  readonly safe_seats: number;
  readonly configured: number;
  readonly steps: readonly Record<string, number | null>[];
}

test('capacity measures real workers with simulated calls, and says how many seats are safe', async () => {
  const folder = temporaryFolder();
  const words = ['--socket-dir', folder, '--settings', `${folder}/none`, '--workers', '1', '--seconds', '1'];
  const asked = cxbcore(['capacity', ...words, '--agents', QUIET_AGENTS, '--agent', 'quiet', '--json']);
  await asked.exited;
  const { safe_seats: safe, configured, steps } = JSON.parse(asked.output()) as Result;
  expect(configured).toBe(1);
  expect(safe).toBeLessThanOrEqual(1);
  expect(steps.length).toBeGreaterThan(0);
  for (const step of steps) expect(step).toMatchObject({ calls: 1, underruns: 0 });
  // The quiet agent waits for its caller, who is connected all the time.
  expect(steps.some((step) => (step['call_seconds'] ?? 0) > 0 && (step['workers_cpu_s'] ?? -1) >= 0)).toBe(
    true,
  );
});

test('capacity refuses to disturb a host that carries a call', async () => {
  const host = await quietHost({ workers: 1 });
  await host.host.ready(1);
  const call = await pcmCall(host.host.port);
  writeFileSync(`${host.folder}/env`, 'CXBCORE_WORKERS=1\n');
  const words = ['--socket-dir', host.folder, '--settings', `${host.folder}/env`];
  const asked = cxbcore(['capacity', ...words]);
  expect(await asked.exited).toBe(75);
  expect(asked.output()).toContain('seat 1 of this host has a call');
  call.socket?.destroy();
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { realClock } from '../kit/clock.ts';
import { silentLog } from '../kit/log.ts';
import { waitForTurn } from './turn.ts';

function context(turnS: number) {
  const socketDir = mkdtempSync(join(tmpdir(), 'cxb-turn-'));
  onTestFinished(() => rmSync(socketDir, { recursive: true }));
  return { settings: { socketDir, turnS }, clock: realClock, log: silentLog };
}

test('a turn comes when the one before is over', async () => {
  const host = context(60);
  const first = await waitForTurn(host, 'load', 1);
  const second = waitForTurn(host, 'load', 1);
  await first?.release();
  const turn = await second;
  expect(turn).toBeDefined();
  await turn?.release();
});

test('a turn that never comes keeps nobody waiting for ever', async () => {
  const host = context(0);
  const first = await waitForTurn(host, 'load', 1);
  expect(first).toBeDefined();
  expect(await waitForTurn(host, 'load', 1)).toBeUndefined();
  await first?.release();
});

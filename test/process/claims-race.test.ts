import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { Claims } from '../../src/claims/claims.ts';
import { realClock } from '../../src/kit/clock.ts';
import { temporaryFolder } from '../support/host.ts';

const TAKER = fileURLToPath(new URL('../fixtures/claim-taker.mjs', import.meta.url));

interface Taker {
  readonly child: ChildProcess;
  readonly said: (line: number) => Promise<string>;
  readonly exited: Promise<unknown>;
}

function taker(args: readonly string[], env: Record<string, string> = {}): Taker {
  const child = spawn(process.execPath, [TAKER, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  const exited = new Promise((resolve) => void child.once('exit', resolve));
  let text = '';
  const waiting: (() => void)[] = [];
  child.stdout?.setEncoding('utf8').on('data', (part: string) => {
    text += part;
    for (const wake of waiting.splice(0)) wake();
  });
  const said = async (line: number): Promise<string> => {
    for (;;) {
      const lines = text.split('\n');
      if (lines.length > line + 1) return lines[line] ?? '';
      await new Promise<void>((resolve) => void waiting.push(resolve));
    }
  };
  return { child, said, exited };
}

it('of 50 processes that take a dead owner’s claim at once, one gets it', async () => {
  const folder = temporaryFolder();
  const sign = (name: string) => {
    const path = join(folder, name);
    execFileSync('mkfifo', [path]);
    return path;
  };
  const first = sign('first');
  const dead = taker([folder, 'c1', first], { DIE_AT_ONCE: '1' });
  openSync(first, 'r+');
  expect(await dead.said(1)).toBe('mine 1');
  await dead.exited;
  expect(new Claims({ socketDir: folder, clock: realClock }).find('c1')).toMatchObject({ standing: 'dead' });

  const second = sign('second');
  const takers = Array.from({ length: 50 }, () => taker([folder, 'c1', second]));
  await Promise.all(takers.map(({ said }) => said(0)));
  openSync(second, 'r+');
  const said = await Promise.all(takers.map((one) => one.said(1)));
  for (const { child } of takers) child.stdin?.end();
  expect(said.filter((word) => word === 'mine 2')).toHaveLength(1);
  expect(said.filter((word) => word === 'taken 2')).toHaveLength(49);
});

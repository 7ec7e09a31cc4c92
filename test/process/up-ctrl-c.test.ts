import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { freePort } from '../../src/fleet/front.ts';
import { cxbcore, cxbcoreOnTerminal } from '../support/cli.ts';
import { pcmCall, QUIET_AGENTS, temporaryFolder, until } from '../support/host.ts';
import { has } from '../support/programs.ts';

const CTRL_C = '\u0003';
const FRONTS = (['nginx', 'builtin'] as const).filter(
  (kind) => kind === 'builtin' || process.env['CI'] || has('nginx'),
);

/** The words of `cxbcore up` for a small host in a folder of its own. */
async function small(front: string) {
  const folder = temporaryFolder();
  const port = await freePort(0);
  const data = join(folder, 'data');
  const words = [
    'up',
    '--workers',
    '2',
    '--port',
    String(port),
    '--front',
    front,
    '--agents',
    QUIET_AGENTS,
    '--socket-dir',
    folder,
    '--data-dir',
    data,
  ];
  return { port, data, words };
}

/** How the calls of a host have ended, from their records. */
function reasons(data: string): string[] {
  const folder = join(data, 'records');
  return readdirSync(folder).map((name) => {
    const record = JSON.parse(readFileSync(join(folder, name), 'utf8')) as { end: { reason: string } };
    return record.end.reason;
  });
}

/** What the workers have logged about being told to go. */
function told(data: string): string[] {
  const folder = join(data, 'logs');
  return readdirSync(folder).flatMap((name) =>
    readFileSync(join(folder, name), 'utf8')
      .split('\n')
      .filter((line) => /"msg":"(leaving|stopping):/.test(line))
      .map((line) => {
        const { msg, why } = JSON.parse(line) as { msg: string; why: string };
        return `${name} ${msg.split(':')[0]} ${why}`;
      }),
  );
}

describe.each(FRONTS)('Ctrl-C at a terminal, with the %s front', (front) => {
  test('once: the live call goes on to its end, no new one is taken, and each worker is told once', async () => {
    const { port, data, words } = await small(front);
    const up = cxbcoreOnTerminal(words);
    await up.says('Ctrl-C lets calls go on');
    const call = await pcmCall(port);
    expect(call.status).toBe(101);
    let over = false;
    call.socket?.once('close', () => {
      over = true;
    });

    up.type(CTRL_C);
    await up.says('Waiting for 1 call to end');
    await until(async () => (await pcmCall(port)).status === 429);
    await until(() => told(data).length === 2);
    expect(over, 'the call goes on').toBe(false);

    call.socket?.destroy();
    expect(await up.exited).toBe(0);
    expect(up.output()).toContain('Stopped.');
    expect(reasons(data)).toEqual(['caller.hung_up']);
    expect(told(data)).toEqual(['worker_1.log leaving SIGTERM', 'worker_2.log leaving SIGTERM']);
    await expect(pcmCall(port)).rejects.toThrow('ECONNREFUSED');
  });

  test('twice: the live call ends as stopped by the operator', async () => {
    const { port, data, words } = await small(front);
    const up = cxbcoreOnTerminal(words);
    await up.says('Ctrl-C lets calls go on');
    const call = await pcmCall(port);
    up.type(CTRL_C);
    await up.says('Waiting for 1 call to end');
    up.type(CTRL_C);
    await until(() => call.socket?.destroyed);
    expect(await up.exited).toBe(0);
    expect(reasons(data)).toEqual(['operator.stopped']);
    // Nobody is told the same thing twice, and the worker that had the call was told to end it.
    const seen = told(data);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.some((line) => line.includes('stopping SIGINT'))).toBe(true);
  });
});

test('SIGTERM without a terminal drains as Ctrl-C does', async () => {
  const { port, data, words } = await small('builtin');
  const up = cxbcore(words);
  await up.says('Ctrl-C lets calls go on');
  const call = await pcmCall(port);
  up.kill('SIGTERM');
  await up.says('Waiting for 1 call to end');
  call.socket?.destroy();
  expect(await up.exited).toBe(0);
  expect(reasons(data)).toEqual(['caller.hung_up']);
});

test('a worker that is killed in a call is replaced, and the call gets its record', async () => {
  const { port, data, words } = await small('builtin');
  const up = cxbcore(words);
  await up.says('Ctrl-C lets calls go on');
  const call = await pcmCall(port);
  const log = await until(() =>
    readdirSync(join(data, 'logs'))
      .map((name) => readFileSync(join(data, 'logs', name), 'utf8'))
      .find((text) => text.includes('"state":"live"')),
  );
  const { pid } = JSON.parse(log.split('\n')[0] ?? '{}') as { pid: number };
  process.kill(pid, 'SIGKILL');
  await up.says('has its record: worker.died');
  await up.says('starting it again');
  expect(reasons(data)).toEqual(['worker.died']);
  call.socket?.destroy();
  up.kill('SIGINT');
  expect(await up.exited).toBe(0);
});

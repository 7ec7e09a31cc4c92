import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { cxbcore } from '../support/cli.ts';
import { fixtureHost, QUIET_AGENTS, temporaryFolder, upgrade } from '../support/host.ts';
import { EXPECT_PCM, post } from '../support/post.ts';
import { freePort } from '../support/worker.ts';

test('wrong settings end with 78, and every wrong one is named', async () => {
  const up = cxbcore(['up', '--workers', '0', '--port', 'http', '--mode', 'prod']);
  expect(await up.exited).toBe(78);
  for (const name of ['CXBCORE_WORKERS=0', 'CXBCORE_HTTP_PORT=http', 'CXBCORE_MODE=prod']) {
    expect(up.output()).toContain(name);
  }
});

test('an agent that does not exist ends with 78, and the ones there are are named', async () => {
  const up = cxbcore(['up', '--agents', QUIET_AGENTS, '--agent', 'nobody']);
  expect(await up.exited).toBe(78);
  expect(up.output()).toContain('There is no agent "nobody"');
  expect(up.output()).toContain('there are: quiet');
});

test('a front that does not exist is a usage error', async () => {
  const up = cxbcore(['up', '--front', 'apache']);
  expect(await up.exited).toBe(2);
  expect(up.output()).toContain('--front is one of: nginx, builtin');
});

test('a folder that another host has ends with 75 and says whose it is', async () => {
  const { folder } = await fixtureHost();
  const up = cxbcore([
    'up',
    '--agents',
    QUIET_AGENTS,
    '--socket-dir',
    folder,
    '--data-dir',
    temporaryFolder(),
  ]);
  expect(await up.exited).toBe(75);
  expect(up.output()).toContain(`another host runs in ${folder} (process ${process.pid})`);
});

test('agents that the workers cannot use end it with 78, and the workers are not started again', async () => {
  const folder = temporaryFolder();
  const agents = `${folder}/agents`;
  cpSync(QUIET_AGENTS, agents, { recursive: true });
  // Fine for the command, wrong for every worker: as when the file is changed between the two.
  const text = "if (process.env.CXBCORE_SOCKET) throw new Error('no database');\n";
  writeFileSync(`${agents}/quiet.mjs`, text + readFileSync(`${agents}/quiet.mjs`, 'utf8'));
  const words = ['up', '--workers', '2', '--port', String(await freePort()), '--front', 'builtin'];
  const folders = ['--agents', agents, '--socket-dir', folder, '--data-dir', `${folder}/data`];
  const up = cxbcore([...words, ...folders]);
  expect(await up.exited).toBe(78);
  expect(up.output()).toContain('quiet.mjs:1: Error: no database');
  expect(up.output()).not.toContain('starting it again in');
});

test('in development a seat can be reserved without any key, and its address lets the media in', async () => {
  const folder = temporaryFolder();
  const port = await freePort();
  const words = [
    'up',
    '--workers',
    '1',
    '--port',
    String(port),
    '--front',
    'builtin',
    '--agents',
    QUIET_AGENTS,
  ];
  const up = cxbcore([...words, '--socket-dir', folder, '--data-dir', `${folder}/data`]);
  await up.says('Ctrl-C lets calls go on');
  const { status, json } = await post({ port }, '/attach', EXPECT_PCM);
  expect(status).toBe(202);
  const { pathname, origin } = new URL(String(json['media_url']));
  expect(origin).toBe(`ws://127.0.0.1:${port}`);
  const media = await upgrade(port, pathname);
  expect(media.status).toBe(101);
  media.socket?.destroy();
  // The seat waits for its media still.
  up.kill('SIGTERM');
  await up.says('Waiting for 1 call to end');
  up.kill('SIGTERM');
  expect(await up.exited).toBe(0);
});

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { quietHost } from '../support/host.ts';
import { has } from '../support/programs.ts';
import { KEY } from './support/server.ts';

const CLIENT = /@livekit\/rtc-/;

/** Whether LiveKit's native client is part of the process. */
function hasClient(pid: number | undefined): boolean {
  return CLIENT.test(readFileSync(`/proc/${pid}/maps`, 'utf8'));
}

test.runIf(process.env['CI'] || has('livekit-server'))(
  'a worker has the client before its first call where LiveKit is set up, and not at all otherwise; fleetd never has it',
  async () => {
    const keys = { LIVEKIT_API_KEY: KEY.key, LIVEKIT_API_SECRET: KEY.secret };
    const found = [];
    for (const env of [{}, { LIVEKIT_URL: 'ws://127.0.0.1:9', ...keys }]) {
      const { host } = await quietHost({ front: 'builtin', workers: 1, env });
      await host.ready(1);
      found.push([hasClient(host.workers()[0]?.pid), hasClient(host.fleetdPid())]);
    }
    expect(found).toEqual([
      [false, false],
      [true, false],
    ]);
  },
);

import { once } from 'node:events';
import { get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { jsonReply, type Stream, serve } from '../../src/fleet/fleetd/http.ts';
import { realClock, sleep } from '../../src/kit/clock.ts';
import type { Log } from '../../src/kit/log.ts';
import { until } from '../support/host.ts';

const silent = { error: () => undefined } as unknown as Log;
const PIECE = 'x'.repeat(65_536);

test('a reader that does not read is cut off, and others are answered meanwhile', async () => {
  let wrote = 0;
  let cut = false;
  const endless: Stream = {
    status: 200,
    headers: {},
    async run(write, closed) {
      while (!closed.aborted) {
        write(PIECE);
        wrote += PIECE.length;
        await sleep(realClock, 1, closed).catch(() => undefined);
      }
      cut = true;
    },
  };
  const server = serve(({ path }) => (path === '/stream' ? endless : jsonReply({ ok: true })), 1024, silent);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;

  const slow = connect(port, '127.0.0.1');
  slow.on('error', () => undefined).pause();
  onTestFinished(() => void slow.destroy());
  slow.write('GET /stream HTTP/1.1\r\nHost: here\r\n\r\n');
  await until(() => wrote > 0);
  const [answer] = (await once(get({ port, path: '/other', agent: false }), 'response')) as [
    { statusCode?: number; resume(): void },
  ];
  answer.resume();
  expect(answer.statusCode).toBe(200);
  await until(() => cut);
});

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { recordPath } from '../../src/journal/paths.ts';
import { RawClient } from '../support/raw-client.ts';
import { freeWorker, startWorkerProcess, workerFolder } from '../support/worker.ts';

test('a call whose worker is killed gets its record from the next worker that starts, without a supervisor', async () => {
  const folder = workerFolder();
  const first = await freeWorker({ folder });
  const client = await RawClient.connect(`ws+unix:${first.socket}:/media/pcm`, [], {
    headers: { Host: 'localhost' },
  });
  client.send({ event: 'start', rate: 16000, call_id: 'call_cut_short', from: 'test' });
  for (let event: unknown; event !== 'transcript'; ) event = (await client.nextJson())['event'];
  await first.dispose();
  await client.closed;

  const second = startWorkerProcess({ folder });
  await second.until(() => second.output().includes('record written for a dead worker'));
  const record: unknown = JSON.parse(readFileSync(recordPath(second.dataDir, 'call_cut_short'), 'utf8'));
  expect(record).toMatchObject({
    call_id: 'call_cut_short',
    from: 'test',
    end: { reason: 'worker.died' },
    incarnations: [{ n: 1, ended: 'died' }],
  });
});

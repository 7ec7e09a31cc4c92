import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { freeWorker, startWorkerProcess, workerFolder } from '../support/worker.ts';

const isRoot = process.getuid?.() === 0;

/** A folder with a disk of its own of two megabytes. */
function smallDisk(): { readonly folder: string; readonly fill: () => void; readonly makeRoom: () => void } {
  const folder = workerFolder();
  const disk = join(folder, 'data');
  mkdirSync(disk, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'cxb-test', disk]);
  onTestFinished(() => void execFileSync('umount', ['-l', disk]));
  const filler = join(disk, 'filler');
  return {
    folder,
    fill: () => {
      try {
        for (let size = 1_048_576; size >= 1; size >>= 1)
          for (;;) writeFileSync(filler, Buffer.alloc(size), { flag: 'a' });
      } catch {
        // Full to the last page.
      }
    },
    makeRoom: () => rmSync(filler),
  };
}

test.runIf(isRoot)(
  'on a full disk a call goes on, its seat waits for room, and then has its record (needs root)',
  async () => {
    const { folder, fill, makeRoom } = smallDisk();
    const worker = await freeWorker({ folder });
    const caller = new WebSocket(`ws+unix:${worker.socket}:/media/pcm`);
    const ready = new Promise<string>((resolve) => {
      caller.on('message', (data, isBinary) => {
        const said = isBinary
          ? {}
          : (JSON.parse((data as Buffer).toString()) as { event?: string; call_id?: string });
        if (said.event === 'ready') resolve(said.call_id ?? '');
      });
    });
    caller.once('open', () => caller.send('{"event":"start","rate":8000}'));
    const callId = await ready;
    fill();
    expect((await worker.status()).state).toBe('live');
    caller.close();
    const { state } = await worker.until(({ degraded }) => degraded?.includes('make room') === true);
    expect(state).not.toBe('free');
    const record = join(folder, 'data', 'records', `${callId}.json`);
    expect(existsSync(record)).toBe(false);
    makeRoom();
    await worker.until((now) => now.state === 'free' && now.degraded === null);
    expect(JSON.parse(readFileSync(record, 'utf8'))).toMatchObject({ end: { reason: 'caller.hung_up' } });
  },
);

test.runIf(isRoot)(
  'a worker that starts on a full disk takes no call until there is room (needs root)',
  async () => {
    const { folder, fill, makeRoom } = smallDisk();
    fill();
    const worker = startWorkerProcess({ folder });
    await worker.until(({ degraded }) => degraded?.includes('with space left') === true);
    expect(existsSync(worker.socket)).toBe(false);
    makeRoom();
    await worker.until(({ state }) => state === 'free');
  },
);

import { expect, it, onTestFinished } from 'vitest';
import { openReferenceFront } from '../../bench/reference-front.ts';
import { ask, fixtureHost, pcmCall, quietHost } from '../support/host.ts';
import { describeWith } from '../support/programs.ts';

/** One nginx process: without a shared zone each counts for itself, and several would place two calls on one worker. */
async function reference(folder: string, workers: number): Promise<number> {
  const front = await openReferenceFront(folder, workers, 1);
  onTestFinished(() => front.stop());
  return front.port;
}

describeWith('nginx')("the reference configuration's own nginx block", () => {
  it('places 16 calls on 16 workers and refuses the 17th', async () => {
    const { host, folder } = await quietHost({ workers: 16 });
    await host.ready(16);
    const port = await reference(folder, 16);
    const calls = [];
    for (let i = 0; i < 16; i++) calls.push(await pcmCall(port));
    expect(calls.map((call) => call.status)).toEqual(Array.from({ length: 16 }, () => 101));
    const carried = await Promise.all(host.workers().map(({ worker }) => host.status(worker)));
    expect(carried.map((status) => status?.state)).toEqual(Array.from({ length: 16 }, () => 'live'));

    const refused = await pcmCall(port);
    expect([429, 502]).toContain(refused.status);
    for (const call of calls) call.socket?.destroy();
  });

  it('hands a start that kills its worker on to every other one, which is why ours does not retry', async () => {
    const { host, folder, notes } = await fixtureHost({ workers: 4, fault: 'crash-post' });
    await host.ready(4);
    const port = await reference(folder, 4);
    const answered = await ask(port, '/attach', { method: 'POST', body: '{}' });
    expect(answered.status).toBe(502);
    expect(notes().filter((note) => note.includes('/attach'))).toHaveLength(4);
  });
});

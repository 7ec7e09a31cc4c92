import type { Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { realClock, sleep } from '../../src/kit/clock.ts';
import { openFleet, type TestFleet } from '../support/fleet.ts';
import { pcmCall, until } from '../support/host.ts';
import { openIngress } from '../support/ingress.ts';
import { describeWith } from '../support/programs.ts';

interface Load {
  readonly placed: () => number;
  readonly refused: string[];
  readonly dropped: string[];
  /** Ends when every caller has hung up. */
  stop(): Promise<void>;
}

/** Callers who call again and again; each call is opened, held and hung up, and must not end before that. */
function keepCalling(port: number, callers: number): Load {
  let placed = 0;
  const over = new AbortController();
  const refused: string[] = [];
  const dropped: string[] = [];
  const caller = async (nth: number) => {
    for (let n = 0; !over.signal.aborted; n++) {
      const call = await pcmCall(port).catch((error: unknown) => String(error));
      if (typeof call === 'string' || !call.socket) {
        refused.push(typeof call === 'string' ? call : `${call.status} ${call.body}`);
      } else {
        placed++;
        await held(call.socket, 300 + ((nth * 7 + n * 13) % 10) * 120, dropped);
      }
      // A worker needs a moment after a call; whoever calls again within it finds one seat less.
      await sleep(realClock, 100);
    }
  };
  const all = Array.from({ length: callers }, (_, nth) => caller(nth));
  const stop = async () => {
    over.abort();
    await Promise.all(all);
  };
  onTestFinished(stop);
  return { placed: () => placed, refused, dropped, stop };
}

function held(socket: Socket, ms: number, dropped: string[]): Promise<void> {
  return new Promise((resolve) => {
    let hungUp = false;
    if (socket.destroyed) {
      dropped.push('before it was open');
      return resolve();
    }
    socket.once('close', () => {
      if (!hungUp) dropped.push(`after less than ${ms} ms`);
      resolve();
    });
    setTimeout(() => {
      hungUp = true;
      // A close frame, as a client sends that closes its tab.
      socket.end(Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8]));
    }, ms);
  });
}

describeWith('haproxy')('under continuous calls', () => {
  it('no call is dropped or falsely refused by three reloads, and adding and removing fleets by both paths', async () => {
    const named = (name: string) => openFleet(name, { workers: 4 });
    const [one, two, three, four] = [
      await named('f1'),
      await named('f2'),
      await named('f3'),
      await named('f4'),
    ];
    const ingress = await openIngress([one, two]);
    // Never more callers than seats in rotation, so that every refusal is a false one.
    const load = keepCalling(ingress.port, 5);
    const some = async () => {
      const before = load.placed();
      await until(() => load.placed() > before + 12);
    };
    const change = async (...words: string[]) => {
      const run = ingress.run(...words);
      expect([words.join(' '), await run.exited, run.output()]).toEqual([
        words.join(' '),
        0,
        expect.stringContaining('done'),
      ]);
      await some();
    };
    const add = (fleet: TestFleet, way: string) =>
      change('add', `${fleet.address}:${fleet.port}`, '--check-port', String(fleet.checkPort), '--by', way);
    await some();
    await add(three, 'hot');
    await ingress.reload();
    await some();
    await add(four, 'reload');
    await change('drain', 'f1');
    await ingress.reload();
    await some();
    expect(await one.busy(), 'a drain holds over a reload').toBe(0);
    await change('undrain', 'f1');
    await change('remove', 'f2', '--by', 'hot');
    await change('remove', 'f3', '--by', 'reload');
    await ingress.reload();
    await some();
    await load.stop();
    expect([load.refused, load.dropped]).toEqual([[], []]);
    expect(load.placed()).toBeGreaterThan(100);
  }, 180_000);

  it('a fleet that is lost costs its own calls and no others', async () => {
    const [one, two] = [await openFleet('f1', { workers: 4 }), await openFleet('f2', { workers: 4 })];
    const ingress = await openIngress([one, two]);
    const load = keepCalling(ingress.port, 2);
    await until(() => load.placed() > 10);
    const most = await two.busy();
    await two.lose();
    await until(async () => (await ingress.status('f2')) === 'DOWN');
    const before = load.placed();
    await until(() => load.placed() > before + 10);
    await load.stop();
    expect(load.refused).toEqual([]);
    // Calls may have come and gone between the count and the loss.
    expect(load.dropped.length).toBeLessThanOrEqual(Math.max(most, 1) + 2);
  });
});

import { join } from 'node:path';
import type { Host } from '../src/fleet/host.ts';
import { realClock, sleep } from '../src/kit/clock.ts';
import { startCall } from '../src/sim/load/bare-caller.ts';

export interface LatencyOptions {
  readonly host: Host;
  readonly port: number;
  readonly workers: number;
  readonly socketDir: string;
  readonly pairs: number;
  /**
   * `front`: the busy seats hold calls that came through nginx, which therefore counts them. `beside`: nginx does not
   * know of them, as after a start by POST, and meets a refused connection at each.
   */
  readonly heldBy: 'front' | 'beside';
  readonly random: () => number;
}

/** Milliseconds from the first step of connecting: to the 101, and to the word that the call is open. */
export interface Latencies {
  readonly answer: number[];
  readonly open: number[];
}

export interface LatencyResult {
  readonly through: Latencies;
  readonly direct: Latencies;
  readonly held: number;
}

/** Starts through nginx and directly at a worker known to be free, in turn, while 95 % of the seats are taken. */
export async function runLatency(options: LatencyOptions): Promise<LatencyResult> {
  const { host, port, workers, socketDir, random } = options;
  const socketOf = (worker: number) => ({ path: join(socketDir, `cxbcore_${worker}.sock`) });
  const front = { host: '127.0.0.1', port };
  const held = Math.min(workers - 1, Math.round(workers * 0.95));
  const busy = shuffled(workers, random).slice(0, held);
  const holding = [];
  for (const worker of busy) {
    const started = await startCall(options.heldBy === 'front' ? front : socketOf(worker));
    if (started.how !== 'placed') throw new Error(`a seat could not be taken: ${started.status}`);
    await started.open;
    holding.push(started);
  }
  const through: Latencies = { answer: [], open: [] };
  const direct: Latencies = { answer: [], open: [] };
  const free = await freeSeats(host, workers);
  for (let i = 0; i < options.pairs * 2; i++) {
    const one = free[Math.floor(random() * free.length)] ?? 0;
    const started = await startCall(i % 2 === 0 ? front : socketOf(one));
    if (started.how !== 'placed')
      throw new Error(`a start was refused although a seat was free: ${started.status}`);
    await started.open;
    const kind = i % 2 === 0 ? through : direct;
    kind.answer.push(started.answerMs);
    kind.open.push(started.openMs());
    await started.hangUp();
    while ((await freeSeats(host, workers, free)).length < free.length) await sleep(realClock, 2);
  }
  await Promise.all(holding.map((started) => started.hangUp()));
  while ((await freeSeats(host, workers)).length < workers) await sleep(realClock, 50);
  return { through, direct, held };
}

/** Which of these workers (all of them at first) say that their seat is free. */
async function freeSeats(host: Host, workers: number, among?: readonly number[]): Promise<number[]> {
  const asked = among ?? Array.from({ length: workers }, (_, index) => index + 1);
  const states = await Promise.all(asked.map((worker) => host.status(worker)));
  return asked.filter((_, index) => states[index]?.state === 'free');
}

function shuffled(count: number, random: () => number): number[] {
  const all = Array.from({ length: count }, (_, index) => index + 1);
  for (let i = all.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [all[i], all[j]] = [all[j] ?? 0, all[i] ?? 0];
  }
  return all;
}

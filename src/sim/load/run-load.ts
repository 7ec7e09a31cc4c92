import { setMaxListeners } from 'node:events';
import { realClock, sleep } from '../../kit/clock.ts';
import type { Started } from './bare-caller.ts';
import type { Placed, Refused } from './false-refusals.ts';

export interface Load {
  /** One start; rejects when its connection breaks before any answer. */
  readonly start: () => Promise<Started>;
  readonly workers: number;
  /** 70 and 90: Poisson starts that carry this share of the seats. 100: as many callers as seats, each at once again. */
  readonly percent: 70 | 90 | 100;
  readonly starts: number;
  readonly meanCallMs: number;
  /** What a refusal looks like: 429 from ours; the reference configuration's block answers 502. */
  readonly refusedWith: number;
  readonly random: () => number;
}

export interface LoadResult {
  readonly placed: Placed[];
  readonly refused: Refused[];
  /** Starts with an answer that is neither a place nor a refusal, such as 502, or none at all. */
  readonly broken: string[];
  readonly answerMs: number[];
  /** The share of the seats that calls held, between the filling at the beginning and the last start. */
  readonly occupancy: number;
}

/** Starts calls as `load` says, and resolves when the last of them is over. */
export async function runLoad(load: Load): Promise<LoadResult> {
  const placed: Placed[] = [];
  const refused: Refused[] = [];
  const broken: string[] = [];
  const answerMs: number[] = [];
  const held: (readonly [number, number])[] = [];
  let lastStartMs = realClock.now();
  let steadyMs = lastStartMs;
  // Once the last start has been sent there is nothing more to learn, and the calls still held are hung up.
  const over = new AbortController();
  setMaxListeners(0, over.signal);
  let begun = 0;
  const one = async (): Promise<void> => {
    begun++;
    lastStartMs = realClock.now();
    const started = await load.start().catch((error: unknown): Started | string => String(error));
    if (typeof started === 'string') return void broken.push(started);
    if (started.how === 'refused') {
      if (started.status === load.refusedWith) refused.push(started);
      else broken.push(`answered ${started.status}`);
      return;
    }
    const lengthMs = -Math.log(1 - load.random()) * load.meanCallMs;
    const heldFromMs = realClock.now();
    const [callId] = await Promise.all([
      started.open,
      sleep(realClock, lengthMs, over.signal).catch(() => undefined),
    ]);
    placed.push({ callId, sentWall: started.sentWall });
    answerMs.push(started.answerMs);
    held.push([heldFromMs, realClock.now()]);
    await started.hangUp();
  };
  if (load.percent === 100) {
    // Each comes back after the moment a worker needs to close a call, so that every seat is wanted nearly always.
    await Promise.all(
      Array.from({ length: load.workers }, async () => {
        while (begun < Math.max(load.starts, 2 * load.workers)) {
          await one();
          await sleep(realClock, 10 + load.random() * 40);
        }
        over.abort(new Error('measured'));
      }),
    );
  } else {
    const perMs = offered(load.workers, load.percent / 100) / load.meanCallMs;
    const calls: Promise<void>[] = [];
    // Begins as it goes on, with the seats taken that are to be taken, so that no time is lost with filling.
    const filled = Math.round((load.workers * load.percent) / 100);
    while (calls.length < filled) {
      calls.push(one());
      await sleep(realClock, 5);
    }
    let nextMs = realClock.now();
    steadyMs = nextMs;
    for (let i = filled; i < Math.max(load.starts, 2 * filled); i++) {
      nextMs += -Math.log(1 - load.random()) / perMs;
      const waitMs = nextMs - realClock.now();
      if (waitMs > 0) await sleep(realClock, waitMs);
      calls.push(one());
    }
    await sleep(realClock, 1000);
    over.abort(new Error('measured'));
    await Promise.all(calls);
  }
  const occupancy = shareHeld(held, load.workers, steadyMs, lastStartMs);
  return { placed, refused, broken, answerMs, occupancy };
}

function shareHeld(
  held: readonly (readonly [number, number])[],
  seats: number,
  fromMs: number,
  toMs: number,
): number {
  const sum = held.reduce(
    (total, [from, to]) => total + Math.max(0, Math.min(to, toMs) - Math.max(from, fromMs)),
    0,
  );
  return sum / (seats * (toMs - fromMs));
}

/** The offered load, in calls at once, that carries `share` of the seats when blocked starts go away (Erlang B). */
function offered(seats: number, share: number): number {
  let low = 0;
  let high = seats * 20;
  for (let i = 0; i < 60; i++) {
    const load = (low + high) / 2;
    let blocked = 1;
    for (let n = 1; n <= seats; n++) blocked = (load * blocked) / (n + load * blocked);
    if (load * (1 - blocked) < share * seats) low = load;
    else high = load;
  }
  return low;
}

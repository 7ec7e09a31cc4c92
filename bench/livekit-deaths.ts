/**
 * How long a caller in a LiveKit room waits to be spoken to again when the worker with their call is killed, or hangs:
 * a whole host with fleetd, which notices by itself, and an agent with the device's voice. Measured at the caller's end,
 * from the signal to the first sound of the next agent. Needs `livekit-server`.
 * Usage: npm run bench:livekit-deaths -- [--kills 100] [--hangs 10] [--workers 4] [--json]
 */
import { parseArgs } from 'node:util';
import { realClock, sleep } from '../src/kit/clock.ts';
import { eventually, ring } from '../test/livekit/support/calls.ts';
import { percentile, printFigures } from './figures.ts';
import { openLiveKitHost } from './livekit-host.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    hangs: { type: 'string', default: '10' },
    workers: { type: 'string', default: '4' },
    json: { type: 'boolean', default: false },
  },
});
const workers = Number(values.workers);
const { host, server, dispatch, hasRecord, close } = await openLiveKitHost({
  workers,
  agents: 'test/fixtures/phone-agents',
});

try {
  const killed = await rounds('SIGKILL', Number(values.kills));
  const hung = await rounds('SIGSTOP', Number(values.hangs));
  report({ killed, hung });
} finally {
  await close();
}

interface Rounds {
  readonly asked: number;
  /** Milliseconds of those who were spoken to again. */
  readonly againMs: readonly number[];
  /** Why the others were not. */
  readonly lost: readonly string[];
}

async function rounds(signal: 'SIGKILL' | 'SIGSTOP', asked: number): Promise<Rounds> {
  const againMs: number[] = [];
  const lost: string[] = [];
  for (let round = 1; round <= asked; round++) {
    try {
      againMs.push(await oneDeath(signal));
    } catch (error) {
      lost.push(error instanceof Error ? error.message : String(error));
    }
    if (!values.json && (round % 10 === 0 || round === asked))
      console.error(`${signal} ${round}/${asked}, ${lost.length} lost`);
  }
  return { asked, againMs, lost };
}

async function oneDeath(signal: 'SIGKILL' | 'SIGSTOP'): Promise<number> {
  // Two free seats: one for the call, and one to go on in. A real host at work has them or says that it is full.
  await eventually('two seats are free', async () => (await workersThat('free')).length >= 2, 60_000);
  const { at, caller } = await ring(server.url);
  try {
    caller.answerWhenHeard();
    const status = await dispatch(at);
    if (status !== 202) throw new Error(`the dispatch was answered ${status}`);
    await eventually('the agent is heard', () => caller.firstLoudOf.size === 1, 20_000);
    // Anywhere in its greeting, or in the silence after it.
    await sleep(realClock, Math.random() * 3000);
    const [busy] = await workersThat('live');
    if (busy?.pid === undefined) throw new Error('no worker has the call');
    const diedAt = performance.now();
    process.kill(busy.pid, signal);
    await eventually('the next agent is heard', () => caller.firstLoudOf.size === 2, 20_000);
    return Math.max(...caller.firstLoudOf.values()) - diedAt;
  } finally {
    await caller.leave();
    await eventually('the call has its record', () => hasRecord(at.callId), 30_000);
  }
}

async function workersThat(state: string) {
  const found = [];
  for (const one of host.workers()) if ((await host.status(one.worker))?.state === state) found.push(one);
  return found;
}

function report(seen: Readonly<Record<'killed' | 'hung', Rounds>>): void {
  // A worker that hangs may come back: how long it is given is a setting, and not part of the figure.
  const limitMs = host.settings.guardCallMs;
  const kinds = [
    { what: 'killed', after: 'killed', noticedMs: 0, goal: 3000, ...seen.killed },
    {
      what: 'hung',
      after: `hung for the guard's ${limitMs} ms`,
      noticedMs: limitMs,
      goal: 4000,
      ...seen.hung,
    },
  ];
  const figures = kinds.flatMap(({ what, after, noticedMs, goal, againMs, lost }) => [
    { what: `${what}: callers not spoken to again`, value: lost.length, unit: '', goal: 0 },
    { what: `${after} → heard again, p50`, value: percentile(againMs, 50) - noticedMs, unit: 'ms' },
    { what: `${after} → heard again, p95`, value: percentile(againMs, 95) - noticedMs, unit: 'ms', goal },
  ]);
  if (values.json) {
    console.log(JSON.stringify({ ...seen, figures }));
    return;
  }
  for (const why of [...seen.killed.lost, ...seen.hung.lost]) console.log(`lost: ${why}`);
  console.log(printFigures(figures));
}

/**
 * How well a host places calls: starts through nginx on real workers, whose agent needs no engines.
 * Usage: node scripts/run-ts.mjs bench/placement.ts [--workers 16,64,256] [--starts 400] [--pairs 200] [--json]
 *        [--kinds websocket,post,mixed]  how calls are started; POST is /attach with a media server to connect to
 *        [--loads 70,90,100] [--nginx 1,2,8]  offered load in percent, and nginx processes
 *        [--block reference]      the reference configuration's nginx block in place of ours, to compare
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readSettings } from '../src/contract/settings.ts';
import { freePort } from '../src/fleet/front.ts';
import { findNginx, startNginx } from '../src/fleet/front-nginx.ts';
import { type Host, startHost } from '../src/fleet/host.ts';
import { sentence, WARN_LEVEL } from '../src/fleet/worker-log.ts';
import { realClock, sleep } from '../src/kit/clock.ts';
import { packageRoot } from '../src/kit/entry.ts';
import { silentLog } from '../src/kit/log.ts';
import { type Started, startCall } from '../src/sim/load/bare-caller.ts';
import { falseRefusals, freedAt } from '../src/sim/load/false-refusals.ts';
import { type LoadResult, runLoad } from '../src/sim/load/run-load.ts';
import { runLatency } from './placement-latency.ts';
import { MediaServer } from './placement-media.ts';
import { openReferenceFront } from './reference-front.ts';

const KINDS = ['websocket', 'post', 'mixed'] as const;
type Kind = (typeof KINDS)[number];

interface LoadRow {
  readonly kind: Kind;
  readonly workers: number;
  readonly nginx_processes: number;
  readonly load_percent: number;
  readonly starts: number;
  readonly placed: number;
  readonly refused: number;
  readonly false_refusals: number;
  readonly broken: number;
  readonly occupancy: number;
  readonly answer_p50_ms: number;
  readonly answer_p99_ms: number;
}

/** A host that was full and refused one start: how long after a hang-up until a start is placed again. */
interface FullRow {
  readonly workers: number;
  readonly nginx_processes: number;
  readonly placed_again_ms: number;
}

interface LatencyRow {
  readonly workers: number;
  readonly held: number;
  readonly held_by: 'front' | 'beside';
  readonly pairs: number;
  /** `answer`: to the 101. `open`: to the word that the call is open. */
  readonly until: 'answer' | 'open';
  readonly through_p50_ms: number;
  readonly direct_p50_ms: number;
  readonly ratio_p50: number;
  readonly ratio_p99: number;
}

const { values } = parseArgs({
  options: {
    workers: { type: 'string', default: '16,64,256' },
    starts: { type: 'string', default: '400' },
    pairs: { type: 'string', default: '200' },
    block: { type: 'string', default: 'ours' },
    kinds: { type: 'string', default: 'websocket' },
    loads: { type: 'string', default: '70,90,100' },
    nginx: { type: 'string', default: '1,2,8' },
    json: { type: 'boolean', default: false },
  },
});
const say = (text: string) => void process.stderr.write(`${text}\n`);
const random = seeded(20_260_105);

const kinds = KINDS.filter((kind) => values.kinds.split(',').includes(kind));
const PERCENTS = ([70, 90, 100] as const).filter((load) => values.loads.split(',').includes(String(load)));
const NGINX_PROCESSES = values.nginx.split(',').map(Number);
const media = await MediaServer.open();
const loads: LoadRow[] = [];
const latencies: LatencyRow[] = [];
const fulls: FullRow[] = [];
for (const workers of values.workers.split(',').map(Number)) await measure(workers);
media.close();
print();

async function measure(workers: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'cxb-bench-'));
  const env = {
    ...process.env,
    CXBCORE_MODE: 'development',
    LOG_LEVEL: 'debug',
    CXBCORE_AGENTS: join(packageRoot, 'bench/quiet-agents'),
    CXBCORE_DIAL_ALLOW: media.host,
  };
  const beganMs = realClock.now();
  const host = await startHost({
    workers,
    frontPort: 0,
    front: 'builtin',
    socketDir: folder,
    dataDir: join(folder, 'data'),
    env,
    clock: realClock,
    log: silentLog,
    onEvent: (event) => {
      if (event.type === 'died') say(`worker ${event.worker} ${event.how}: ${event.words}`);
      if (event.type === 'line' && event.line.level > WARN_LEVEL) say(sentence(event.line));
    },
  });
  try {
    const warming = host.ready(workers);
    const progress = async () => {
      for (;;) {
        await sleep(realClock, 2000);
        const ready = host.workers().filter(({ at }) => at === 'up').length;
        if (ready >= workers) return;
        say(`warming ${ready}/${workers} …`);
      }
    };
    await Promise.all([warming, progress()]);
    say(`${workers} workers ready after ${((realClock.now() - beganMs) / 1000).toFixed(1)} s`);
    for (const processes of NGINX_PROCESSES) await measureFront(host, workers, processes, folder);
  } finally {
    await host.stop('now');
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureFront(host: Host, workers: number, processes: number, folder: string): Promise<void> {
  const front = await openFront(workers, processes, folder);
  try {
    // Calls are longer where there are more seats, so that the starts a second stay within what two cores can carry.
    const meanCallMs = Math.max(1000, workers * 40);
    for (const [kind, percent] of kinds.flatMap((each) => PERCENTS.map((load) => [each, load] as const))) {
      const starts = Number(values.starts);
      const result = await runLoad({
        start: () => startOf(kind, front.port),
        workers,
        percent,
        starts,
        meanCallMs,
        refusedWith: values.block === 'ours' ? 429 : 502,
        random,
      });
      await allFree(host, workers);
      loads.push({
        kind,
        ...row(workers, processes, percent, result, freedAt(join(folder, 'data'), workers)),
      });
      say(`  ${kind}, ${workers} workers, ${processes} nginx, ${percent} %: ${JSON.stringify(loads.at(-1))}`);
      for (const what of new Set(result.broken)) say(`    broken: ${what}`);
    }
    if (!kinds.includes('websocket')) return;
    fulls.push({
      workers,
      nginx_processes: processes,
      placed_again_ms: await placedAgainMs(front.port, workers, () => allFree(host, workers)),
    });
    say(`  ${JSON.stringify(fulls.at(-1))}`);
    if (processes !== 2 || values.block !== 'ours') return;
    for (const heldBy of ['front', 'beside'] as const) {
      const pairs = Number(values.pairs);
      const { through, direct, held } = await runLatency({
        host,
        port: front.port,
        workers,
        socketDir: folder,
        pairs,
        heldBy,
        random,
      });
      for (const until of ['answer', 'open'] as const) {
        latencies.push(
          latencyRow({ workers, held, held_by: heldBy, pairs, until }, through[until], direct[until]),
        );
        say(`  ${JSON.stringify(latencies.at(-1))}`);
      }
    }
  } finally {
    await front.stop('now');
  }
}

function startOf(kind: Kind, port: number): Promise<Started> {
  const byPost = kind === 'post' || (kind === 'mixed' && random() < 0.5);
  return byPost ? media.start(port) : startCall({ host: '127.0.0.1', port });
}

async function placedAgainMs(port: number, workers: number, free: () => Promise<void>): Promise<number> {
  const held: Extract<Started, { how: 'placed' }>[] = [];
  const to = { host: '127.0.0.1', port };
  const limitMs = realClock.now() + 60_000;
  const place = async () => {
    const started = await startCall(to);
    if (started.how === 'placed') held.push(started);
    return started.how === 'placed';
  };
  while (held.length < workers && realClock.now() < limitMs) await place();
  for (let i = 0; i < 3; i++) await place();
  const over = held.shift();
  void over?.hangUp();
  const fromMs = realClock.now();
  while (!(await place())) await sleep(realClock, 10);
  const waitedMs = Math.round(realClock.now() - fromMs);
  await Promise.all(held.map((started) => started.hangUp()));
  await free();
  return waitedMs;
}

async function openFront(
  workers: number,
  processes: number,
  folder: string,
): Promise<{ readonly port: number; stop(how: 'now'): Promise<void> }> {
  if (values.block === 'reference') return openReferenceFront(folder, workers, processes);
  const program = findNginx(process.env['PATH']);
  if (program === undefined) throw new Error('this benchmark needs nginx');
  return startNginx({
    program,
    prefix: join(folder, `nginx_${processes}`),
    port: await freePort(0),
    socketDir: folder,
    workers,
    settings: readSettings({}, 'bench'),
    clock: realClock,
    processes,
    onDeath: (how) => say(`nginx ${how}`),
  });
}

async function allFree(host: Host, workers: number): Promise<void> {
  for (let worker = 1; worker <= workers; worker++) {
    while ((await host.status(worker))?.state !== 'free') await sleep(realClock, 20);
  }
}

function row(
  workers: number,
  processes: number,
  percent: number,
  result: LoadResult,
  freed: ReadonlyMap<string, number>,
): Omit<LoadRow, 'kind'> {
  const { placed, refused, broken, answerMs, occupancy } = result;
  const unmatched = placed.filter(({ callId }) => !freed.has(callId)).length;
  if (unmatched > 0) say(`    ${unmatched} calls were not found in the workers' logs`);
  const wrong = falseRefusals(workers, placed, refused, freed);
  const stamps = [...freed.values()].sort((a, b) => a - b);
  for (const { sentWall, refusedWall } of wrong) {
    const last = stamps.findLast((stamp) => stamp <= sentWall) ?? 0;
    say(
      `    false refusal at ${refusedWall}, ${refusedWall - sentWall} ms after it was sent; the last seat before it was free for ${sentWall - last} ms`,
    );
  }
  return {
    workers,
    nginx_processes: processes,
    load_percent: percent,
    starts: placed.length + refused.length + broken.length,
    placed: placed.length,
    refused: refused.length,
    false_refusals: wrong.length,
    broken: broken.length,
    occupancy: round(occupancy),
    answer_p50_ms: quantile(answerMs, 0.5),
    answer_p99_ms: quantile(answerMs, 0.99),
  };
}

function latencyRow(
  row: Pick<LatencyRow, 'workers' | 'held' | 'held_by' | 'pairs' | 'until'>,
  through: readonly number[],
  direct: readonly number[],
): LatencyRow {
  return {
    ...row,
    through_p50_ms: quantile(through, 0.5),
    direct_p50_ms: quantile(direct, 0.5),
    ratio_p50: round(quantile(through, 0.5) / quantile(direct, 0.5)),
    ratio_p99: round(quantile(through, 0.99) / quantile(direct, 0.99)),
  };
}

function print(): void {
  const starts = loads.reduce((sum, { starts: count }) => sum + count, 0);
  const wrong = loads.reduce((sum, { false_refusals: count, broken }) => sum + count + broken, 0);
  if (values.json) {
    process.stdout.write(
      `${JSON.stringify({ loads, fulls, latencies, starts, false_refusals: wrong }, null, 2)}\n`,
    );
    return;
  }
  console.table(loads);
  console.table(fulls);
  console.table(latencies);
  process.stdout.write(
    `${wrong} false refusals in ${starts} starts (goal: 0 in 10,000); 95 % upper bound ${((3 / starts) * 100).toFixed(3)} % when 0\n` +
      'start latency through nginx ÷ direct, 95 % of the seats taken: goal p50 ≤ 1.2, p99 ≤ 2\n',
  );
}

function quantile(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

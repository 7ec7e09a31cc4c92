/**
 * How well an ingress places calls on several hosts: real HAProxy, real nginx and real workers, whose agent needs no
 * engines. Prints false refusals, tries per call and set-up times.
 * Usage: node scripts/run-ts.mjs bench/ingress.ts [--fleets 4] [--workers 4] [--starts 200] [--loads 70,90,100]
 *        [--nodes 1,2] [--mixes calls,mixed] [--mean-ms 1500] [--json]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { realClock } from '../src/kit/clock.ts';
import { percentile } from './figures.ts';
import { closeAll, type Fleet, type Node, openBenchFleet, openNode } from './ingress-parts.ts';
import { type Started, startCall } from './placement-caller.ts';
import { runLoad } from './placement-load.ts';
import { falseRefusals, freedAt } from './placement-truth.ts';

const { values } = parseArgs({
  options: {
    fleets: { type: 'string', default: '4' },
    workers: { type: 'string', default: '4' },
    starts: { type: 'string', default: '200' },
    loads: { type: 'string', default: '70,90,100' },
    nodes: { type: 'string', default: '1,2' },
    mixes: { type: 'string', default: 'calls,mixed' },
    'mean-ms': { type: 'string', default: '1500' },
    json: { type: 'boolean', default: false },
  },
});

interface Row {
  readonly nodes: number;
  readonly mix: string;
  readonly load_percent: number;
  readonly starts: number;
  readonly refused: number;
  readonly false_refusals: number;
  readonly broken: number;
  readonly occupancy: number;
  readonly tries_per_call: number;
  readonly set_up_p50_ms: number;
  readonly set_up_p99_ms: number;
}

/** What a refusal of a call is; that of a request, 429, is counted as the same. */
const REFUSED = 503;
const KEY = 'bench-key-bench-key';
const workers = Number(values.workers);
const say = (text: string) => void process.stderr.write(`${text}\n`);
let state = 20_260_305;
const random = () => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return state / 2 ** 32;
};

const folder = mkdtempSync(join(tmpdir(), 'cxb-bench-'));
const rows: Row[] = [];
try {
  await run();
} finally {
  await closeAll();
  rmSync(folder, { recursive: true, force: true });
}
print();

async function run(): Promise<void> {
  const fleets: Fleet[] = [];
  for (let n = 1; n <= Number(values.fleets); n++) {
    fleets.push(await openBenchFleet({ name: `f${n}`, folder: join(folder, `f${n}`), workers, key: KEY }));
    say(`fleet f${n} is ready with ${workers} workers`);
  }
  for (const count of values.nodes.split(',').map(Number)) {
    const nodes: Node[] = [];
    for (let n = 1; n <= count; n++) {
      nodes.push(
        await openNode({ name: `ingress${count}${n}`, folder: join(folder, `i${count}${n}`), fleets }),
      );
    }
    for (const mix of values.mixes.split(','))
      for (const percent of values.loads.split(','))
        rows.push(await measure(fleets, nodes, mix, Number(percent)));
    for (const node of nodes) await node.stop();
  }
}

async function measure(
  fleets: readonly Fleet[],
  nodes: readonly Node[],
  mix: string,
  percent: number,
): Promise<Row> {
  const before = await triesAgain(nodes);
  let turn = 0;
  const result = await runLoad({
    workers: workers * fleets.length,
    percent: percent as 70 | 90 | 100,
    starts: Number(values.starts),
    meanCallMs: Number(values['mean-ms']),
    refusedWith: REFUSED,
    random,
    start: () => {
      turn++;
      const port = nodes[turn % nodes.length]?.port ?? 0;
      return mix === 'mixed' && random() < 0.5
        ? startByRequest(port)
        : startCall({ host: '127.0.0.1', port });
    },
  });
  for (const fleet of fleets) await fleet.allFree();
  const freed = new Map(fleets.flatMap((fleet) => [...freedAt(fleet.dataDir, workers)]));
  const unmatched = result.placed.filter(({ callId }) => !freed.has(callId)).length;
  if (unmatched > 0) say(`    ${unmatched} calls were not found in the workers' logs`);
  const wrong = falseRefusals(workers * fleets.length, result.placed, result.refused, freed);
  const starts = result.placed.length + result.refused.length + result.broken.length;
  const row: Row = {
    nodes: nodes.length,
    mix,
    load_percent: percent,
    starts,
    refused: result.refused.length,
    false_refusals: wrong.length,
    broken: result.broken.length,
    occupancy: Math.round(result.occupancy * 100) / 100,
    tries_per_call: Math.round((1 + ((await triesAgain(nodes)) - before) / starts) * 100) / 100,
    set_up_p50_ms: Math.round(percentile(result.answerMs, 50) * 10) / 10,
    set_up_p99_ms: Math.round(percentile(result.answerMs, 99) * 10) / 10,
  };
  say(`  ${JSON.stringify(row)}`);
  for (const what of new Set(result.broken)) say(`    broken: ${what}`);
  return row;
}

async function triesAgain(nodes: readonly Node[]): Promise<number> {
  const all = await Promise.all(nodes.map((node) => node.triesAgain()));
  return all.reduce((sum, one) => sum + one, 0);
}

/** A start by request that holds a seat, and then its media at the address of the answer: two trips, one call. */
async function startByRequest(port: number): Promise<Started> {
  const sentWall = realClock.wall();
  const startMs = realClock.now();
  const answered = await attach(port);
  if (answered.status === 429)
    return { how: 'refused', status: REFUSED, sentWall, refusedWall: realClock.wall() };
  if (answered.status !== 202) throw new Error(`a request was answered ${answered.status}: ${answered.body}`);
  const { media_url: url } = JSON.parse(answered.body) as { media_url: string };
  const media = await startCall({ host: '127.0.0.1', port }, new URL(url).pathname);
  if (media.how === 'refused') throw new Error(`the media of a reservation was answered ${media.status}`);
  return { ...media, sentWall, answerMs: realClock.now() - startMs };
}

function attach(port: number): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${KEY}` };
    const asking = request({
      host: '127.0.0.1',
      port,
      path: '/attach',
      method: 'POST',
      headers,
      agent: false,
    });
    asking.on('response', (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (part: string) => {
        body += part;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }));
    });
    asking.on('error', reject);
    asking.end('{"media":{"kind":"expect","carrier":"pcm","ttl_s":10}}');
  });
}

function print(): void {
  const starts = rows.reduce((sum, row) => sum + row.starts, 0);
  const wrong = rows.reduce((sum, row) => sum + row.false_refusals + row.broken, 0);
  if (values.json) {
    process.stdout.write(`${JSON.stringify({ rows, starts, false_refusals: wrong }, null, 2)}\n`);
    return;
  }
  console.table(rows);
  process.stdout.write(`${wrong} false refusals in ${starts} starts (goal: 0)\n`);
}

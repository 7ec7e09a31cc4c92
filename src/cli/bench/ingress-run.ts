import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExitName } from '../../contract/exit-codes.ts';
import { HostError } from '../../fleet/events.ts';
import { findNginx } from '../../fleet/front-nginx.ts';
import { IngressError } from '../../ops/haproxy/description.ts';
import { type Started, startCall } from '../../sim/load/bare-caller.ts';
import { falseRefusals, freedAt } from '../../sim/load/false-refusals.ts';
import { runLoad } from '../../sim/load/run-load.ts';
import type { CommandIo } from '../command.ts';
import { BenchSite, type Fleet, type Node } from './ingress-parts.ts';
import { KEY, REFUSED, type Repeats, startByRequest } from './ingress-request.ts';

export interface IngressPlan {
  readonly fleets: number;
  /** Of each fleet. */
  readonly workers: number;
  /** Of each row. */
  readonly starts: number;
  readonly meanMs: number;
  readonly loads: readonly (70 | 90 | 100)[];
  readonly nodes: readonly number[];
  readonly mixes: readonly ('calls' | 'mixed')[];
  /** The HAProxy to measure. */
  readonly haproxy: string;
  readonly json: boolean;
}

interface Row {
  readonly nodes: number;
  readonly mix: string;
  readonly load_percent: number;
  readonly starts: number;
  readonly refused: number;
  readonly false_refusals: number;
  readonly broken: number;
  /** Starts by request that were asked for again, and those of them that were not known as the same. */
  readonly repeats: number;
  readonly repeats_lost: number;
  readonly occupancy: number;
  readonly tries_per_call: number;
  readonly set_up_p50_ms: number;
  readonly set_up_p95_ms: number;
  readonly set_up_p99_ms: number;
}

const HEAD = [
  'nodes',
  'mix',
  'load',
  'starts',
  'refused',
  'falsely',
  'repeats',
  'seats held',
  'tries',
  'p50',
  'p95',
  'p99 ms',
];
const WIDTHS = [6, 6, 5, 7, 8, 8, 8, 11, 6, 6, 6, 6];

/** Opens everything in a folder of its own, measures row after row, and leaves nothing behind. */
export async function runIngressBench(io: CommandIo, plan: IngressPlan): Promise<ExitName> {
  if (findNginx(io.env['PATH']) === undefined) {
    io.err('error: this benchmark needs nginx, which is not installed (apt-get install nginx)\n');
    return 'notNow';
  }
  const folder = mkdtempSync(join(tmpdir(), 'cxb-bench-'));
  const site = new BenchSite(folder, plan.haproxy, io.env);
  const rows: Row[] = [];
  try {
    await measureAll(io, plan, site, rows);
  } catch (error) {
    if (!(error instanceof HostError || error instanceof IngressError)) throw error;
    io.err(`error: ${error.message}\n`);
    return 'notNow';
  } finally {
    await site.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
  const starts = rows.reduce((sum, row) => sum + row.starts, 0);
  const wrong = rows.reduce((sum, row) => sum + row.false_refusals + row.broken + row.repeats_lost, 0);
  if (plan.json) io.out(`${JSON.stringify({ rows, starts, wrong }, null, 2)}\n`);
  else io.out(`${wrong} false refusals, broken starts and lost repeats in ${starts} starts (goal: 0)\n`);
  return wrong === 0 && !io.interrupted.aborted ? 'ok' : 'expectationFailed';
}

async function measureAll(io: CommandIo, plan: IngressPlan, site: BenchSite, rows: Row[]): Promise<void> {
  const random = seeded(20_260_305);
  const fleets: Fleet[] = [];
  for (let n = 1; n <= plan.fleets && !io.interrupted.aborted; n++) {
    fleets.push(await site.openFleet(`f${n}`, plan.workers, KEY));
    if (!plan.json) io.err(`fleet ${n} of ${plan.fleets} is ready\n`);
  }
  if (!plan.json) io.out(`${line(HEAD)}\n`);
  for (const count of plan.nodes) {
    const nodes = io.interrupted.aborted ? [] : await site.openNodes(count, fleets);
    for (const mix of plan.mixes)
      for (const percent of plan.loads) {
        if (io.interrupted.aborted) return;
        const row = await measure({ plan, fleets, nodes, mix, percent, random, say: (text) => io.err(text) });
        rows.push(row);
        if (!plan.json) io.out(`${line(cells(row))}\n`);
      }
    for (const node of nodes) await node.stop();
  }
}

async function measure(what: {
  readonly plan: IngressPlan;
  readonly fleets: readonly Fleet[];
  readonly nodes: readonly Node[];
  readonly mix: 'calls' | 'mixed';
  readonly percent: 70 | 90 | 100;
  readonly random: () => number;
  readonly say: (text: string) => void;
}): Promise<Row> {
  const { plan, fleets, nodes, mix, percent, random, say } = what;
  const seats = plan.workers * fleets.length;
  const before = await triesAgain(nodes);
  const repeats: Repeats = { asked: 0, lost: 0 };
  let turn = 0;
  const result = await runLoad({
    workers: seats,
    percent,
    starts: plan.starts,
    meanCallMs: plan.meanMs,
    refusedWith: REFUSED,
    random,
    start: (): Promise<Started> => {
      const port = nodes[turn++ % nodes.length]?.port ?? 0;
      const other = nodes[turn % nodes.length]?.port ?? 0;
      if (mix === 'calls' || random() < 0.5) return startCall({ host: '127.0.0.1', port });
      return startByRequest(port, random() < 0.2 ? other : undefined, repeats);
    },
  });
  for (const fleet of fleets) await fleet.allFree();
  const freed = new Map(fleets.flatMap((fleet) => [...freedAt(fleet.dataDir, plan.workers)]));
  for (const why of new Set(result.broken)) say(`broken: ${why}\n`);
  const starts = result.placed.length + result.refused.length + result.broken.length;
  const quantile = (share: number) => round(nearest(result.answerMs, share), 10);
  return {
    nodes: nodes.length,
    mix,
    load_percent: percent,
    starts,
    refused: result.refused.length,
    false_refusals: falseRefusals(seats, result.placed, result.refused, freed).length,
    broken: result.broken.length,
    repeats: repeats.asked,
    repeats_lost: repeats.lost,
    occupancy: round(result.occupancy, 100),
    tries_per_call: round(1 + ((await triesAgain(nodes)) - before) / starts, 100),
    set_up_p50_ms: quantile(0.5),
    set_up_p95_ms: quantile(0.95),
    set_up_p99_ms: quantile(0.99),
  };
}

async function triesAgain(nodes: readonly Node[]): Promise<number> {
  const all = await Promise.all(nodes.map((node) => node.triesAgain()));
  return all.reduce((sum, one) => sum + one, 0);
}

function line(cells: readonly string[]): string {
  return cells
    .map((cell, i) => cell.padEnd(WIDTHS[i] ?? 0))
    .join('  ')
    .trimEnd();
}

function cells(row: Row): string[] {
  return [
    String(row.nodes),
    row.mix,
    `${row.load_percent} %`,
    String(row.starts),
    String(row.refused),
    String(row.false_refusals + row.broken),
    row.repeats === 0 ? '-' : `${row.repeats - row.repeats_lost}/${row.repeats}`,
    `${Math.round(row.occupancy * 100)} %`,
    row.tries_per_call.toFixed(2),
    row.set_up_p50_ms.toFixed(1),
    row.set_up_p95_ms.toFixed(1),
    row.set_up_p99_ms.toFixed(1),
  ];
}

function nearest(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

function round(value: number, to: number): number {
  return Math.round(value * to) / to;
}

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

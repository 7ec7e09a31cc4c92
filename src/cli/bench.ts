import type { ExitName } from '../contract/exit-codes.ts';
import { type Command, type CommandInput, UsageError } from './command.ts';

const LOADS = ['70', '90', '100'];
const MIXES = ['calls', 'mixed'];
const NODES = ['1', '2'];
const HAPROXY = '/usr/sbin/haproxy';

export const bench: Command = {
  name: 'bench',
  summary: 'Measure how well an ingress places calls on several hosts.',
  description:
    'Starts hosts of its own with nginx and fleetd on loopback addresses, whose agent needs no engines, and one and two ' +
    'HAProxy nodes in front of them, all in a temporary folder; then has callers come at random and counts. A false ' +
    'refusal is a start that was refused although some seat was free all the time it was under way. Mixed: half of the ' +
    'calls are started by a request first, and one of these in five is asked for again at another node. Needs haproxy ' +
    'and nginx; touches neither those that run nor a host of yours. Exit code 1 when a start was falsely refused or broken.',
  examples: [
    { run: 'cxbcore bench ingress', means: 'four hosts of four seats, some minutes' },
    { run: 'cxbcore bench ingress --fleets 2 --starts 100 --loads 90 --nodes 1', means: 'a first idea' },
    { run: 'cxbcore bench ingress --json', means: 'for a program' },
  ],
  arguments: [{ name: 'what', means: 'ingress' }],
  options: [
    { flags: '--fleets <n>', means: 'hosts', default: '4' },
    { flags: '--workers <n>', means: 'seats of each host', default: '4' },
    { flags: '--starts <n>', means: 'starts of each row', default: '200' },
    { flags: '--loads <list>', means: 'percent of the seats that calls hold', default: LOADS.join(',') },
    { flags: '--nodes <list>', means: 'ingress nodes', default: NODES.join(',') },
    { flags: '--mixes <list>', means: 'calls alone, or mixed with requests', default: MIXES.join(',') },
    { flags: '--mean-ms <ms>', means: 'how long calls last on average', default: '1500' },
    { flags: '--haproxy <path>', means: 'the program to measure', default: HAPROXY },
    { flags: '--json', means: 'print the results as JSON, and nothing else' },
  ],
  run,
};

async function run({ arguments: [what = ''], options, io }: CommandInput): Promise<ExitName> {
  if (what !== 'ingress') throw new UsageError(`there is no benchmark of "${what}"; there is one of ingress`);
  const plan = {
    fleets: whole(options['fleets'], '--fleets', 4, 16),
    workers: whole(options['workers'], '--workers', 4, 64),
    starts: whole(options['starts'], '--starts', 200, 100_000),
    meanMs: whole(options['meanMs'], '--mean-ms', 1500, 600_000),
    loads: some(options['loads'], '--loads', LOADS).map(Number) as (70 | 90 | 100)[],
    nodes: some(options['nodes'], '--nodes', NODES).map(Number),
    mixes: some(options['mixes'], '--mixes', MIXES) as ('calls' | 'mixed')[],
    haproxy: typeof options['haproxy'] === 'string' ? options['haproxy'] : HAPROXY,
    json: options['json'] === true,
  };
  const { runIngressBench } = await import('./bench/ingress-run.ts');
  return runIngressBench(io, plan);
}

function whole(value: unknown, flag: string, otherwise: number, most: number): number {
  if (value === undefined) return otherwise;
  const text = typeof value === 'string' ? value : '';
  const number = Number(text);
  if (!(/^\d+$/.test(text) && number >= 1 && number <= most))
    throw new UsageError(`${flag} ${text}: a whole number from 1 to ${most}`);
  return number;
}

function some(value: unknown, flag: string, known: readonly string[]): readonly string[] {
  if (value === undefined) return known;
  const names = typeof value === 'string' ? value.split(',') : [];
  const strange = names.find((name) => !known.includes(name));
  if (names.length === 0 || strange !== undefined)
    throw new UsageError(`${flag} ${strange ?? ''}: one or more of ${known.join(',')}`);
  return names;
}

import pc from 'picocolors';
import type { ExitName } from '../contract/exit-codes.ts';
import { realClock } from '../kit/clock.ts';
import { type Command, type CommandInput, UsageError } from './command.ts';
import { HOST_OPTIONS } from './host/options.ts';
import { askSeats } from './host/seats.ts';
import { hostEnv, hostSettings, seatNumbers } from './host/settings.ts';

/** How long each number of calls is measured. */
const SECONDS = 20;
const QUICK_SECONDS = 4;
/** What telephone agents commonly see: three minutes. */
const CALL_S = 180;
const HOSTS = '1,2,4,8,16';
const GOALS = '0.1,1,5';

export const capacity: Command = {
  name: 'capacity',
  summary: 'Measure how many calls this machine carries, and say how many seats are safe.',
  description:
    'Starts a host of its own in a temporary folder and has simulated callers talk to it: one, two, four and so on, ' +
    'up to CXBCORE_WORKERS or until they hear gaps, workers are late or the cores are taken. Reads what that costs and ' +
    'says how many seats memory, cores and what callers heard allow. The callers run on the same machine, so the ' +
    'true limit is somewhat higher. Not for a host that carries calls: it would disturb them, and refuses. With agents ' +
    'of your own their engines are used, and providers send their bills. Exit code 1 when CXBCORE_WORKERS is above ' +
    'what is safe. With the word erlang nothing is measured: it prints how many calls an hour hosts and fleets carry ' +
    'for a share of starts that may be refused (Erlang B), and how many seats a load needs.',
  examples: [
    { run: 'cxbcore capacity', means: 'some minutes, with the agents of the package' },
    { run: 'cxbcore capacity --quick', means: 'a first idea in half a minute' },
    { run: 'cxbcore capacity --up-to 32 --json', means: 'beyond what is configured, for a program' },
    { run: 'cxbcore capacity --agents ./my-agents --agent clinic', means: 'with an agent of your own' },
    { run: 'cxbcore capacity erlang --workers 12', means: 'what 1, 2, 4 … hosts of 12 seats carry' },
    { run: 'cxbcore capacity erlang --calls-per-hour 900 --call-s 150', means: 'the seats for a load' },
  ],
  arguments: [{ name: 'erlang', means: 'the word erlang: tables instead of a measurement', optional: true }],
  options: [
    ...HOST_OPTIONS,
    { flags: '--up-to <n>', means: 'the most calls to measure (CXBCORE_WORKERS)' },
    { flags: '--seconds <s>', means: `how long each number of calls is measured (${SECONDS})` },
    { flags: '--quick', means: `${QUICK_SECONDS} s instead; rare gaps are missed` },
    { flags: '--agents <dir>', means: 'a folder of agents (those of the package)' },
    { flags: '--agent <name>', means: 'who answers (the first one)' },
    { flags: '--call-s <s>', means: `erlang: the mean length of a call (${CALL_S})` },
    { flags: '--calls-per-hour <n>', means: 'erlang: a load, to see who carries it' },
    { flags: '--hosts <list>', means: `erlang: how many hosts the fleets have (${HOSTS})` },
    { flags: '--goal <list>', means: `erlang: percent of starts that may be refused (${GOALS})` },
    { flags: '--json', means: 'print the results as JSON, and nothing else' },
  ],
  run,
};

async function run(input: CommandInput): Promise<ExitName> {
  const [word, ...more] = input.arguments;
  if (more.length > 0 || (word !== undefined && word !== 'erlang'))
    throw new UsageError(`there is no "cxbcore capacity ${[word, ...more].join(' ')}"; there is erlang`);
  return word === 'erlang' ? tables(input) : measure(input);
}

async function tables(input: CommandInput): Promise<ExitName> {
  const { options, io } = input;
  const { settings } = hostSettings(input);
  const { erlangAnswer, erlangText } = await import('./capacity/erlang-view.ts');
  const load = options['callsPerHour'];
  const answer = erlangAnswer({
    seatsPerHost: settings.workers,
    hosts: numbers(options['hosts'] ?? HOSTS, '--hosts', 1, 500).map(Math.floor),
    goals: numbers(options['goal'] ?? GOALS, '--goal', 0.000_001, 99).map((percent) => percent / 100),
    meanCallS: one(options['callS'] ?? String(CALL_S), '--call-s', 1, 86_400),
    callsAnHour: load === undefined ? undefined : one(load, '--calls-per-hour', 1, 1e7),
  });
  io.out(
    options['json'] === true
      ? `${JSON.stringify(answer, null, 2)}\n`
      : erlangText(answer, pc.createColors(io.terminal && !io.env['NO_COLOR'])),
  );
  return 'ok';
}

async function measure(input: CommandInput): Promise<ExitName> {
  const { options, io } = input;
  const { settings } = hostSettings(input);
  const upTo = whole(options['upTo'], '--up-to') ?? settings.workers;
  const seconds = secondsOf(options);
  const busy = await busySeats(settings.socketDir, settings.workers);
  if (busy.length > 0) {
    io.err(
      `error: seat ${busy.join(', ')} of this host has a call, which a measurement would disturb; ` +
        'drain it first (cxbcore drain --wait)\n',
    );
    return 'notNow';
  }
  const { runCapacity } = await import('./capacity/run.ts');
  const text = (name: string) => (typeof options[name] === 'string' ? options[name] : undefined);
  return runCapacity(io, {
    configured: settings.workers,
    most: upTo,
    seconds,
    agents: text('agents'),
    agent: text('agent'),
    env: hostEnv(input),
    json: options['json'] === true,
  });
}

async function busySeats(socketDir: string, workers: number): Promise<number[]> {
  const seats = await askSeats(socketDir, seatNumbers([], workers), realClock);
  return seats.flatMap((seat) => (seat.at === 'answers' && seat.status.call !== null ? [seat.seat] : []));
}

function secondsOf(options: CommandInput['options']): number {
  const value = options['seconds'];
  if (value === undefined) return options['quick'] === true ? QUICK_SECONDS : SECONDS;
  return one(value, '--seconds', 0.5, 3600);
}

function whole(value: unknown, flag: string): number | undefined {
  if (value === undefined) return undefined;
  const number = one(value, flag, 1, 1000);
  if (!Number.isInteger(number)) throw new UsageError(`${flag} ${number}: a whole number`);
  return number;
}

function one(value: unknown, flag: string, least: number, most: number): number {
  const text = typeof value === 'string' ? value : '';
  const number = text === '' ? Number.NaN : Number(text);
  if (!(number >= least && number <= most))
    throw new UsageError(`${flag} ${text}: a number from ${least} to ${most}`);
  return number;
}

function numbers(value: unknown, flag: string, least: number, most: number): number[] {
  return (typeof value === 'string' ? value : '')
    .split(',')
    .map((part) => one(part.trim(), flag, least, most));
}

import type { ExitName } from '../contract/exit-codes.ts';
import { realClock } from '../kit/clock.ts';
import { type Command, type CommandInput, UsageError } from './command.ts';
import { HOST_OPTIONS } from './host/options.ts';
import { askSeats } from './host/seats.ts';
import { hostEnv, hostSettings, seatNumbers } from './host/settings.ts';

/** How long each number of calls is measured. */
const SECONDS = 20;
const QUICK_SECONDS = 4;

export const capacity: Command = {
  name: 'capacity',
  summary: 'Measure how many calls this machine carries, and say how many seats are safe.',
  description:
    'Starts a host of its own in a temporary folder and has simulated callers talk to it: one, two, four and so on, ' +
    'up to CXBCORE_WORKERS or until they hear gaps, workers are late or the cores are taken. Reads what that costs and ' +
    'says how many seats memory, cores and what callers heard allow. The callers run on the same machine, so the ' +
    'true limit is somewhat higher. Not for a host that carries calls: it would disturb them, and refuses. With agents ' +
    'of your own their engines are used, and providers send their bills. Exit code 1 when CXBCORE_WORKERS is above ' +
    'what is safe.',
  examples: [
    { run: 'cxbcore capacity', means: 'some minutes, with the agents of the package' },
    { run: 'cxbcore capacity --quick', means: 'a first idea in half a minute' },
    { run: 'cxbcore capacity --up-to 32 --json', means: 'beyond what is configured, for a program' },
    { run: 'cxbcore capacity --agents ./my-agents --agent clinic', means: 'with an agent of your own' },
  ],
  options: [
    ...HOST_OPTIONS,
    { flags: '--up-to <n>', means: 'the most calls to measure (CXBCORE_WORKERS)' },
    { flags: '--seconds <s>', means: `how long each number of calls is measured (${SECONDS})` },
    { flags: '--quick', means: `${QUICK_SECONDS} s instead; rare gaps are missed` },
    { flags: '--agents <dir>', means: 'a folder of agents (those of the package)' },
    { flags: '--agent <name>', means: 'who answers (the first one)' },
    { flags: '--json', means: 'print the results as JSON, and nothing else' },
  ],
  run,
};

async function run(input: CommandInput): Promise<ExitName> {
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
  const text = typeof value === 'string' ? value : '';
  const seconds = Number(text);
  if (!(seconds >= 0.5 && seconds <= 3600)) throw new UsageError(`--seconds ${text}: 0.5 to 3600`);
  return seconds;
}

function whole(value: unknown, flag: string): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (!(Number.isInteger(number) && number >= 1 && number <= 1000))
    throw new UsageError(`${flag} ${typeof value === 'string' ? value : ''}: a whole number from 1 to 1000`);
  return number;
}

import type { ExitName } from '../contract/exit-codes.ts';
import { realClock, sleep } from '../kit/clock.ts';
import { type Command, type CommandInput, UsageError } from './command.ts';
import { HOST_OPTIONS } from './host/options.ts';
import { hostSettings, seatNumbers } from './host/settings.ts';
import { lookAt, statusJson, statusText } from './status.ts';

/** Moves to the upper left corner and clears what is below: the picture changes in place, without a flash. */
const HOME = '\u001b[H\u001b[J';
/** Between two pictures. */
const EVERY_S = 1;

export const top: Command = {
  name: 'top',
  summary: 'Watch the seats of this host.',
  description:
    'Shows what "cxbcore status" shows, again and again, until Ctrl-C. Without a terminal one picture follows the ' +
    'other; with --json each is one line, for a program that watches.',
  examples: [
    { run: 'cxbcore top', means: 'all seats, every second' },
    { run: 'cxbcore top --every 5 --json', means: 'a line of JSON every five seconds' },
  ],
  arguments: [{ name: 'seat', means: 'the numbers of the seats (all)', optional: true, many: true }],
  options: [
    ...HOST_OPTIONS,
    { flags: '--every <seconds>', means: 'how often', default: String(EVERY_S) },
    { flags: '--json', means: 'print each look as one line of JSON' },
  ],
  run,
};

async function run(input: CommandInput): Promise<ExitName> {
  const { io, options } = input;
  const { settings } = hostSettings(input);
  const seats = seatNumbers(input.arguments, settings.workers);
  const everyMs = interval(options['every']);
  while (!io.interrupted.aborted) {
    const view = await lookAt(settings.fleet, settings.socketDir, seats, realClock);
    if (options['json'] === true) io.out(`${JSON.stringify(statusJson(view))}\n`);
    else
      io.out(
        `${io.terminal ? HOME : ''}${statusText(view, io.terminal && !io.env['NO_COLOR'])}${io.terminal ? '' : '\n'}`,
      );
    await sleep(realClock, everyMs, io.interrupted).catch(() => undefined);
  }
  return 'ok';
}

function interval(value: unknown): number {
  const text = typeof value === 'string' ? value : String(EVERY_S);
  const seconds = Number(text);
  if (!(seconds >= 0.2 && seconds <= 3600))
    throw new UsageError(`--every ${text}: seconds, from 0.2 to 3600`);
  return seconds * 1000;
}

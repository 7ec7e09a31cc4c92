import { join } from 'node:path';
import type { ExitName } from '../contract/exit-codes.ts';
import { askSocket } from '../fleet/ask-socket.ts';
import { realClock, sleep } from '../kit/clock.ts';
import { type Command, type CommandInput, UsageError } from './command.ts';
import { HOST_OPTIONS } from './host/options.ts';
import { seriesOf } from './host/series.ts';
import { hostSettings, seatNumbers } from './host/settings.ts';
import { lookAt, statusJson, statusText } from './status.ts';
import { figuresOf, type Page } from './top/figures.ts';
import { figuresJson, figuresText } from './top/figures-text.ts';

/** Moves to the upper left corner and clears what is below: the picture changes in place, without a flash. */
const HOME = '\u001b[H\u001b[J';
/** fleetd asks every worker itself before it answers, and gives each a second. */
const FLEETD_LIMIT_MS = 2000;
/** Between two pictures. */
const EVERY_S = 1;

export const top: Command = {
  name: 'top',
  summary: 'Watch the seats of this host, and the host.',
  description:
    'Shows what "cxbcore status" shows, again and again, until Ctrl-C, and what fleetd knows of the host: refusals by ' +
    'cause, cores and memory of the workers, underruns, and how late their loops were. What is not known is said to ' +
    'be unknown. Without a terminal one picture follows the other; with --json each is one line, for a program that ' +
    'watches.',
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
  let before: Page | undefined;
  while (!io.interrupted.aborted) {
    const [view, page] = await Promise.all([
      lookAt(settings.fleet, settings.socketDir, seats, realClock),
      askFleetd(settings.socketDir),
    ]);
    const figures = figuresOf(page, before);
    before = page;
    if (options['json'] === true)
      io.out(`${JSON.stringify({ ...statusJson(view), host: figuresJson(figures) })}\n`);
    else {
      const text = statusText(view, io.terminal && !io.env['NO_COLOR']);
      io.out(`${io.terminal ? HOME : ''}${text}\n${figuresText(figures)}${io.terminal ? '' : '\n'}`);
    }
    await sleep(realClock, everyMs, io.interrupted).catch(() => undefined);
  }
  return 'ok';
}

/** The metrics of the whole host; undefined when fleetd does not answer, or does not say. */
async function askFleetd(socketDir: string): Promise<Page | undefined> {
  const question = {
    socket: join(socketDir, 'cxbcore_fleetd.ctl'),
    path: '/metrics',
    limitMs: FLEETD_LIMIT_MS,
  };
  const told = await askSocket(question, realClock);
  if (told.kind !== 'answer' || told.status !== 200) return undefined;
  return { atMs: realClock.now(), series: seriesOf(told.body) };
}

function interval(value: unknown): number {
  const text = typeof value === 'string' ? value : String(EVERY_S);
  const seconds = Number(text);
  if (!(seconds >= 0.2 && seconds <= 3600))
    throw new UsageError(`--every ${text}: seconds, from 0.2 to 3600`);
  return seconds * 1000;
}

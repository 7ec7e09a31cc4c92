import type { ExitName } from '../contract/exit-codes.ts';
import { type Clock, realClock, sleep } from '../kit/clock.ts';
import type { Command, CommandInput } from './command.ts';
import { HOST_OPTIONS, JSON_OPTION } from './host/options.ts';
import { askSeat, type SeatReport, seatReport, tell } from './host/seats.ts';
import { hostSettings, seatNumbers } from './host/settings.ts';
import { absence, plural } from './host/words.ts';

/** How long a free seat may take to read its agents. */
const LIMIT_MS = 60_000;
/** Between two looks whether the seats have their agents. */
const POLL_MS = 100;

export const reload: Command = {
  name: 'reload',
  summary: 'Read agents and secrets again, without ending a call or a worker.',
  description:
    'One seat after the other: a free one reads the agent files at once, one with a call after it. When a file is wrong, ' +
    'the seat keeps the old agents and says what is wrong, and the command stops there. Secrets are read again from ' +
    'CXBCORE_ENV_FILE; every other setting, and an agent that needs an engine no agent had before, needs "cxbcore restart".',
  examples: [
    { run: 'cxbcore reload', means: 'after an agent file was changed' },
    { run: 'cxbcore reload 1', means: 'one seat first, to see whether it is right' },
  ],
  arguments: [{ name: 'seat', means: 'the numbers of the seats (all)', optional: true, many: true }],
  options: [...HOST_OPTIONS, JSON_OPTION],
  run,
};

interface Reloaded {
  readonly seat: number;
  readonly outcome: 'done' | 'after its call' | 'failed' | 'not told';
  readonly words: string;
  readonly agents: Readonly<Record<string, string>> | null;
}

async function run(input: CommandInput): Promise<ExitName> {
  const { settings } = hostSettings(input);
  const { io, options } = input;
  const json = options['json'] === true;
  const seats: Reloaded[] = [];
  for (const seat of seatNumbers(input.arguments, settings.workers)) {
    if (io.interrupted.aborted) break;
    const one = await reloadSeat(settings.socketDir, seat, realClock);
    seats.push(one);
    if (!json) io.out(`seat ${seat}  ${one.words}\n`);
    // What is wrong for one is wrong for all.
    if (one.outcome === 'failed') break;
  }
  const failed = seats.filter(({ outcome }) => outcome === 'failed' || outcome === 'not told');
  if (json) io.out(`${JSON.stringify({ seats }, null, 2)}\n`);
  else io.out(`${plural(seats.length - failed.length, 'seat')} told, ${failed.length} not.\n`);
  return failed.length === 0 ? 'ok' : 'expectationFailed';
}

async function reloadSeat(socketDir: string, seat: number, clock: Clock): Promise<Reloaded> {
  const told = await tell(socketDir, seat, 'POST', '/reload', clock);
  let report = seatReport(seat, told);
  const deadline = clock.now() + LIMIT_MS;
  while (isUnderWay(report) && clock.now() < deadline) {
    await sleep(clock, POLL_MS);
    report = await askSeat(socketDir, seat, clock);
  }
  return outcomeOf(report);
}

function isUnderWay(report: SeatReport): boolean {
  return (
    report.at === 'answers' && report.status.reload?.state === 'pending' && report.status.state === 'free'
  );
}

function outcomeOf(report: SeatReport): Reloaded {
  const { seat } = report;
  if (report.at !== 'answers') {
    const outcome = report.at === 'gone' ? 'done' : 'not told';
    const next = report.at === 'gone' ? ': the next one reads them at its start' : '';
    return { seat, outcome, words: `${absence(report)}${next}`, agents: null };
  }
  const { reload: state, agents, call } = report.status;
  const names = Object.entries(agents ?? {}).map(([name, hash]) => `${name} ${hash}`);
  if (state?.state === 'failed')
    return { seat, outcome: 'failed', words: `keeps its old agents: ${state.why ?? ''}`, agents };
  if (state?.state === 'done')
    return { seat, outcome: 'done', words: `has read ${names.join(', ')}`, agents };
  const after = call ? `after ${call.call_id}` : 'when it is free';
  return { seat, outcome: 'after its call', words: `reads them ${after}`, agents };
}

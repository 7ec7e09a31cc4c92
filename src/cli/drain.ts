import type { ExitName } from '../contract/exit-codes.ts';
import { realClock, sleep } from '../kit/clock.ts';
import type { Command, CommandInput } from './command.ts';
import { HOST_OPTIONS, JSON_OPTION } from './host/options.ts';
import { parkAbsent } from './host/parking.ts';
import { askSeats, type SeatReport, seatReport, tell } from './host/seats.ts';
import { hostSettings, seatNumbers } from './host/settings.ts';
import { totalsOf } from './host/totals.ts';
import { absence, duration, plural } from './host/words.ts';

/** Between two looks whether the last call has ended. */
const WAIT_POLL_MS = 1000;

export const drain: Command = {
  name: 'drain',
  summary: 'Take no new calls, on this host or on some of its seats; calls go on to their end.',
  description:
    'Each seat leaves rotation at once; a live call is not touched. The workers stay, and a seat that was drained stays ' +
    'so over restarts of its worker, also one that has no worker now, until it is taken back with "cxbcore undrain". ' +
    'Starts are refused with 429 draining once every seat drains, which an ingress turns to another host.',
  examples: [
    { run: 'cxbcore drain', means: 'the whole host' },
    { run: 'cxbcore drain 3 4', means: 'two seats' },
    { run: 'cxbcore drain --wait', means: 'come back when the last call has ended' },
  ],
  arguments: [{ name: 'seat', means: 'the numbers of the seats (all)', optional: true, many: true }],
  options: [
    ...HOST_OPTIONS,
    { flags: '--wait', means: 'wait until no call is left; Ctrl-C ends the wait, not the drain' },
    JSON_OPTION,
  ],
  run: (input) => park(input, true),
};

export const undrain: Command = {
  name: 'undrain',
  summary: 'Take calls again, on this host or on some of its seats.',
  description:
    'Undoes "cxbcore drain". A seat whose worker is still warming up takes calls when it is ready.',
  examples: [
    { run: 'cxbcore undrain', means: 'the whole host' },
    { run: 'cxbcore undrain 3', means: 'one seat' },
  ],
  arguments: [{ name: 'seat', means: 'the numbers of the seats (all)', optional: true, many: true }],
  options: [...HOST_OPTIONS, JSON_OPTION],
  run: (input) => park(input, false),
};

/** A seat after it was told, and whether it has understood. */
interface Parked {
  readonly report: SeatReport;
  readonly ok: boolean;
  readonly words: string;
}

async function park(input: CommandInput, parked: boolean): Promise<ExitName> {
  const { settings } = hostSettings(input);
  const { io, options } = input;
  const json = options['json'] === true;
  const numbers = seatNumbers(input.arguments, settings.workers);
  const { socketDir, dataDir } = settings;
  const seats = await Promise.all(numbers.map((seat) => parkSeat(socketDir, dataDir, seat, parked)));
  if (json) io.out(`${JSON.stringify(parkJson(seats), null, 2)}\n`);
  else for (const { report, words } of seats) io.out(`seat ${report.seat}  ${words}\n`);
  if (!json) io.out(`${summary(seats, parked)}\n`);
  if (options['wait'] === true) await untilNoCall(socketDir, numbers, input);
  return seats.every(({ ok }) => ok) ? 'ok' : 'expectationFailed';
}

async function parkSeat(socketDir: string, dataDir: string, seat: number, parked: boolean): Promise<Parked> {
  const told = await tell(socketDir, seat, 'POST', parked ? '/drain' : '/undrain', realClock);
  const report = seatReport(seat, told);
  if (report.at === 'answers') return { report, ok: true, words: words(report, parked) };
  if (report.at !== 'gone') return { report, ok: false, words: `${absence(report)}: nothing is changed` };
  try {
    parkAbsent(dataDir, seat, parked);
    const next = parked ? 'the next one will take no calls' : 'the next one will take calls';
    return { report, ok: true, words: `${absence(report)}; ${next}` };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { report, ok: false, words: `${absence(report)}, and the next one cannot be told: ${why}` };
  }
}

function words({ status }: SeatReport & { at: 'answers' }, parked: boolean): string {
  const { call, state } = status;
  if (parked)
    return call
      ? `drains; ${call.call_id} goes on (${duration(call.seconds)} so far)`
      : `drains, has no call (${state})`;
  if (state === 'free') return 'takes calls';
  return call ? `takes calls after ${call.call_id}` : `takes calls when it is free (${state} now)`;
}

function summary(seats: readonly Parked[], parked: boolean): string {
  const failed = seats.filter(({ ok }) => !ok).length;
  const done = seats.length - failed;
  const calls = seats.filter(({ report }) => report.at === 'answers' && report.status.call).length;
  const rest = failed > 0 ? `; ${plural(failed, 'seat')} could not be told` : '';
  return parked
    ? `${plural(done, 'seat')} of ${seats.length} take no new call, ${plural(calls, 'call')} go on${rest}. Undo: cxbcore undrain`
    : `${plural(done, 'seat')} of ${seats.length} take calls again${rest}.`;
}

function parkJson(seats: readonly Parked[]): object {
  return {
    totals: totalsOf(seats.map(({ report }) => report)),
    seats: seats.map(({ report, ok, words: said }) => ({
      seat: report.seat,
      ok,
      at: report.at,
      call: report.at === 'answers' ? report.status.call : null,
      words: said,
    })),
  };
}

/** Also counts seats that do not say, because one of them may well have a call. */
async function untilNoCall(
  socketDir: string,
  numbers: readonly number[],
  { io, options }: CommandInput,
): Promise<void> {
  let said = -1;
  while (!io.interrupted.aborted) {
    const { busy, unknown } = totalsOf(await askSeats(socketDir, numbers, realClock));
    const left = busy + unknown;
    if (left !== said && options['json'] !== true)
      io.out(left === 0 ? 'No call is left.\n' : `${plural(left, 'call')} left …\n`);
    if (left === 0) return;
    said = left;
    await sleep(realClock, WAIT_POLL_MS, io.interrupted).catch(() => undefined);
  }
}

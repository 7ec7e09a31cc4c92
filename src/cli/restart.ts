import type { ExitName } from '../contract/exit-codes.ts';
import { type Clock, realClock, sleep } from '../kit/clock.ts';
import { type Command, type CommandInput, UsageError } from './command.ts';
import { HOST_OPTIONS } from './host/options.ts';
import { askSeats, type SeatReport, tell } from './host/seats.ts';
import { hostSettings, seatNumbers } from './host/settings.ts';
import { totalsOf } from './host/totals.ts';
import { plural } from './host/words.ts';
import { floorOf, patienceOf, type Restarting, type SeatState, stateOf, toTell } from './restart/plan.ts';

/** Between two looks at the seat that is being restarted. */
const POLL_MS = 250;
/** How long a new process may take to get ready; loading takes seconds, waiting for its turn longer. */
const LIMIT_S = 180;

export const restart: Command = {
  name: 'restart',
  summary: 'Give seats a new process, one after the other; no call is ended.',
  description:
    'Tells each worker to leave, which systemd or "cxbcore up" then replaces. Idle seats go first, one ' +
    'at a time, and only while others are free; those with a call change when it ends, as many at a time as the load leaves over. ' +
    'Stops at the first new process that does not get ready: the rest keep what they run. Waits for calls to end, unless --no-wait is given.',
  examples: [
    { run: 'cxbcore restart', means: 'all seats, such as after an upgrade or a change of settings' },
    { run: 'cxbcore restart 3', means: 'one seat' },
  ],
  arguments: [{ name: 'seat', means: 'the numbers of the seats (all)', optional: true, many: true }],
  options: [
    ...HOST_OPTIONS,
    { flags: '--floor <n>', means: 'how many seats stay free meanwhile (half of those that are)' },
    {
      flags: '--limit <seconds>',
      means: 'how long a new process may take to get ready',
      default: String(LIMIT_S),
    },
    { flags: '--no-wait', means: 'come back once only calls are waited for' },
  ],
  run,
};

async function run(input: CommandInput): Promise<ExitName> {
  const { settings } = hostSettings(input);
  const { io, options } = input;
  const numbers = seatNumbers(input.arguments, settings.workers);
  const all = seatNumbers([], settings.workers);
  const first = await askSeats(settings.socketDir, all, realClock);
  const floor = numberOf(options['floor'], '--floor') ?? floorOf(all.length, totalsOf(first).free);
  const limitMs = (numberOf(options['limit'], '--limit') ?? LIMIT_S) * 1000;
  const rolling = new Rolling(settings.socketDir, first, numbers, floor, limitMs, realClock, (text) =>
    io.out(`${text}\n`),
  );
  for (;;) {
    const reports = await askSeats(settings.socketDir, all, realClock);
    const seats = await rolling.step(reports);
    const failed = seats.filter(({ state }) => state === 'failed');
    if (failed.length > 0) {
      io.err(
        `${plural(failed.length, 'seat')} did not get ready (${failed.map(({ seat }) => seat).join(', ')}); the others keep their processes. ` +
          'Look at the log of the worker, put back what was changed, and run this again.\n',
      );
      return 'expectationFailed';
    }
    const left = seats.filter(({ state }) => state !== 'ready');
    if (left.length === 0) {
      io.out(`${plural(numbers.length, 'seat')} restarted.\n`);
      return 'ok';
    }
    const waiting = left.every(({ state, told }) => told && state === 'leaving');
    if (io.interrupted.aborted || (waiting && options['wait'] === false)) {
      io.out(`${plural(left.length, 'seat')} will change when their calls end.\n`);
      return 'ok';
    }
    await sleep(realClock, POLL_MS, io.interrupted).catch(() => undefined);
  }
}

interface Seen {
  readonly seat: number;
  readonly state: SeatState;
  readonly told: boolean;
}

/** Remembers how far each seat is, tells workers to leave, and says what happens. */
class Rolling {
  readonly #seats: Map<number, Restarting>;
  readonly #socketDir: string;
  readonly #floor: number;
  readonly #limitMs: number;
  readonly #clock: Clock;
  readonly #say: (text: string) => void;
  readonly #said = new Map<number, SeatState>();

  constructor(
    socketDir: string,
    first: readonly SeatReport[],
    numbers: readonly number[],
    floor: number,
    limitMs: number,
    clock: Clock,
    say: (text: string) => void,
  ) {
    this.#seats = new Map(
      first
        .filter(({ seat }) => numbers.includes(seat))
        .map((report) => [
          report.seat,
          report.at === 'answers'
            ? { seat: report.seat, oldPid: report.status.pid }
            : { seat: report.seat, oldPid: undefined, toldMs: clock.now() },
        ]),
    );
    this.#socketDir = socketDir;
    this.#floor = floor;
    this.#limitMs = limitMs;
    this.#clock = clock;
    this.#say = say;
  }

  async step(reports: readonly SeatReport[]): Promise<readonly Seen[]> {
    const now = this.#clock.now();
    const seen = [...this.#seats.values()].flatMap((seat): Seen[] => {
      const report = reports.find((one) => one.seat === seat.seat);
      if (!report) return [];
      const isOld = report.at === 'answers' && report.status.pid === seat.oldPid;
      if (!isOld && report.at !== 'silent' && seat.goneMs === undefined)
        this.#seats.set(seat.seat, { ...seat, goneMs: now });
      const state = stateOf(this.#seats.get(seat.seat) ?? seat, report, now, this.#limitMs);
      this.#tellState(seat.seat, state);
      return [{ seat: seat.seat, state, told: seat.toldMs !== undefined }];
    });
    const load = { free: totalsOf(reports).free, floor: this.#floor, patience: patienceOf(reports) };
    for (const number of toTell(seen, load)) await this.#tell(number, now);
    return seen;
  }

  async #tell(number: number, now: number): Promise<void> {
    const seat = this.#seats.get(number);
    if (!seat) return;
    // A signal would do, but a second one ends the call: this may be said twice.
    const told = await tell(this.#socketDir, number, 'POST', '/leave', this.#clock);
    if (told.kind === 'answer' && told.status === 200) this.#seats.set(number, { ...seat, toldMs: now });
  }

  #tellState(seat: number, state: SeatState): void {
    if (this.#said.get(seat) === state) return;
    this.#said.set(seat, state);
    const words: Partial<Record<SeatState, string>> = {
      leaving: 'leaves when it has no call',
      coming: 'a new process gets ready',
      ready: 'is ready',
      failed: 'has no process that gets ready',
    };
    if (words[state] !== undefined) this.#say(`seat ${seat}  ${words[state]}`);
  }
}

function numberOf(value: unknown, option: string): number | undefined {
  if (value === undefined) return undefined;
  const text = typeof value === 'string' ? value : '';
  if (!/^\d{1,5}$/.test(text)) throw new UsageError(`${option} ${text}: a whole number`);
  return Number(text);
}

import { join } from 'node:path';
import pc from 'picocolors';
import type { ExitName } from '../contract/exit-codes.ts';
import { askSocket } from '../fleet/ask-socket.ts';
import { type Clock, realClock } from '../kit/clock.ts';
import type { Command, CommandInput } from './command.ts';
import { HOST_OPTIONS, JSON_OPTION } from './host/options.ts';
import { askSeats, type SeatReport } from './host/seats.ts';
import { hostSettings, seatNumbers } from './host/settings.ts';
import { totalsOf, totalsWords } from './host/totals.ts';
import { absence, columns, duration, megabytes } from './host/words.ts';

export const status: Command = {
  name: 'status',
  summary: 'Show the seats of this host: who is free, who has a call, what does not work.',
  description:
    'Asks each worker on its control socket, which only the user of the workers may do. Changes nothing. A worker that ' +
    'does not answer is shown as unknown, never as free. Exit code 0 when every seat has a worker that answers, else 1.',
  examples: [
    { run: 'cxbcore status', means: 'all seats' },
    { run: 'sudo -u cxbcore cxbcore status 3', means: 'one seat of a host that systemd runs' },
    { run: 'cxbcore status --json', means: 'the same for a program' },
  ],
  arguments: [{ name: 'seat', means: 'the numbers of the seats (all)', optional: true, many: true }],
  options: [...HOST_OPTIONS, JSON_OPTION],
  run,
};

/** What `cxbcore status` shows. */
export interface HostView {
  readonly fleet: string;
  readonly socketDir: string;
  readonly seats: readonly SeatReport[];
  /** Whether the always-free process of the host answers. */
  readonly fleetd: 'answers' | 'silent' | 'gone';
  readonly wallMs: number;
}

async function run(input: CommandInput): Promise<ExitName> {
  const { settings } = hostSettings(input);
  const seats = seatNumbers(input.arguments, settings.workers);
  const view = await lookAt(settings.fleet, settings.socketDir, seats, realClock);
  const { io, options } = input;
  io.out(
    options['json'] === true
      ? `${JSON.stringify(statusJson(view), null, 2)}\n`
      : statusText(view, io.terminal && !io.env['NO_COLOR']),
  );
  return view.seats.every(({ at }) => at === 'answers') ? 'ok' : 'expectationFailed';
}

export async function lookAt(
  fleet: string,
  socketDir: string,
  seats: readonly number[],
  clock: Clock,
): Promise<HostView> {
  const ctl = join(socketDir, 'cxbcore_fleetd.ctl');
  const [reports, fleetd] = await Promise.all([
    askSeats(socketDir, seats, clock),
    askSocket({ socket: ctl, path: '/health/live', limitMs: 2000 }, clock),
  ]);
  return {
    fleet,
    socketDir,
    seats: reports,
    fleetd: fleetd.kind === 'answer' ? 'answers' : fleetd.kind,
    wallMs: clock.wall(),
  };
}

const FLEETD_WORDS = {
  answers: 'fleetd runs',
  silent: 'fleetd runs and does not answer',
  gone: 'fleetd does not run',
} as const;

export function statusText(view: HostView, colours: boolean): string {
  const colour = pc.createColors(colours);
  const rows = view.seats.map((seat) => row(seat, view.wallMs));
  const lines = columns([['seat', 'state', 'for', 'pid', 'calls', 'memory', ''], ...rows]);
  const [head = '', ...rest] = lines;
  const painted = rest.map((line, i) => {
    const paint = paintOf(view.seats[i]);
    return paint === undefined ? line : colour[paint](line);
  });
  const totals = totalsOf(view.seats);
  return [
    `${colour.bold(view.fleet)}  ${totalsWords(totals)}  ${colour.dim(`(${view.socketDir}; ${FLEETD_WORDS[view.fleetd]})`)}`,
    colour.dim(head),
    ...painted,
    '',
  ].join('\n');
}

function row(seat: SeatReport, wallMs: number): string[] {
  if (seat.at !== 'answers') return [String(seat.seat), seat.at, '', '', '', '', absence(seat)];
  const { state, draining, since_ms: since, pid, calls, memory, call, degraded } = seat.status;
  const words = [
    call && `${call.call_id}, ${call.agent} over ${call.carrier}, ${duration(call.seconds)}`,
    degraded,
    seat.status.reload?.state === 'failed' && `its agents are the old ones: ${seat.status.reload.why ?? ''}`,
  ];
  return [
    String(seat.seat),
    draining ? `${state}, draining` : state,
    duration((wallMs - since) / 1000),
    String(pid),
    String(calls),
    memory === null ? 'unknown' : megabytes(memory.pss ?? memory.rss),
    words.filter(Boolean).join('; '),
  ];
}

function paintOf(seat: SeatReport | undefined): 'red' | 'yellow' | 'green' | undefined {
  if (seat?.at !== 'answers') return 'red';
  if (seat.status.degraded !== null || seat.status.draining) return 'yellow';
  return seat.status.call ? 'green' : undefined;
}

export function statusJson(view: HostView): object {
  return {
    fleet: view.fleet,
    socket_dir: view.socketDir,
    fleetd: view.fleetd,
    totals: totalsOf(view.seats),
    seats: view.seats.map((seat) =>
      seat.at === 'answers'
        ? { seat: seat.seat, at: seat.at, ...seat.status }
        : { seat: seat.seat, at: seat.at },
    ),
  };
}

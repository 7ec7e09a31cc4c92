import pc from 'picocolors';
import type { CommandIo } from '../command.ts';
import { columns, plural } from '../host/words.ts';
import type { Machine, Resource, StepSeen, Verdict } from './judge.ts';

/** Wipes the line that shows what is being measured. */
const WIPE = '\r\u001b[K';
const HEAD = ['calls', 'cores used', 'of them callers', 'loops late', 'underruns', 'memory', ''];
const WIDTHS = [7, 12, 17, 12, 11, 10];

const BY: Readonly<Record<Resource, string>> = {
  memory: 'memory sets it',
  cpu: 'the cores set it',
  sound: 'with more, callers hear gaps or wait',
  measured: 'as many as were measured; the machine may carry more (--up-to)',
};

/** Prints what is measured while it is, and what it means at the end; with JSON one document and nothing else. */
export class CapacityView {
  readonly #io: CommandIo;
  readonly #json: boolean;
  readonly #colour: ReturnType<typeof pc.createColors>;
  #headed = false;

  constructor(io: CommandIo, json: boolean) {
    this.#io = io;
    this.#json = json;
    this.#colour = pc.createColors(io.terminal && !io.env['NO_COLOR']);
  }

  begin(machine: Machine, { most, seconds }: { readonly most: number; readonly seconds: number }): void {
    const memory = machine.availableBytes === null ? 'unknown' : `${gigabytes(machine.availableBytes)} GB`;
    this.#say(
      `${plural(machine.cores, 'core')}, ${memory} of memory available, ${plural(machine.configured, 'seat')} ` +
        `configured. Up to ${plural(most, 'call')}, ${seconds} s each.\n`,
    );
    this.#progress(`warming ${plural(most, 'worker')} …`);
  }

  measuring(calls: number): void {
    this.#progress(`measuring ${plural(calls, 'call')} …`);
  }

  step(step: StepSeen, faults: readonly string[]): void {
    const cells = [
      String(step.calls),
      step.busyS === null ? 'unknown' : (step.busyS / step.seconds).toFixed(2),
      (step.callersCpuS / step.seconds).toFixed(2),
      step.loopLateMs === null ? 'unknown' : `${step.loopLateMs.toFixed(1)} ms`,
      String(step.underruns),
      step.pssBytes === null ? 'unknown' : `${megabytesOf(step.pssBytes)} MB`,
    ];
    const words = faults.length === 0 ? 'well' : faults.join(', ');
    if (!this.#headed) this.#say(`${this.#colour.dim(line(HEAD))}\n`);
    this.#headed = true;
    const paint = faults.length === 0 ? this.#colour.green : this.#colour.yellow;
    this.#say(`${line([...cells, paint(words)])}\n`);
  }

  /** It was interrupted before there was anything to tell. */
  stopped(): 'expectationFailed' {
    this.#io.err('Stopped before anything was measured.\n');
    return 'expectationFailed';
  }

  end(verdict: Verdict, steps: readonly StepSeen[], machine: Machine): void {
    if (this.#json) {
      this.#io.out(`${JSON.stringify(asJson(verdict, steps, machine), null, 2)}\n`);
      return;
    }
    this.#say(`\n${verdictText(verdict, this.#colour)}`);
    const late = Math.max(...steps.map(({ callersLateMs }) => callersLateMs));
    if (late > CALLERS_LATE_MS)
      this.#say(
        this.#colour.dim(
          `The callers themselves were up to ${Math.round(late)} ms late: part of what they heard is their own doing.\n`,
        ),
      );
  }

  #say(text: string): void {
    if (!this.#json) this.#io.out(`${this.#io.terminal ? WIPE : ''}${text}`);
  }

  #progress(text: string): void {
    if (!this.#json && this.#io.terminal) this.#io.out(`${WIPE}${this.#colour.dim(text)}`);
  }
}

/** Callers who are later than this put gaps into what they hear themselves. */
const CALLERS_LATE_MS = 100;

function line(cells: readonly string[]): string {
  return cells
    .map((cell, at) => cell.padEnd(WIDTHS[at] ?? 0))
    .join('')
    .trimEnd();
}

/** The verdict for reading. */
export function verdictText(verdict: Verdict, colour: Pick<typeof pc, 'bold' | 'yellow'>): string {
  const { safe, by, limits, carried, knee } = verdict;
  const memory = verdict.memoryBytesPerWorker;
  const cpu = verdict.cpuSPerCallMinute;
  const rows = [
    ['by memory', seats(limits.memory), memory === null ? '' : `${megabytesOf(memory)} MB a worker (PSS)`],
    ['by the cores', seats(limits.cpu), cpu === null ? '' : cpuWords(cpu, verdict.othersCores)],
    [
      'by what callers heard',
      knee === null ? 'no limit reached' : seats(limits.sound),
      knee === null
        ? `${plural(carried, 'call')} at once were carried well`
        : `${plural(knee, 'call')} were not carried well`,
    ],
  ];
  return [
    colour.bold(`${plural(safe, 'seat is', 'seats are')} safe: ${BY[by]}.`),
    ...columns(rows).map((row) => `  ${row}`),
    ...(verdict.warning === null ? [] : [colour.yellow(`warning: ${verdict.warning}`)]),
    '',
  ].join('\n');
}

/** What else runs on the machine is worth a word from a tenth of a core on. */
function cpuWords(cpu: number, others: number | null): string {
  const beside = others === null || others < 0.1 ? '' : `; ${others.toFixed(1)} cores are taken by others`;
  return `${cpu.toFixed(2)} CPU seconds per call minute${beside}`;
}

function seats(count: number | null): string {
  return count === null ? 'unknown' : plural(count, 'seat');
}

function asJson(verdict: Verdict, steps: readonly StepSeen[], machine: Machine): object {
  return {
    safe_seats: verdict.safe,
    set_by: verdict.by,
    limits: verdict.limits,
    carried: verdict.carried,
    knee: verdict.knee,
    memory_bytes_per_worker: verdict.memoryBytesPerWorker,
    cpu_s_per_call_minute: verdict.cpuSPerCallMinute,
    cores_taken_by_others: verdict.othersCores,
    configured: machine.configured,
    warning: verdict.warning,
    machine: { cores: machine.cores, available_bytes: machine.availableBytes },
    steps: steps.map((step) => ({
      calls: step.calls,
      seconds: step.seconds,
      call_seconds: step.callSeconds,
      workers_cpu_s: step.workersCpuS,
      callers_cpu_s: step.callersCpuS,
      busy_s: step.busyS,
      underruns: step.underruns,
      loop_late_ms: step.loopLateMs,
      callers_late_ms: step.callersLateMs,
      pss_bytes: step.pssBytes,
    })),
  };
}

function megabytesOf(bytes: number): number {
  return Math.round(bytes / 1e6);
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(1);
}

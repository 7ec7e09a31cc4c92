import { carried, kneeOf } from './steps.ts';

/** What was seen while a number of calls was under way. Null: it could not be seen. */
export interface StepSeen {
  readonly calls: number;
  readonly seconds: number;
  /** Seconds of call that callers were connected for, all calls together. */
  readonly callSeconds: number;
  /** Processor time of all workers, all threads. */
  readonly workersCpuS: number | null;
  /** Processor time of the simulated callers, which a real host does not have. */
  readonly callersCpuS: number;
  /** Busy time of all cores of the machine. */
  readonly busyS: number | null;
  /** Silences inside speech at the callers' loudspeakers. */
  readonly underruns: number;
  /** How late the workers' main loops were, on average, in milliseconds. */
  readonly loopLateMs: number | null;
  /** The longest the callers' own loop was late, in milliseconds. */
  readonly callersLateMs: number;
  /** The largest worker: its own memory and its share of what is common (PSS), in bytes. */
  readonly pssBytes: number | null;
}

/** The machine before anything was started on it. */
export interface Machine {
  readonly cores: number;
  /** Memory that processes could still have, in bytes. */
  readonly availableBytes: number | null;
  /** Seats as configured (`CXBCORE_WORKERS`). */
  readonly configured: number;
}

/** What sets the number of safe seats. `measured`: nothing yet, more were not tried. */
export type Resource = 'memory' | 'cpu' | 'sound' | 'measured';

export interface Verdict {
  readonly safe: number;
  readonly by: Resource;
  /** Seats that each resource alone allows; null when unknown, or when its limit was not reached. */
  readonly limits: {
    readonly memory: number | null;
    readonly cpu: number | null;
    readonly sound: number | null;
  };
  /** The most calls at once that were carried well. */
  readonly carried: number;
  /** The fewest that were not; null when all were. */
  readonly knee: number | null;
  readonly memoryBytesPerWorker: number | null;
  readonly cpuSPerCallMinute: number | null;
  /** Cores that something other than workers and callers kept busy, nginx and fleetd included; null when unknown. */
  readonly othersCores: number | null;
  /** Why `CXBCORE_WORKERS` is too high; null when it is not. */
  readonly warning: string | null;
}

/** A machine that is busier than this has no core left for what comes at once in several calls. */
const BUSY_SHARE = 0.9;
/** The part of the cores that seats are planned for: beyond it ready threads begin to wait for one another. */
const PLANNED_CPU_SHARE = 0.7;
/** The part of the memory that seats are planned for: the rest is for growth, the page cache and an operator's shell. */
const PLANNED_MEMORY_SHARE = 0.8;
/** Later than one frame of 20 ms on average, and the buffers of the carriers are no longer filled in time. */
const LATE_LIMIT_MS = 20;
/** Callers who were connected for less than this part of the time could not be placed. */
const CONNECTED_SHARE = 0.5;

/** Why a step was not carried well, in words; none: it was. */
export function faultsOf(step: StepSeen, cores: number): string[] {
  const busy = step.busyS === null ? null : step.busyS / (step.seconds * cores);
  const connected = step.callSeconds / (step.seconds * step.calls);
  return [
    ...(step.underruns > 0 ? [`${step.underruns} underruns`] : []),
    ...(step.loopLateMs !== null && step.loopLateMs > LATE_LIMIT_MS
      ? [`loops ${Math.round(step.loopLateMs)} ms late`]
      : []),
    ...(busy !== null && busy > BUSY_SHARE ? [`cores ${Math.round(busy * 100)} % busy`] : []),
    ...(connected < CONNECTED_SHARE
      ? [`callers connected ${Math.round(connected * 100)} % of the time`]
      : []),
  ];
}

/** How many seats are safe, and what sets their number. @param steps at least one */
export function verdictOf(steps: readonly StepSeen[], machine: Machine): Verdict {
  const measured = steps.map((step) => ({
    calls: step.calls,
    well: faultsOf(step, machine.cores).length === 0,
  }));
  const most = carried(measured);
  const knee = kneeOf(measured) ?? null;
  // A host that carries nothing well is still told what its calls cost.
  const used = most > 0 ? steps.filter((_, i) => measured[i]?.well) : steps;
  const memory = largest(used.map(({ pssBytes }) => pssBytes));
  const cpu = cpuPerCallMinute(used);
  const others = othersCores(used);
  const limits = {
    memory: seatsByMemory(memory, machine.availableBytes),
    cpu: seatsByCpu(cpu, machine.cores * PLANNED_CPU_SHARE - (others ?? 0)),
    sound: knee === null ? null : most,
  };
  const candidates: readonly (readonly [Resource, number | null])[] = [
    ['memory', limits.memory],
    ['cpu', limits.cpu],
    [knee === null ? 'measured' : 'sound', most],
  ];
  let [by, safe]: [Resource, number] = ['measured', most];
  for (const [resource, seats] of candidates)
    if (seats !== null && (seats < safe || (seats === safe && by === 'measured')))
      [by, safe] = [resource, seats];
  return {
    safe,
    by,
    limits,
    carried: most,
    knee,
    memoryBytesPerWorker: memory,
    cpuSPerCallMinute: cpu,
    othersCores: others,
    warning: warningOf(safe, by, machine.configured),
  };
}

const REASONS: Readonly<Record<Exclude<Resource, 'measured'>, string>> = {
  memory: 'the memory is enough for no more',
  cpu: 'the cores are enough for no more',
  sound: 'with more, callers hear gaps or wait',
};

function warningOf(safe: number, by: Resource, configured: number): string | null {
  if (configured <= safe || by === 'measured') return null;
  return `CXBCORE_WORKERS is ${configured}, and ${safe} are safe: ${REASONS[by]}`;
}

/** Null unless every step knows: a sum with a hole in it would be too small. */
function total(numbers: readonly (number | null)[]): number | null {
  let sum = 0;
  for (const one of numbers) {
    if (one === null) return null;
    sum += one;
  }
  return sum;
}

function largest(numbers: readonly (number | null)[]): number | null {
  const known = numbers.filter((one) => one !== null);
  return known.length === 0 ? null : Math.max(...known);
}

function cpuPerCallMinute(steps: readonly StepSeen[]): number | null {
  const cpuS = total(steps.map(({ workersCpuS }) => workersCpuS));
  const callS = steps.reduce((sum, { callSeconds }) => sum + callSeconds, 0);
  return cpuS === null || callS <= 0 ? null : (cpuS / callS) * 60;
}

function othersCores(steps: readonly StepSeen[]): number | null {
  const busy = total(steps.map(({ busyS }) => busyS));
  const ours = total(steps.map(({ workersCpuS }) => workersCpuS));
  if (busy === null || ours === null) return null;
  const sum = (of: (step: StepSeen) => number) => steps.reduce((so, step) => so + of(step), 0);
  return Math.max(0, busy - ours - sum(({ callersCpuS }) => callersCpuS)) / sum(({ seconds }) => seconds);
}

function seatsByMemory(perWorker: number | null, available: number | null): number | null {
  if (perWorker === null || available === null || perWorker <= 0) return null;
  return Math.floor((available * PLANNED_MEMORY_SHARE) / perWorker);
}

function seatsByCpu(perCallMinute: number | null, cores: number): number | null {
  if (perCallMinute === null || perCallMinute <= 0) return null;
  // A hair more: 2.8 cores at 0.05 a call are 56 seats, also in binary fractions.
  return Math.floor((Math.max(0, cores) * 60) / perCallMinute + 1e-9);
}

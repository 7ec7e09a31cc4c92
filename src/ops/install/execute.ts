import { spawn } from 'node:child_process';
import { inRoot } from './file-steps.ts';
import type { Part, Step } from './steps.ts';

/** `already`: its outcome was there. `left`: not done here, because this is not the host itself. */
export type StepOutcome = 'done' | 'already' | 'would' | 'left';

export interface ExecuteOptions {
  /** `/`; another folder for staging and tests: programs are not run then. */
  readonly root: string;
  readonly dryRun: boolean;
  readonly onStep: (step: Step, outcome: StepOutcome) => void;
  /** Runs a program; resolves with what it said when it failed, undefined when it did not. */
  readonly run?: (argv: readonly string[]) => Promise<string | undefined>;
}

export class StepError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StepError';
  }
}

/**
 * Carries a plan out, in order, and says of each step what came of it.
 * @throws StepError at the first step that fails; what a failed proof was about is put back as it was
 */
export async function execute(steps: readonly Step[], options: ExecuteOptions): Promise<void> {
  const changed = new Set<Part>();
  const undo = new Map<Part, (() => void)[]>();
  for (const step of steps) {
    if (step.do === 'run') {
      const outcome = await runStep(step, changed, undo, options);
      options.onStep(step, outcome);
      continue;
    }
    const state = inRoot(options.root);
    if (state.isDone(step)) {
      options.onStep(step, 'already');
      continue;
    }
    changed.add(step.part);
    if (!options.dryRun) {
      if (step.do === 'file') undo.set(step.part, [...(undo.get(step.part) ?? []), state.putBack(step.path)]);
      try {
        state.carryOut(step);
      } catch (error) {
        throw new StepError(`${step.do} ${'path' in step ? step.path : step.to}: ${String(error)}`, {
          cause: error,
        });
      }
    }
    options.onStep(step, options.dryRun ? 'would' : 'done');
  }
}

async function runStep(
  step: Extract<Step, { do: 'run' }>,
  changed: ReadonlySet<Part>,
  undo: ReadonlyMap<Part, readonly (() => void)[]>,
  { root, dryRun, run = runProgram }: ExecuteOptions,
): Promise<StepOutcome> {
  if (step.ifChanged && !changed.has(step.part)) return 'already';
  if (dryRun) return 'would';
  if (root !== '/') return 'left';
  const failure = await run(step.argv);
  if (failure === undefined) return 'done';
  const restored = step.proves ? (undo.get(step.part) ?? []) : [];
  for (const putBack of restored) putBack();
  const back = step.proves ? '; its files are as they were before' : '';
  throw new StepError(`${step.argv.join(' ')} failed${back}:\n${failure}`);
}

function runProgram(argv: readonly string[]): Promise<string | undefined> {
  const [program = '', ...args] = argv;
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-4000);
      });
    }
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code) => resolve(code === 0 ? undefined : said.trim() || `exit code ${code}`));
  });
}

import type { StepOutcome } from '../ops/install/execute.ts';
import { type Step, stepWords } from '../ops/install/steps.ts';
import type { CommandIo } from './command.ts';

const OUTCOMES: Readonly<Record<StepOutcome, string>> = {
  done: 'done',
  already: 'as it is',
  would: 'would',
  left: 'not here',
};

/** Prints each step of an installation as it is done. */
export function stepPrinter(io: CommandIo): (step: Step, outcome: StepOutcome) => void {
  return (step, outcome) => io.out(`${OUTCOMES[outcome].padEnd(8)}  ${stepWords(step)}\n`);
}

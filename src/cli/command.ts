import type { ExitName } from '../contract/exit-codes.ts';

/** A command as data: help, parser and reference page are all made from it. */
export interface Command {
  readonly name: string;
  /** One line, imperative. */
  readonly summary: string;
  /** What it does and what it leaves alone, in a short paragraph. */
  readonly description: string;
  readonly examples: readonly { readonly run: string; readonly means: string }[];
  readonly arguments?: readonly {
    readonly name: string;
    readonly means: string;
    readonly optional?: true;
    readonly many?: true;
  }[];
  readonly options: readonly Option[];
  run(input: CommandInput): Promise<ExitName>;
}

export interface Option {
  /** As typed: `--workers <n>` takes a value, `--json` none. */
  readonly flags: string;
  readonly means: string;
  readonly default?: string;
  /** May be given several times. */
  readonly many?: true;
}

export interface CommandInput {
  readonly arguments: readonly string[];
  /** By camel-cased long name; absent options are absent. */
  readonly options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  readonly io: CommandIo;
}

/** The command's view of its terminal, so that commands can be run in tests. */
export interface CommandIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  out(text: string): void;
  err(text: string): void;
  /** Standard output is a terminal: colours and progress in place are welcome. */
  readonly terminal: boolean;
  /** Aborted by the first Ctrl-C or SIGTERM: finish what is under way, start nothing new. */
  readonly interrupted: AbortSignal;
  /** Aborted by the second one: stop at once, cleanly. A third ends the process as it stands. */
  readonly interruptedAgain: AbortSignal;
}

/** A mistake of the person at the keyboard: what is wrong and what would be right. Printed without a stack. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

import { CommanderError, Help, Command as Parser, Option as ParserOption } from 'commander';
import pc from 'picocolors';
import type { ExitName } from '../contract/exit-codes.ts';
import { type Command, type CommandInput, type CommandIo, type Option, UsageError } from './command.ts';

const ABOUT = `Voice calls for phone agents on your own Linux host: one worker process per call, behind nginx.`;

const FIRST_STEPS = [
  { run: 'cxbcore up', means: 'run a host on this machine, for development' },
  { run: 'cxbcore <command> --help', means: 'what a command does, with examples' },
];

/**
 * Runs one command line and says how the process should exit. Never throws for anything the person at the keyboard
 * or the command can do wrong; what does come out of here is a fault of ours.
 * @param argv the words after the program's name
 */
export async function runCommandLine(
  argv: readonly string[],
  commands: readonly Command[],
  version: string,
  io: CommandIo,
): Promise<ExitName> {
  let exit: ExitName = 'ok';
  const program = buildParser(commands, version, io, async (command, input) => {
    exit = await command.run(input);
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 'ok' : 'usage';
    if (!(error instanceof UsageError)) throw error;
    io.err(`error: ${error.message}\n`);
    return 'usage';
  }
  return exit;
}

type Start = (command: Command, input: CommandInput) => Promise<void>;

function buildParser(commands: readonly Command[], version: string, io: CommandIo, start: Start): Parser {
  const program = new Parser('cxbcore')
    .description(ABOUT)
    .usage('<command> [options]')
    .version(version, '-v, --version', 'print the version')
    .helpCommand(false)
    .helpOption('-h, --help', 'print this help')
    .exitOverride()
    .configureOutput(outputTo(io))
    .configureHelp(helpStyle())
    .addHelpText('after', () => examplesText(FIRST_STEPS, io));
  for (const command of commands) program.addCommand(subcommand(command, io, start));
  program.action((_options: object, parser: Parser) => {
    const [unknown] = parser.args;
    if (unknown === undefined) return program.help({ error: true });
    const near = nearest(
      unknown,
      commands.map((command) => command.name),
    );
    const advice = near ? `Did you mean "cxbcore ${near}"?` : '"cxbcore --help" lists the commands.';
    throw new UsageError(`there is no command "${unknown}". ${advice}`);
  });
  program.allowExcessArguments().allowUnknownOption();
  return program;
}

function subcommand(command: Command, io: CommandIo, start: Start): Parser {
  const parser = new Parser(command.name)
    .summary(command.summary)
    .description(`${command.summary}\n\n${command.description}`)
    .helpOption('-h, --help', 'print this help')
    .exitOverride()
    .configureOutput(outputTo(io))
    .configureHelp(helpStyle())
    .addHelpText('after', () => examplesText(command.examples, io));
  for (const argument of command.arguments ?? []) {
    const inner = `${argument.name}${argument.many ? '...' : ''}`;
    parser.argument(argument.optional ? `[${inner}]` : `<${inner}>`, argument.means);
  }
  for (const option of command.options) parser.addOption(parserOption(option));
  parser.action(async () => {
    await start(command, { arguments: parser.args, options: parser.opts(), io });
  });
  return parser;
}

function parserOption(option: Option): ParserOption {
  const built = new ParserOption(option.flags, option.means);
  if (option.many) {
    built.argParser((value: string, earlier: readonly string[] | undefined) => [...(earlier ?? []), value]);
  }
  if (option.default !== undefined) built.default(option.default);
  return built;
}

function outputTo(io: CommandIo) {
  const colours = io.terminal && !io.env['NO_COLOR'];
  return {
    writeOut: (text: string) => io.out(text),
    writeErr: (text: string) => io.err(text),
    getOutHasColors: () => colours,
    getErrHasColors: () => colours,
    outputError: (text: string, write: (text: string) => void) => write(text),
  };
}

/** Always coloured here; the parser strips the colours again where `getOutHasColors` says no. */
function helpStyle(): Partial<Help> {
  const colour = pc.createColors(true);
  return {
    styleTitle: (text) => colour.bold(text),
    styleCommandText: (text) => colour.cyan(text),
    styleSubcommandText: (text) => colour.cyan(text),
    styleOptionText: (text) => colour.green(text),
    styleArgumentText: (text) => colour.green(text),
  };
}

function examplesText(examples: readonly { readonly run: string; readonly means: string }[], io: CommandIo) {
  if (examples.length === 0) return '';
  const colour = pc.createColors(io.terminal && !io.env['NO_COLOR']);
  const width = Math.max(...examples.map((example) => example.run.length));
  const lines = examples.map(
    (example) => `  ${colour.cyan(example.run.padEnd(width))}  ${colour.dim(`# ${example.means}`)}`,
  );
  return `\n${colour.bold('Examples:')}\n${lines.join('\n')}\n`;
}

/** The closest word within two edits (and fewer than half of its letters), or none. */
export function nearest(word: string, words: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = 3;
  for (const other of words) {
    const distance = edits(word, other);
    if (distance < bestDistance && distance * 2 <= other.length) {
      best = other;
      bestDistance = distance;
    }
  }
  return best;
}

/** Edits between two words, two swapped neighbours counting as one. */
function edits(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  const at = (i: number, j: number) => rows[i]?.[j] ?? Number.POSITIVE_INFINITY;
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(at(i - 1, j) + 1, (row[j - 1] ?? 0) + 1, at(i - 1, j - 1) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, at(i - 2, j - 2) + 1);
      }
      row.push(least);
    }
  }
  return at(a.length, b.length);
}

import { expect, test } from 'vitest';
import { type Command, type CommandInput, type CommandIo, UsageError } from './command.ts';
import { nearest, runCommandLine } from './program.ts';

function terminal(over: Partial<CommandIo> = {}) {
  const lines = { out: '', err: '' };
  const io: CommandIo = {
    env: {},
    out: (text) => {
      lines.out += text;
    },
    err: (text) => {
      lines.err += text;
    },
    terminal: false,
    interrupted: new AbortController().signal,
    interruptedAgain: new AbortController().signal,
    ...over,
  };
  return { io, lines };
}

function command(over: Partial<Command> = {}): Command & { seen: CommandInput[] } {
  const seen: CommandInput[] = [];
  return {
    name: 'up',
    summary: 'Run a host',
    description: 'Starts workers and a front.',
    examples: [{ run: 'cxbcore up --workers 2', means: 'two workers' }],
    options: [
      { flags: '--workers <n>', means: 'how many' },
      { flags: '--say <text>', means: 'a sentence', many: true },
      { flags: '--json', means: 'JSON' },
    ],
    run: async (input) => {
      seen.push(input);
      return 'ok';
    },
    seen,
    ...over,
  };
}

test('options reach the command by camel-cased name, repeated ones as a list', async () => {
  const up = command();
  const { io } = terminal();
  expect(await runCommandLine(['up', '--workers', '2', '--say', 'a', '--say', 'b'], [up], '1.2.3', io)).toBe(
    'ok',
  );
  expect(up.seen[0]?.options).toEqual({ workers: '2', say: ['a', 'b'] });
});

test('an unknown command is a usage error that names the nearest one', async () => {
  const { io, lines } = terminal();
  expect(await runCommandLine(['upp'], [command()], '1.2.3', io)).toBe('usage');
  expect(lines.err).toBe('error: there is no command "upp". Did you mean "cxbcore up"?\n');
});

test('an unknown option and a missing argument are usage errors', async () => {
  const { io, lines } = terminal();
  expect(await runCommandLine(['up', '--worker', '2'], [command()], '1.2.3', io)).toBe('usage');
  expect(lines.err).toContain('--workers');
  const needy = command({ arguments: [{ name: 'file', means: 'an agent file' }] });
  expect(await runCommandLine(['up'], [needy], '1.2.3', io)).toBe('usage');
});

test('a usage error thrown by the command is printed without a stack', async () => {
  const { io, lines } = terminal();
  const wrong = command({ run: () => Promise.reject(new UsageError('--workers must be a number')) });
  expect(await runCommandLine(['up'], [wrong], '1.2.3', io)).toBe('usage');
  expect(lines.err).toBe('error: --workers must be a number\n');
});

test('help of a command shows its description, options and examples', async () => {
  const { io, lines } = terminal();
  expect(await runCommandLine(['up', '--help'], [command()], '1.2.3', io)).toBe('ok');
  expect(lines.out).toContain('Starts workers and a front.');
  expect(lines.out).toContain('--workers <n>');
  expect(lines.out).toContain('cxbcore up --workers 2  # two workers');
});

test('no command at all prints the help to standard error', async () => {
  const { io, lines } = terminal();
  expect(await runCommandLine([], [command()], '1.2.3', io)).toBe('usage');
  expect(lines.err).toContain('Run a host');
});

test('help is coloured on a terminal only, and never with NO_COLOR', async () => {
  const escape = String.fromCodePoint(27);
  const onTerminal = terminal({ terminal: true });
  await runCommandLine(['--help'], [command()], '1.2.3', onTerminal.io);
  expect(onTerminal.lines.out).toContain(escape);
  const plain = terminal({ terminal: true, env: { NO_COLOR: '1' } });
  await runCommandLine(['--help'], [command()], '1.2.3', plain.io);
  expect(plain.lines.out).not.toContain(escape);
  const piped = terminal();
  await runCommandLine(['--help'], [command()], '1.2.3', piped.io);
  expect(piped.lines.out).not.toContain(escape);
});

test('the version is printed', async () => {
  const { io, lines } = terminal();
  expect(await runCommandLine(['--version'], [command()], '1.2.3', io)).toBe('ok');
  expect(lines.out).toBe('1.2.3\n');
});

test('a fault of ours is thrown on, not swallowed', async () => {
  const broken = command({ run: () => Promise.reject(new TypeError('undefined is not a function')) });
  await expect(runCommandLine(['up'], [broken], '1', terminal().io)).rejects.toThrow(TypeError);
});

test('only close words are suggested', () => {
  expect(nearest('dmeo', ['up', 'demo', 'call'])).toBe('demo');
  expect(nearest('restart', ['up', 'demo', 'call'])).toBeUndefined();
});

import type { Command } from './command.ts';
import { UsageError } from './command.ts';

const FRONTS = ['nginx', 'builtin'] as const;

export const demo: Command = {
  name: 'demo',
  summary: 'See and hear five callers talk to agents on this machine.',
  description:
    'Runs a host of its own with four workers in a temporary folder and lets recorded human speech call it: four ' +
    'calls at once, one interrupting, one using keys, and a fifth that is refused while every seat is taken and ' +
    'placed when one is free. Needs no key and no network, and touches nothing that runs already. Recordings, ' +
    'pictures and reports are kept. Exit code 1 when anything did not come out as it should.',
  examples: [
    { run: 'cxbcore demo', means: 'about a minute' },
    { run: 'cxbcore demo --front builtin', means: 'without nginx, also where it is installed' },
    { run: 'cxbcore demo --json', means: 'the results for a program' },
  ],
  options: [
    { flags: '--front <kind>', means: 'nginx or builtin; nginx where it is installed when not given' },
    { flags: '--out <dir>', means: 'where the results go (./data/demo/<time>)' },
    { flags: '--json', means: 'print the results as JSON, and nothing else' },
  ],
  async run({ options, io }) {
    const given = options['front'];
    const front = FRONTS.find((kind) => kind === given);
    if (given !== undefined && front === undefined)
      throw new UsageError(`--front is one of: ${FRONTS.join(', ')}`);
    const out = options['out'];
    const { runDemo } = await import('./demo/run.ts');
    return runDemo(io, {
      front: front ?? 'auto',
      out: typeof out === 'string' ? out : undefined,
      json: options['json'] === true,
    });
  },
};

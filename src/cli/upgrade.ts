import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import type { ExitName } from '../contract/exit-codes.ts';
import { PLACES } from '../ops/install/facts.ts';
import type { Command, CommandInput, CommandIo } from './command.ts';
import { HOST_OPTIONS } from './host/options.ts';
import { hostSettings } from './host/settings.ts';
import { install } from './install.ts';
import { restart } from './restart.ts';

const ROLLING = restart.options.filter(({ flags }) => /^--(floor|limit|no-wait)/.test(flags));

export const upgrade: Command = {
  name: 'upgrade',
  summary: 'Install this build and bring it into every seat, without cutting a call or refusing a start.',
  description:
    'Does what "cxbcore install" does, then what "cxbcore restart" does: busy seats change when their call has ended, ' +
    'idle ones one at a time, while others are free. When a new worker does not get ready it stops, and the build before ' +
    `it (${PLACES.previous}) is the one in use again, also in the seats that had changed. Needs root and systemd.`,
  examples: [
    { run: 'sudo npx cxbcore upgrade', means: 'from the folder the new package is installed in' },
    { run: 'sudo cxbcore upgrade --floor 4', means: 'keep four seats free meanwhile' },
    {
      run: `sudo node ${PLACES.previous}/dist/cli/main.js upgrade`,
      means: 'back to the build before this one',
    },
  ],
  options: [...HOST_OPTIONS, ...ROLLING],
  run,
};

async function run(input: CommandInput): Promise<ExitName> {
  const { io } = input;
  const before = existsSync(PLACES.core) ? realpathSync(PLACES.core) : undefined;
  const installed = await install.run({ ...input, options: {} });
  if (installed !== 'ok') return installed;
  startSeats(hostSettings(input).settings.workers);
  const restarted = await restart.run({ ...input, arguments: [] });
  if (restarted === 'expectationFailed') goBack(before, io);
  // fleetd is away for a moment only; its socket is not.
  else spawnSync('systemctl', ['try-restart', '--no-block', 'cxbcore-fleetd.service']);
  return restarted;
}

/** Seats without a worker, such as those that systemd has given up over wrong settings, get one; others notice nothing. */
function startSeats(workers: number): void {
  const units = Array.from({ length: workers }, (_, index) => `cxbcore@${index + 1}.service`);
  spawnSync('systemctl', ['start', '--no-block', ...units]);
}

/** The build before installs itself again: its own units, its own front, the link, and then its workers. */
function goBack(before: string | undefined, io: CommandIo): void {
  const main = `${before}/dist/cli/main.js`;
  if (before === undefined || !existsSync(main) || before === realpathSync(PLACES.core)) {
    io.err('There is no other build to go back to. Seats that have not changed run as before.\n');
    return;
  }
  io.out(`Going back to ${before}\n`);
  const result = spawnSync(process.execPath, [main, 'upgrade'], { encoding: 'utf8' });
  io.out(`${result.stdout}${result.stderr}`);
  io.out(
    result.status === 0
      ? 'The build before is in use again, in every seat.\n'
      : 'Whatever starts from now on is the build before; look at the seats with "cxbcore status".\n',
  );
}

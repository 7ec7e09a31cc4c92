import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { parseEnvFile } from '../contract/env-file.ts';
import { readSettings } from '../contract/settings.ts';
import { execute, StepError } from '../ops/install/execute.ts';
import { lookAtHost, PLACES } from '../ops/install/facts.ts';
import { planUninstall } from '../ops/install/plan-uninstall.ts';
import { type Command, UsageError } from './command.ts';
import { stepPrinter } from './step-view.ts';

export const uninstall: Command = {
  name: 'uninstall',
  summary: 'Take CXB Core off this host; settings, agents, journals and records stay.',
  description:
    'Stops workers and fleetd, which waits until the last call has ended, then removes units, the configuration of nginx, ' +
    `the builds and ${PLACES.core}. What is yours stays unless you say --purge. The user cxbcore stays, because files may belong to it. Needs root.`,
  examples: [
    { run: 'sudo cxbcore uninstall --dry-run', means: 'what would be done' },
    { run: 'sudo cxbcore uninstall', means: 'keeps settings, agents and records' },
    { run: 'sudo cxbcore uninstall --purge', means: 'removes those too' },
  ],
  options: [
    { flags: '--purge', means: 'also remove settings, agents, journals, records and logs' },
    {
      flags: '--root <dir>',
      means: 'another folder in place of /: files only, no program is run',
      default: '/',
    },
    { flags: '--dry-run', means: 'print the steps and do none of them' },
  ],
  async run({ options, io }) {
    const root = resolve(String(options['root'] ?? '/'));
    const dryRun = options['dryRun'] === true;
    if (root === '/' && !dryRun && process.getuid?.() !== 0)
      throw new UsageError('only root can uninstall from this host; try sudo, --dry-run, or --root');
    const facts = lookAtHost(root, process.execPath);
    const { dataDir } = readSettings(
      { CXBCORE_DATA_DIR: parseEnvFile(facts.envText ?? '')['CXBCORE_DATA_DIR'] },
      hostname(),
    );
    try {
      const steps = planUninstall(facts, { dataDir, purge: options['purge'] === true });
      await execute(steps, { root, dryRun, onStep: stepPrinter(io) });
      return 'ok';
    } catch (error) {
      if (!(error instanceof StepError)) throw error;
      io.err(`${error.message}\n`);
      return 'notNow';
    }
  },
};

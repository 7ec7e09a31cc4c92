import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { parseEnvFile } from '../contract/env-file.ts';
import type { ExitName } from '../contract/exit-codes.ts';
import { readSettings, type Settings } from '../contract/settings.ts';
import { packageRoot } from '../kit/entry.ts';
import { realChance } from '../kit/ids.ts';
import { type Build, describeBuild } from '../ops/install/build.ts';
import { execute, StepError } from '../ops/install/execute.ts';
import { type HostFacts, lookAtHost, PLACES } from '../ops/install/facts.ts';
import { type InstallChoices, planInstall } from '../ops/install/plan.ts';
import { productionFront } from '../ops/nginx.ts';
import { type Command, type CommandInput, type CommandIo, UsageError } from './command.ts';
import { stepPrinter } from './step-view.ts';

export const INSTALL_OPTIONS = [
  {
    flags: '--root <dir>',
    means: 'another folder in place of /: files only, no program is run',
    default: '/',
  },
  { flags: '--dry-run', means: 'print the steps and do none of them' },
  { flags: '--nginx-user <name>', means: 'the user of nginx, which joins our group', default: 'www-data' },
] as const;

export const install: Command = {
  name: 'install',
  summary: 'Install this build on this host: user, folders, units, nginx.',
  description:
    `Copies what you run it from, a checkout or an installed package, into a folder of its own below ${PLACES.builds} and ` +
    `makes ${PLACES.core} the link to it. Settings in ${PLACES.env} and agents in ${PLACES.agents} are yours: made once, ` +
    'never written over. Nothing that runs is stopped or restarted. Run again, it changes only what is not so yet. Needs root.',
  examples: [
    { run: 'sudo cxbcore install --workers 4', means: 'a new host with four seats' },
    { run: 'sudo cxbcore install --dry-run', means: 'what would be done' },
    { run: 'cxbcore install --root ./staging', means: 'the files only, into a folder' },
  ],
  options: [
    { flags: '--workers <n>', means: 'how many seats a new host gets (CXBCORE_WORKERS, 16)' },
    ...INSTALL_OPTIONS,
  ],
  async run(input) {
    const prepared = prepare(input);
    return carryOut(prepared, input);
  },
};

interface Prepared {
  readonly root: string;
  readonly facts: HostFacts;
  readonly choices: InstallChoices;
}

/** @throws UsageError, SettingsError before anything has been touched */
function prepare({ options, io }: CommandInput): Prepared {
  const root = resolve(String(options['root'] ?? '/'));
  if (root === '/' && options['dryRun'] !== true && process.getuid?.() !== 0)
    throw new UsageError('only root can install on this host; try sudo, --dry-run, or --root');
  const facts = lookAtHost(root, process.execPath);
  const build = ownBuild(io);
  return { root, facts, choices: choicesFor(facts, build, options) };
}

function ownBuild(io: CommandIo): Build {
  try {
    return describeBuild(packageRoot);
  } catch (error) {
    io.err('');
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function choicesFor(facts: HostFacts, build: Build, options: CommandInput['options']): InstallChoices {
  const given = typeof options['workers'] === 'string' ? { CXBCORE_WORKERS: options['workers'] } : {};
  const inFile = parseEnvFile(facts.envText ?? '');
  const settings = readSettings({ ...given, ...inFile }, hostname());
  if (
    'CXBCORE_WORKERS' in given &&
    facts.envText !== undefined &&
    String(settings.workers) !== given.CXBCORE_WORKERS
  )
    throw new UsageError(
      `this host has its settings in ${PLACES.env}, with ${settings.workers} seats: change CXBCORE_WORKERS there`,
    );
  const key = () => Buffer.from(realChance.bytes(32)).toString('hex');
  return {
    build,
    ...folders(settings),
    workers: settings.workers,
    nginxUser: String(options['nginxUser'] ?? 'www-data'),
    front: productionFront(settings),
    keys: { api: key(), token: key() },
    fleetd: existsSync(`${packageRoot}dist/fleet/fleetd/main.js`),
  };
}

/** Where a host keeps its sockets and data; a development mode changes nothing about that under systemd. */
function folders(settings: Settings): { socketDir: string; dataDir: string } {
  const dataDir = settings.dataDir.startsWith('/') ? settings.dataDir : '/var/lib/cxbcore';
  return { socketDir: resolve(settings.socketDir), dataDir };
}

async function carryOut({ root, facts, choices }: Prepared, input: CommandInput): Promise<ExitName> {
  const { io, options } = input;
  const dryRun = options['dryRun'] === true;
  try {
    await execute(planInstall(facts, choices), { root, dryRun, onStep: stepPrinter(io) });
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    io.err(`${error.message}\n`);
    return 'notNow';
  }
  if (!facts.nginx)
    io.out('nginx is not installed: install it and run this again, or callers reach no worker.\n');
  if (root === '/' && !dryRun) {
    const agents = await checkAgents(io);
    io.out(`Build ${choices.build.id} is at ${PLACES.core}, and takes calls from its next start on:\n`);
    io.out('  systemctl start cxbcore.target      a host that does not run yet\n');
    io.out('  cxbcore restart                     a host in use: no call is cut, no start refused\n');
    return agents;
  }
  return 'ok';
}

/** Agents are transformed here, where root may write beside them; a mistake in one is told before workers meet it. */
async function checkAgents(io: CommandIo): Promise<ExitName> {
  const { AgentFileError, loadAgents } = await import('../agent/load.ts');
  try {
    const { agents } = await loadAgents(PLACES.agents);
    io.out(`agents: ${[...agents.keys()].join(', ') || `none yet; put a file into ${PLACES.agents}`}\n`);
    return 'ok';
  } catch (error) {
    if (!(error instanceof AgentFileError)) throw error;
    io.err(`${error.message}\nNo worker can start with these agents.\n`);
    return 'settings';
  }
}

import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { ExitName } from '../contract/exit-codes.ts';
import { readSettings, type Settings } from '../contract/settings.ts';
import type { Host } from '../fleet/host.ts';
import { realClock } from '../kit/clock.ts';
import { packageRoot } from '../kit/entry.ts';
import { silentLog } from '../kit/log.ts';
import { type Command, type CommandInput, type CommandIo, UsageError } from './command.ts';
import { UpView } from './up-view.ts';

const FRONTS = ['nginx', 'builtin'] as const;

export const up: Command = {
  name: 'up',
  summary: 'Run a host on this machine, for development.',
  description:
    'Starts workers, each for one call, and a front on 127.0.0.1 that hands every start to a free one: nginx where ' +
    'it is installed, else a small one of our own. A worker that dies is replaced. Runs in development mode unless ' +
    'told otherwise: starts from this machine then need no credentials.',
  examples: [
    { run: 'cxbcore up', means: 'as many workers as CXBCORE_WORKERS says (16), port 8080' },
    { run: 'cxbcore up --workers 2 --port 9000', means: 'a small one, elsewhere' },
    { run: 'cxbcore up --agents ./my-agents --agent clinic', means: 'your own agents, and who answers' },
  ],
  options: [
    { flags: '--workers <n>', means: 'how many workers, each for one call (CXBCORE_WORKERS, 16)' },
    { flags: '--port <n>', means: 'the port of the front (CXBCORE_HTTP_PORT, 8080)' },
    { flags: '--front <kind>', means: 'nginx or builtin; nginx where it is installed when not given' },
    { flags: '--agents <dir>', means: 'the folder of agent files (CXBCORE_AGENTS, ./agents)' },
    { flags: '--agent <name>', means: 'the agent of a call that names none (CXBCORE_AGENT, the first one)' },
    { flags: '--mode <mode>', means: 'development or production (CXBCORE_MODE, development)' },
    { flags: '--data-dir <dir>', means: 'where journals, records and logs go (CXBCORE_DATA_DIR, ./data)' },
    { flags: '--socket-dir <dir>', means: 'where the sockets are (CXBCORE_SOCKET_DIR, /tmp)' },
  ],
  run,
};

async function run({ options, io }: CommandInput): Promise<ExitName> {
  const front = frontKind(options['front']);
  const env = environment(options, io.env);
  const settings = readSettings(env, hostname());
  const agent = await checkAgents(settings, io);
  if (agent === undefined) return 'settings';

  const { startHost } = await import('../fleet/host.ts');
  const { HostError } = await import('../fleet/events.ts');
  const view = new UpView(io, realClock, settings);
  let host: Host | undefined;
  try {
    host = await startHost({
      workers: settings.workers,
      frontPort: settings.httpPort,
      front,
      socketDir: settings.socketDir,
      dataDir: settings.dataDir,
      env,
      clock: realClock,
      log: silentLog,
      onEvent: (event) => view.event(event),
    });
    const stopped = aborted(io.interrupted);
    if ((await Promise.race([readyOrPartly(host, view), stopped])) === 'ready') view.ready(host, agent);
    await stopped;
    await stop(host, view, io);
    return 'ok';
  } catch (error) {
    await host?.stop('now');
    if (!(error instanceof HostError)) throw error;
    view.failed(error.message);
    return error.exit;
  }
}

/** @throws HostError when nothing of the host can work; a seat that cannot beside others that do is only told */
async function readyOrPartly(host: Host, view: UpView): Promise<'ready'> {
  const { HostError } = await import('../fleet/events.ts');
  try {
    await host.ready(host.settings.workers);
  } catch (error) {
    const someRun = host.workers().some(({ at }) => at === 'up');
    if (!(error instanceof HostError) || error.exit === 'settings' || !someRun) throw error;
    view.partly(error.message);
  }
  return 'ready';
}

/** Drains first; whoever does not want to wait for the calls interrupts again. */
async function stop(host: Host, view: UpView, io: CommandIo): Promise<void> {
  const draining = host.stop('drain');
  const calls = await callsOf(host);
  view.draining(calls);
  void aborted(io.interruptedAgain).then(() => {
    view.ending();
    return host.stop('now');
  });
  await draining;
  view.stopped();
}

async function callsOf(host: Host): Promise<number> {
  const alive = host.workers().filter(({ pid }) => pid !== undefined);
  const answers = await Promise.all(alive.map(({ worker }) => host.status(worker)));
  return answers.filter((status) => status?.state === 'live' || status?.state === 'reserved').length;
}

function aborted(signal: AbortSignal): Promise<'interrupted'> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve('interrupted');
    else signal.addEventListener('abort', () => resolve('interrupted'), { once: true });
  });
}

/** The settings of the workers: the environment, with what the command line says in its place. */
function environment(
  options: CommandInput['options'],
  env: CommandIo['env'],
): Record<string, string | undefined> {
  const given = (option: string, name: string): Record<string, string> => {
    const value = options[option];
    return typeof value === 'string' ? { [name]: value } : {};
  };
  // Without a folder of one's own there is something to talk to: the agents that come with the package.
  const agents = env['CXBCORE_AGENTS'] || (existsSync('agents') ? 'agents' : `${packageRoot}agents`);
  const chosen: Record<string, string | undefined> = {
    ...env,
    CXBCORE_MODE: env['CXBCORE_MODE'] || 'development',
    CXBCORE_AGENTS: agents,
    ...given('workers', 'CXBCORE_WORKERS'),
    ...given('port', 'CXBCORE_HTTP_PORT'),
    ...given('agents', 'CXBCORE_AGENTS'),
    ...given('agent', 'CXBCORE_AGENT'),
    ...given('mode', 'CXBCORE_MODE'),
    ...given('dataDir', 'CXBCORE_DATA_DIR'),
    ...given('socketDir', 'CXBCORE_SOCKET_DIR'),
  };
  // Reservations need one, and their addresses are good for this host's life alone.
  if (chosen['CXBCORE_MODE'] === 'development')
    chosen['CXBCORE_TOKEN_KEYS'] ||= randomBytes(32).toString('hex');
  return { ...chosen, CXBCORE_AGENTS: resolve(chosen['CXBCORE_AGENTS'] ?? agents) };
}

function frontKind(value: unknown): (typeof FRONTS)[number] | 'auto' {
  if (value === undefined) return 'auto';
  const kind = FRONTS.find((front) => front === value);
  if (kind === undefined) throw new UsageError(`--front is one of: ${FRONTS.join(', ')}`);
  return kind;
}

/**
 * Loads the agents once, here, so that a mistake in one is told before any worker starts, and so that the workers
 * find them transformed. The name of the one who answers, or undefined when they cannot be used.
 */
async function checkAgents(settings: Settings, io: CommandIo): Promise<string | undefined> {
  const { AgentFileError, loadAgents } = await import('../agent/load.ts');
  try {
    const { agents, first } = await loadAgents(settings.agents);
    const name = settings.agent ?? first;
    if (name !== undefined && agents.has(name)) return name;
    const names = [...agents.keys()].join(', ') || 'none';
    io.err(
      name === undefined
        ? `There is no agent in ${settings.agents}: put an agent file there, or name another folder with --agents.\n`
        : `There is no agent "${name}" in ${settings.agents}; there are: ${names}.\n`,
    );
  } catch (error) {
    if (!(error instanceof AgentFileError)) throw error;
    io.err(`${error.message}\n`);
  }
  return undefined;
}

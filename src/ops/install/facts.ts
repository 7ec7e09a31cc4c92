import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** The places of an installation. */
export const PLACES = {
  core: '/opt/core',
  builds: '/opt/core-builds',
  /** The build that was in use before the present one: where an upgrade goes back to. */
  previous: '/opt/core-builds/previous',
  command: '/usr/local/bin/cxbcore',
  config: '/etc/cxbcore',
  env: '/etc/cxbcore/env',
  agents: '/etc/cxbcore/agents',
  nginx: '/etc/nginx/conf.d/cxbcore.conf',
  logs: '/var/log/cxbcore',
  units: '/etc/systemd/system',
} as const;

/** What a host is like before an installation, as far as the plan depends on it. */
export interface HostFacts {
  /** What is at /opt/core: nothing, the link to a build, or a folder of somebody's own. */
  readonly core:
    | { readonly kind: 'nothing' }
    | { readonly kind: 'link'; readonly to: string }
    | {
        readonly kind: 'folder';
        readonly env: boolean;
        /** What is in its own `agents`, by name. */
        readonly agents: readonly string[];
      };
  /** The operator's settings: /etc/cxbcore/env, else a real /opt/core/.env. */
  readonly envText: string | undefined;
  readonly agents: 'none' | 'some';
  readonly nginx: boolean;
  /** Debian's package manager, whose automatic upgrades must leave the programs under a call alone. */
  readonly apt: boolean;
  /** Our units that are there, by file name. */
  readonly units: readonly string[];
  /** Workers that are enabled, by number. */
  readonly enabled: readonly number[];
  /** The folder of this Node, unless units find it by themselves. */
  readonly nodeFolder: string | undefined;
}

/** Where a unit looks for programs when nothing is said. */
const UNIT_PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** Looks at the host below `root`, which is `/` except for staging and tests. */
export function lookAtHost(root: string, node: string): HostFacts {
  const at = (path: string) => join(root, path);
  const core = lstatSync(at(PLACES.core), { throwIfNoEntry: false });
  const ownEnv = at(`${PLACES.core}/.env`);
  const isFile = (path: string) => lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;
  const envFile = [at(PLACES.env), ownEnv].find(isFile);
  const found = UNIT_PATH.find((folder) => existsSync(at(`${folder}/node`)));
  return {
    core:
      core === undefined
        ? { kind: 'nothing' }
        : core.isSymbolicLink()
          ? { kind: 'link', to: readlinkSync(at(PLACES.core)) }
          : { kind: 'folder', env: isFile(ownEnv), agents: ownAgents(at(`${PLACES.core}/agents`)) },
    envText: envFile === undefined ? undefined : readFileSync(envFile, 'utf8'),
    agents: agentsIn(at(PLACES.agents)),
    nginx: UNIT_PATH.some((folder) => existsSync(at(`${folder}/nginx`))) || existsSync(at('/etc/nginx')),
    apt: existsSync(at('/etc/apt')),
    units: namesIn(at(PLACES.units)).filter((name) => /^cxbcore.*\.(service|socket|target)$/.test(name)),
    enabled: enabledWorkers(at(`${PLACES.units}/multi-user.target.wants`)),
    nodeFolder: found === undefined && root === '/' ? node.replace(/\/[^/]*$/, '') : undefined,
  };
}

function ownAgents(folder: string): string[] {
  if (!lstatSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(folder).filter((name) => !name.startsWith('.'));
}

function agentsIn(folder: string): 'none' | 'some' {
  return existsSync(folder) && readdirSync(folder).some((name) => /\.[cm]?[jt]s$/.test(name))
    ? 'some'
    : 'none';
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

function enabledWorkers(folder: string): number[] {
  return namesIn(folder)
    .flatMap((name) => /^cxbcore@(\d+)\.service$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

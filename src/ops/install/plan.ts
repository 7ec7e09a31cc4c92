import { systemdFiles } from '../systemd.ts';
import { type Build, EXAMPLES } from './build.ts';
import { type HostFacts, PLACES } from './facts.ts';
import type { Part, Step } from './steps.ts';
import { logrotateText, needrestartText, nodeDropIn, starterEnv, unattendedText } from './texts.ts';

export interface InstallChoices {
  readonly build: Build;
  readonly workers: number;
  readonly socketDir: string;
  readonly dataDir: string;
  readonly nginxUser: string;
  /** The front of this host, as nginx takes it. */
  readonly front: string;
  /** Long random texts for a host that has no keys yet. */
  readonly keys: { readonly api: string; readonly token: string };
  /** Whether the build has fleetd. */
  readonly fleetd: boolean;
}

/**
 * Everything an installation does, in order. What belongs to the operator (settings, agents, data) lies outside of
 * the builds and is never written over; nothing that runs is restarted.
 */
export function planInstall(facts: HostFacts, choices: InstallChoices): Step[] {
  return [
    ...userSteps(choices),
    ...settingsSteps(facts, choices),
    ...agentSteps(facts, choices),
    ...buildSteps(facts, choices),
    ...unitSteps(facts, choices),
    ...(facts.nginx ? nginxSteps(choices) : []),
    ...otherSteps(facts),
  ];
}

function file(part: Part, path: string, text: string, mode = 0o644): Step {
  return { part, do: 'file', path, text, mode, owner: 'root:root' };
}

function systemdFile(choices: InstallChoices, name: string): { path: string; text: string } {
  const found = systemdFiles(choices).find(({ path }) => path.endsWith(name));
  if (!found) throw new Error(`infra/systemd has no ${name}`);
  return found;
}

function userSteps(choices: InstallChoices): Step[] {
  const { path, text } = systemdFile(choices, 'sysusers.d/cxbcore.conf');
  return [
    file('user', path, text),
    { part: 'user', do: 'run', argv: ['systemd-sysusers', path], why: 'the user of the workers' },
  ];
}

function settingsSteps(facts: HostFacts, { workers, keys, dataDir }: InstallChoices): Step[] {
  const part = 'settings';
  const text = starterEnv({ workers, dataDir, keys, example: facts.agents === 'none' });
  return [
    { part, do: 'folder', path: PLACES.config, mode: 0o750, owner: 'root:cxbcore' },
    { part, do: 'folder', path: PLACES.agents, mode: 0o3770, owner: 'root:cxbcore' },
    compiledFolder(PLACES.agents),
    { part, do: 'folder', path: dataDir, mode: 0o750, owner: 'cxbcore:cxbcore' },
    ...(facts.core.kind === 'folder' && facts.core.env
      ? [{ part, do: 'move', from: `${PLACES.core}/.env`, to: PLACES.env } as const]
      : []),
    // It holds secrets: root writes it, the workers read it, nobody else does.
    { part, do: 'file', path: PLACES.env, text, mode: 0o640, owner: 'root:cxbcore', keep: true },
  ];
}

/** What is made of agent files, by whoever meets a changed one first: root or a worker. */
function compiledFolder(agents: string): Step {
  return { part: 'settings', do: 'folder', path: `${agents}/.cxbcore`, mode: 0o2770, owner: 'root:cxbcore' };
}

function buildSteps(facts: HostFacts, { build }: InstallChoices): Step[] {
  const part = 'build';
  const to = `${PLACES.builds}/${build.id}`;
  const steps: Step[] = [
    { part, do: 'folder', path: PLACES.builds, mode: 0o755, owner: 'root:root' },
    {
      part,
      do: 'copy',
      to,
      trees: build.trees,
      links: [
        { name: '.env', to: PLACES.env },
        { name: 'agents', to: PLACES.agents },
      ],
    },
  ];
  const { core } = facts;
  // A folder cannot be replaced by a link in one step: it is set aside, and kept as what an upgrade goes back to.
  const old =
    core.kind === 'folder' ? `${PLACES.builds}/as-it-was` : core.kind === 'link' ? core.to : undefined;
  if (core.kind === 'folder')
    steps.push({ part, do: 'move', from: PLACES.core, to: `${PLACES.builds}/as-it-was` });
  if (old !== undefined && old !== to) steps.push({ part, do: 'link', path: PLACES.previous, to: old });
  steps.push({ part, do: 'link', path: PLACES.core, to });
  steps.push({ part, do: 'link', path: PLACES.command, to: `${PLACES.core}/dist/cli/main.js` });
  return steps;
}

/** A host without agents gets those of the folder that was at /opt/core, else the examples. */
function agentSteps(facts: HostFacts, { build }: InstallChoices): Step[] {
  if (facts.agents === 'some') return [];
  const part = 'settings';
  const own = facts.core.kind === 'folder' ? facts.core.agents : [];
  const sources =
    own.length > 0
      ? own.map((name) => ({
          name,
          tree: { from: `${PLACES.core}/agents/${name}`, onHost: true, at: '' } as const,
        }))
      : build.trees
          .filter(({ at }) => at.startsWith(`${EXAMPLES}/`))
          .map(({ from, at }) => ({ name: at.slice(EXAMPLES.length + 1), tree: { from, at: '' } }));
  return sources.flatMap(({ name, tree }): Step[] => [
    { part, do: 'copy', to: `${PLACES.agents}/${name}`, trees: [tree], links: [] },
    ...(/\.\w+$/.test(name)
      ? []
      : [
          {
            part,
            do: 'folder',
            path: `${PLACES.agents}/${name}`,
            mode: 0o3770,
            owner: 'root:cxbcore',
          } as const,
          compiledFolder(`${PLACES.agents}/${name}`),
        ]),
  ]);
}

function unitSteps(facts: HostFacts, choices: InstallChoices): Step[] {
  const part = 'units';
  const { workers, fleetd } = choices;
  const files = systemdFiles(choices).filter(
    ({ path }) => !path.includes('sysusers.d') && (fleetd || !path.includes('fleetd')),
  );
  const names = Array.from({ length: workers }, (_, index) => `cxbcore@${index + 1}.service`);
  const surplus = facts.enabled.filter((n) => n > workers).map((n) => `cxbcore@${n}.service`);
  const own = fleetd ? ['cxbcore-fleetd.socket', 'cxbcore-fleetd.service'] : [];
  return [
    ...files.map(({ path, text }) => file(part, path, text)),
    ...(facts.nodeFolder === undefined
      ? []
      : ['cxbcore@.service', ...(fleetd ? ['cxbcore-fleetd.service'] : [])].map((unit) =>
          file(part, `${PLACES.units}/${unit}.d/node.conf`, nodeDropIn(facts.nodeFolder ?? '')),
        )),
    {
      part,
      do: 'run',
      argv: ['systemd-tmpfiles', '--create', '/etc/tmpfiles.d/cxbcore.conf'],
      why: 'folders, and what cleaners leave alone',
      ifChanged: true,
    },
    { part, do: 'run', argv: ['systemctl', 'daemon-reload'], why: 'the units have changed', ifChanged: true },
    {
      part,
      do: 'run',
      argv: ['systemctl', 'enable', '--quiet', ...names, ...own, 'cxbcore.target'],
      why: 'they start with the host',
    },
    ...(surplus.length === 0
      ? []
      : [
          {
            part,
            do: 'run',
            argv: ['systemctl', 'disable', '--quiet', '--now', '--no-block', ...surplus],
            why: `this host has ${workers} seats now; their calls go on to their end`,
          } as const,
        ]),
  ];
}

function nginxSteps({ front }: InstallChoices): Step[] {
  const part = 'nginx';
  return [
    { part, do: 'folder', path: PLACES.logs, mode: 0o750, owner: 'root:adm' },
    file(part, PLACES.nginx, front),
    {
      part,
      do: 'run',
      argv: ['nginx', '-t', '-q'],
      why: 'a configuration that nginx does not take is not left there',
      ifChanged: true,
      proves: true,
    },
    {
      part,
      do: 'run',
      argv: ['systemctl', 'reload-or-restart', '--no-block', 'nginx'],
      why: 'a reload; calls under way stay where they are',
      ifChanged: true,
    },
  ];
}

function otherSteps(facts: HostFacts): Step[] {
  const part = 'others';
  return [
    ...(facts.nginx ? [file(part, '/etc/logrotate.d/cxbcore', logrotateText())] : []),
    ...(facts.apt
      ? [
          file(part, '/etc/needrestart/conf.d/cxbcore.conf', needrestartText()),
          file(part, '/etc/apt/apt.conf.d/52cxbcore', unattendedText()),
        ]
      : []),
  ];
}

import { systemdFiles } from '../systemd.ts';
import { type HostFacts, PLACES } from './facts.ts';
import type { Part, Step } from './steps.ts';

/** Takes everything away again; settings, agents, journals and records only with `purge`. */
export function planUninstall(
  facts: HostFacts,
  { dataDir, purge }: { readonly dataDir: string; readonly purge: boolean },
): Step[] {
  const remove = (part: Part, path: string, why = 'made by install'): Step => ({
    part,
    do: 'remove',
    path,
    why,
  });
  const units = systemdFiles().map(({ path }) => path);
  const stopped = [
    ...facts.enabled.map((n) => `cxbcore@${n}.service`),
    ...facts.units.filter((name) => !name.includes('@')),
  ];
  return [
    ...(stopped.length === 0
      ? []
      : [
          {
            part: 'units',
            do: 'run',
            argv: ['systemctl', 'disable', '--quiet', '--now', ...stopped],
            why: 'waits until the last call has ended',
          } as const,
        ]),
    ...(facts.nginx
      ? [
          remove('nginx', PLACES.nginx),
          {
            part: 'nginx',
            do: 'run',
            argv: ['systemctl', 'try-reload-or-restart', '--no-block', 'nginx'],
            why: 'it serves nothing of ours any more',
            ifChanged: true,
          } as const,
        ]
      : []),
    ...units.map((path) => remove('units', path)),
    remove('units', `${PLACES.units}/cxbcore@.service.d`, 'drop-ins of a unit that is gone'),
    remove('units', `${PLACES.units}/cxbcore-fleetd.service.d`, 'drop-ins of a unit that is gone'),
    {
      part: 'units',
      do: 'run',
      argv: ['systemctl', 'daemon-reload'],
      why: 'the units are gone',
      ifChanged: true,
    },
    remove('others', '/etc/logrotate.d/cxbcore'),
    remove('others', '/etc/needrestart/conf.d/cxbcore.conf'),
    remove('others', '/etc/apt/apt.conf.d/52cxbcore'),
    remove('build', PLACES.command),
    remove('build', PLACES.core),
    remove('build', PLACES.builds),
    ...(purge
      ? [
          remove('settings', PLACES.config, 'settings and agents, because of --purge'),
          remove('settings', dataDir, 'journals and records, because of --purge'),
          remove('settings', PLACES.logs, 'logs, because of --purge'),
        ]
      : []),
  ];
}

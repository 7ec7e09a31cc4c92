import type { ExitName } from '../contract/exit-codes.ts';
import { type Command, type CommandInput, UsageError } from './command.ts';
import { configHaproxy, INGRESS_FILE } from './config-haproxy.ts';
import { configNginx, configSystemd } from './config-host.ts';
import { HOST_OPTIONS } from './host/options.ts';

const KINDS: Readonly<Record<string, (input: CommandInput) => Promise<ExitName>>> = {
  systemd: configSystemd,
  nginx: configNginx,
  haproxy: configHaproxy,
};

export const config: Command = {
  name: 'config',
  summary: 'Print the configuration of a program that runs beside us',
  description:
    'Prints files made from your settings, or writes them into a folder; touches no running program. ' +
    'systemd: units, user and folders of this host; nginx: the front of this host and how its logs are rotated; ' +
    `haproxy: an ingress in front of several hosts, as ${INGRESS_FILE} describes it.`,
  examples: [
    { run: 'cxbcore config systemd', means: 'look at the units of this host' },
    {
      run: 'cxbcore config nginx --workers 4 --out ./staging',
      means: 'write the front of four seats into a folder',
    },
    { run: 'cxbcore config haproxy', means: 'look at the files of the ingress on this machine' },
    { run: 'cxbcore config haproxy --file ./ingress.json --out ./conf.d', means: 'write them into a folder' },
  ],
  arguments: [{ name: 'program', means: `for which program: ${Object.keys(KINDS).join(', ')}` }],
  options: [
    { flags: '--file <path>', means: `haproxy: the description of the ingress (${INGRESS_FILE})` },
    ...HOST_OPTIONS,
    { flags: '--out <dir>', means: 'write the files into this folder in place of printing them' },
  ],
  run(input) {
    const [name = ''] = input.arguments;
    const kind = KINDS[name];
    if (!kind)
      throw new UsageError(
        `there is no configuration of "${name}"; there is one of ${Object.keys(KINDS).join(', ')}`,
      );
    return kind(input);
  },
};

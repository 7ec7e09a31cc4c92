import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ExitName } from '../contract/exit-codes.ts';
import { PLACES } from '../ops/install/facts.ts';
import { logrotateText } from '../ops/install/texts.ts';
import { productionFront } from '../ops/nginx.ts';
import { SYSTEMD_DEFAULTS, systemdFiles } from '../ops/systemd.ts';
import type { CommandInput } from './command.ts';
import { hostSettings } from './host/settings.ts';

interface ConfigFile {
  /** Where it belongs on the host. */
  readonly path: string;
  readonly text: string;
}

/** `cxbcore config systemd`: units, user, folders, for the settings of this host. */
export async function configSystemd(input: CommandInput): Promise<ExitName> {
  const { settings } = hostSettings(input);
  const { socketDir } = settings;
  const dataDir = settings.mode === 'development' ? SYSTEMD_DEFAULTS.dataDir : settings.dataDir;
  return show(systemdFiles({ ...SYSTEMD_DEFAULTS, socketDir, dataDir }), input);
}

/** `cxbcore config nginx`: the front of this host, and how its logs are rotated. */
export async function configNginx(input: CommandInput): Promise<ExitName> {
  const { settings } = hostSettings(input);
  return show(
    [
      { path: PLACES.nginx, text: productionFront(settings) },
      { path: '/etc/logrotate.d/cxbcore', text: logrotateText() },
    ],
    input,
  );
}

function show(files: readonly ConfigFile[], { options, io }: CommandInput): ExitName {
  const out = typeof options['out'] === 'string' ? options['out'] : undefined;
  for (const { path, text } of files) {
    if (out === undefined) {
      io.out(`##### ${path}\n${text}\n`);
      continue;
    }
    const target = join(out, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
    io.out(`wrote ${target}\n`);
  }
  return 'ok';
}

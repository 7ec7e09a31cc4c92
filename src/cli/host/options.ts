import type { Option } from '../command.ts';

/**
 * What every command that looks at a host can be told. The file is not `--env-file`: Node takes that for an option of
 * its own, wherever in the line it stands.
 */
export const HOST_OPTIONS: readonly Option[] = [
  { flags: '--socket-dir <dir>', means: 'the folder of the sockets of the host (CXBCORE_SOCKET_DIR, /tmp)' },
  { flags: '--workers <n>', means: 'how many seats the host has (CXBCORE_WORKERS, 16)' },
  { flags: '--data-dir <dir>', means: 'the data folder of the host (CXBCORE_DATA_DIR)' },
  {
    flags: '--settings <file>',
    means: 'the settings of the host as systemd reads them; the environment wins over it',
    default: '/etc/cxbcore/env',
  },
];

export const JSON_OPTION: Option = { flags: '--json', means: 'print it as JSON' };

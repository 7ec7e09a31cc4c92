import { readFileSync } from 'node:fs';
import { packageRoot } from '../kit/entry.ts';

/** The units as they are on a host with the default folders; `infra/` is part of the package. */
const UNITS = `${packageRoot}infra/systemd/`;

export interface SystemdText {
  /** The folder of all sockets (CXBCORE_SOCKET_DIR). */
  readonly socketDir: string;
  /** Journals, records and messages (CXBCORE_DATA_DIR). */
  readonly dataDir: string;
  /** nginx's own user, which must be able to open the sockets. */
  readonly nginxUser: string;
}

export const SYSTEMD_DEFAULTS: SystemdText = {
  socketDir: '/tmp',
  dataDir: '/var/lib/cxbcore',
  nginxUser: 'www-data',
};

export interface SystemdFile {
  /** Where it belongs on the host. */
  readonly path: string;
  readonly text: string;
}

/** Each file of `infra/systemd/`, and where it belongs. */
const FILES: readonly (readonly [file: string, path: string])[] = [
  ['cxbcore@.service', '/etc/systemd/system/cxbcore@.service'],
  ['cxbcore-fleetd.socket', '/etc/systemd/system/cxbcore-fleetd.socket'],
  ['cxbcore-fleetd.service', '/etc/systemd/system/cxbcore-fleetd.service'],
  ['cxbcore.target', '/etc/systemd/system/cxbcore.target'],
  ['sysusers.d/cxbcore.conf', '/etc/sysusers.d/cxbcore.conf'],
  ['tmpfiles.d/cxbcore.conf', '/etc/tmpfiles.d/cxbcore.conf'],
];

/**
 * Everything systemd needs to run a host.
 * @throws Error when a folder has characters that systemd would read as its own
 */
export function systemdFiles(options: SystemdText = SYSTEMD_DEFAULTS): SystemdFile[] {
  return FILES.map(([file, path]) => ({
    path,
    text: adapted(file, readFileSync(`${UNITS}${file}`, 'utf8'), options),
  }));
}

/** What stands in a file for a folder or a user that may be another one on this host. */
function adapted(file: string, text: string, options: SystemdText): string {
  const socketDir = plain('CXBCORE_SOCKET_DIR', options.socketDir);
  const dataDir = plain('CXBCORE_DATA_DIR', options.dataDir);
  let result = text;
  if (socketDir !== '/tmp') {
    result = result
      .replaceAll('/tmp/cxbcore_', `${socketDir}/cxbcore_`)
      .replaceAll('=/tmp\n', `=${socketDir}\n`);
    if (file.startsWith('tmpfiles.d')) result += `d ${socketDir} 0750 cxbcore cxbcore\n`;
  }
  if (dataDir !== '/var/lib/cxbcore') {
    result = result
      .replaceAll('/var/lib/cxbcore', dataDir)
      .replaceAll(/StateDirectory=cxbcore\nStateDirectoryMode=0750\n/g, `ReadWritePaths=${dataDir}\n`);
  }
  return result.replaceAll('www-data', plain('the user of nginx', options.nginxUser));
}

function plain(what: string, value: string): string {
  if (/^[\w@./+-]+$/.test(value)) return value;
  throw new Error(`${what} is ${JSON.stringify(value)}, which has characters that systemd reads as its own`);
}

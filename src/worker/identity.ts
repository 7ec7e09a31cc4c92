import { basename, dirname, resolve } from 'node:path';
import { type Settings, SettingsError } from '../contract/settings.ts';
import { MAX_SOCKET_PATH } from './listener.ts';

/** Which worker this is, and where it is found. */
export interface Identity {
  /** The digits before `.sock`; 0 in TCP mode. */
  readonly worker: number;
  /** The call socket; undefined in TCP mode. */
  readonly socket: string | undefined;
  readonly control: string;
  readonly folder: string;
  /** The name all files of this worker share, such as `cxbcore_3` or `cxbcore_tcp8001`. */
  readonly stem: string;
}

/** @throws SettingsError when the settings name no worker */
export function identify(settings: Settings): Identity {
  if (settings.socket === undefined) {
    const folder = resolve(settings.socketDir);
    const stem = `cxbcore_tcp${settings.port}`;
    return checked({ worker: 0, socket: undefined, control: `${folder}/${stem}.ctl`, folder, stem });
  }
  const socket = resolve(settings.socket);
  const match = /(\d+)\.sock$/.exec(socket);
  if (!match) {
    throw new SettingsError([
      `CXBCORE_SOCKET=${settings.socket}: must end in a number and .sock, such as /tmp/cxbcore_3.sock: the number is the worker's`,
    ]);
  }
  const folder = dirname(socket);
  const stem = basename(socket, '.sock');
  return checked({ worker: Number(match[1]), socket, control: `${folder}/${stem}.ctl`, folder, stem });
}

function checked(identity: Identity): Identity {
  const path = identity.socket ?? identity.control;
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH) return identity;
  const setting = identity.socket === undefined ? 'CXBCORE_SOCKET_DIR' : 'CXBCORE_SOCKET';
  throw new SettingsError([
    `${setting}: ${path} is longer than the ${MAX_SOCKET_PATH} bytes a socket path may have; use a shorter folder`,
  ]);
}

import type { Settings } from '../../contract/settings.ts';
import type { SeatReport } from '../host/seats.ts';

/** A file of the socket folder that bears the name of a seat's socket. */
export interface SocketFact {
  readonly name: string;
  readonly seat: number;
  readonly kind: 'sock' | 'ctl';
  readonly isSocket: boolean;
  readonly uid: number;
  /** Permission bits. */
  readonly mode: number;
}

export interface TextFact {
  readonly path: string;
  readonly text: string;
}

export interface PermissionFact {
  readonly path: string;
  readonly uid: number;
  readonly mode: number;
}

/** What was seen of a host before anything is made of it. Null: it could not be seen, and is then not judged. */
export interface HostFacts {
  /** Null when the settings are wrong; `problems` says how. */
  readonly settings: Settings | null;
  readonly problems: readonly string[];
  readonly sockets: readonly SocketFact[];
  readonly seats: readonly SeatReport[];
  /** Users the workers may belong to: the one asking, and the owner of the data folder. */
  readonly uids: readonly number[];
  /** Folder and files that hold secrets, calls or claims. */
  readonly files: readonly PermissionFact[];
  /** What nginx has read, or the files where it usually is when nginx does not say. */
  readonly nginx: readonly TextFact[];
  readonly units: readonly TextFact[];
  readonly haproxy: readonly TextFact[];
  /** The process that runs `cxbcore up` in this socket folder. */
  readonly up: number | null;
  /** How many units `cxbcore@N` systemd runs; null without systemd. */
  readonly unitsActive: number | null;
  /** The most files a worker may have open, by seat. */
  readonly openFiles: ReadonlyMap<number, number>;
  /** The build that a new worker would run. */
  readonly build: string | null;
  readonly clockSynchronised: boolean | null;
  /** How far this clock is behind those of servers it works with (ahead: below zero), of those that told theirs. */
  readonly clockOffsets: readonly { readonly host: string; readonly seconds: number }[];
  /** Names of servers that calls need, media servers among them, that have no address, with why. */
  readonly unresolved: readonly { readonly host: string; readonly why: string }[];
  /** Why calls that this host dispatches would not get to `CXBCORE_START_URL`; null: they would, or it is not set. */
  readonly startUrl: string | null;
  /** What a start that no worker accepts got from the front; null: there is no front to ask, with why. */
  readonly front: { readonly status: number } | { readonly error: string } | null;
}

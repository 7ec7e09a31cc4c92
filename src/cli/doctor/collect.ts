import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Settings, SettingsError } from '../../contract/settings.ts';
import type { Clock } from '../../kit/clock.ts';
import { packageRoot } from '../../kit/entry.ts';
import { lockHolder, lockName } from '../../kit/host-lock.ts';
import { claimsFolder } from '../../kit/once.ts';
import type { CommandInput } from '../command.ts';
import { askSeats, type SeatReport } from '../host/seats.ts';
import { hostSettings, seatNumbers } from '../host/settings.ts';
import type { HostFacts } from './facts.ts';
import { permissionsOf, socketsIn, textsOf } from './files.ts';
import {
  askFrontOf,
  clockOffsets,
  clockSynchronised,
  nginxLoaded,
  startUrlFault,
  unitsActive,
  unresolvedHosts,
} from './probes.ts';

const NGINX = ['/etc/nginx/conf.d', '/etc/nginx/sites-enabled'];
const UNITS = ['/etc/systemd/system/cxbcore@.service', '/etc/systemd/system/cxbcore@.service.d'];
const HAPROXY = ['/etc/haproxy'];

const NOTHING: HostFacts = {
  settings: null,
  problems: [],
  sockets: [],
  seats: [],
  uids: [],
  files: [],
  nginx: [],
  units: [],
  haproxy: [],
  up: null,
  unitsActive: null,
  openFiles: new Map(),
  build: null,
  clockSynchronised: null,
  clockOffsets: [],
  unresolved: [],
  startUrl: null,
  front: null,
};

/** Looks at everything the checks judge. Changes nothing; asks workers, the front and the resolver once each. */
export async function collectFacts(input: CommandInput, clock: Clock): Promise<HostFacts> {
  let settings: Settings;
  try {
    ({ settings } = hostSettings(input));
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return { ...NOTHING, problems: error.problems };
  }
  const { socketDir, dataDir, workers } = settings;
  const named = (option: string, usual: readonly string[]) => {
    const given = input.options[option];
    return textsOf(typeof given === 'string' ? [given] : usual);
  };
  const seats = await askSeats(socketDir, seatNumbers([], workers), clock);
  const loaded = input.options['nginx'] === undefined ? await nginxLoaded(input.io.env['PATH'], clock) : [];
  const nginx = loaded.length > 0 ? loaded : named('nginx', NGINX);
  const secretsFile = input.options['settings'];
  return {
    ...NOTHING,
    settings,
    sockets: socketsIn(socketDir),
    seats,
    uids: [process.getuid?.() ?? 0, ...owners(dataDir)],
    files: [
      ...permissionsOf([dataDir, claimsFolder(socketDir)]),
      ...(typeof secretsFile === 'string' ? permissionsOf([secretsFile]) : []),
    ],
    nginx: [...nginx, ...textsOf([join(socketDir, 'cxbcore_front', 'fleet.conf')])],
    units: named('units', UNITS),
    haproxy: named('haproxy', HAPROXY),
    up: await upIn(socketDir),
    unitsActive: await unitsActive(clock),
    openFiles: openFiles(seats),
    build: installedBuild(),
    clockSynchronised: await clockSynchronised(clock),
    clockOffsets: await clockOffsets(settings, clock),
    unresolved: await unresolvedHosts(settings, clock),
    startUrl: await startUrlFault(settings, clock),
    front: await askFrontOf(settings, clock),
  };
}

function owners(path: string): number[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat ? [stat.uid] : [];
}

async function upIn(socketDir: string): Promise<number | null> {
  try {
    return (await lockHolder(lockName('up', socketDir))) ?? null;
  } catch {
    return null; // no such folder, so nobody runs a host in it
  }
}

function openFiles(seats: readonly SeatReport[]): Map<number, number> {
  const limits = new Map<number, number>();
  for (const seat of seats) {
    if (seat.at !== 'answers') continue;
    const limit = /^Max open files\s+(\d+)/m.exec(readOr(`/proc/${seat.status.pid}/limits`, ''))?.[1];
    if (limit !== undefined) limits.set(seat.seat, Number(limit));
  }
  return limits;
}

function installedBuild(): string | null {
  const text = readOr(`${packageRoot}dist/build.json`, '');
  if (text === '') return null;
  const { version, commit } = JSON.parse(text) as { version: string; commit: string };
  return `${version}+${commit}`;
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return otherwise; // gone since, or not ours to read
  }
}

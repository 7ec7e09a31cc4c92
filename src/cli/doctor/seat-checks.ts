import type { Check } from './check.ts';
import type { HostFacts } from './facts.ts';

const octal = (mode: number) => `0${(mode & 0o777).toString(8)}`;

const answering = ({ seats }: HostFacts) => seats.flatMap((seat) => (seat.at === 'answers' ? [seat] : []));

export const SEAT_CHECKS: readonly Check[] = [
  {
    id: 'seat-missing',
    why: 'the host carries fewer calls than its settings say',
    remedy:
      'look at the log of the worker (journalctl -u cxbcore@N, or logs/ in the data folder): 78 means wrong settings',
    find: ({ seats }) =>
      seats.filter(({ at }) => at === 'gone').map(({ seat }) => `seat ${seat} has no worker`),
  },
  {
    id: 'seat-silent',
    why: 'its call, if it has one, stands still',
    remedy: 'if it stays so, end its process: kill -9, and it is replaced',
    find: ({ seats }) =>
      seats.filter(({ at }) => at === 'silent').map(({ seat }) => `seat ${seat} does not answer`),
  },
  {
    id: 'seat-degraded',
    why: 'it does not work as it should, or not at all',
    remedy: 'see the words after the seat: they say what is missing',
    find: (facts) =>
      answering(facts).flatMap(({ seat, status }) =>
        status.degraded === null ? [] : [`seat ${seat}: ${status.degraded}`],
      ),
  },
  {
    id: 'socket-missing',
    why: 'the seat is free and no start can reach it; something keeps removing files there',
    remedy: 'exclude the sockets from cleaners of temporary files (a tmpfiles.d line "x /tmp/cxbcore_*")',
    find: (facts) =>
      answering(facts)
        .filter(({ status }) => status.state === 'free' && !status.draining)
        .filter(({ seat }) => !facts.sockets.some((one) => one.seat === seat && one.kind === 'sock'))
        .map(({ seat }) => `cxbcore_${seat}.sock is not there`),
  },
  {
    id: 'socket-stale',
    why: 'it is of a dead worker, or of a seat this host does not have; starts sent there fail',
    remedy: 'start the worker of the seat, or remove the file',
    find: ({ sockets, seats, settings }) =>
      sockets
        .filter(({ seat }) => {
          const report = seats.find((one) => one.seat === seat);
          return report ? report.at === 'gone' : settings !== null && seat > settings.workers;
        })
        .map(({ name }) => `${name} has no worker`),
  },
  {
    id: 'socket-foreign',
    why: 'the worker cannot replace a file of another user in a folder like /tmp, and never gets ready',
    remedy:
      'remove the file as its owner or as root; use a folder of its own (CXBCORE_SOCKET_DIR) on a host with other users',
    find: ({ sockets, uids }) =>
      sockets.flatMap(({ name, uid, isSocket }) => {
        if (!isSocket) return [`${name} is no socket`];
        return uids.includes(uid) ? [] : [`${name} belongs to user ${uid}`];
      }),
  },
  {
    id: 'permissions',
    why: 'other users of this machine could read secrets and calls, or place and end calls',
    remedy:
      'chmod: 600 for .ctl and files with secrets (640 with the group of the service), 660 for .sock, 700 for folders',
    find: ({ sockets, files }) => [
      ...sockets
        .filter(({ kind, mode }) => (kind === 'ctl' ? (mode & 0o077) !== 0 : (mode & 0o007) !== 0))
        .map(({ name, mode }) => `${name} has ${octal(mode)}`),
      ...files
        .filter(({ mode }) => (mode & 0o007) !== 0)
        .map(({ path, mode }) => `${path} has ${octal(mode)}`),
    ],
  },
  {
    id: 'open-files',
    why: 'a worker that may open no more files loses its journal or its line in the middle of a call',
    remedy: 'raise LimitNOFILE= in the unit, or ulimit -n',
    find: ({ openFiles }) =>
      [...openFiles]
        .filter(([, limit]) => limit < MIN_FILES)
        .map(([seat, limit]) => `seat ${seat} may open ${limit} files`),
  },
  {
    id: 'old-build',
    why: 'a fault that was corrected is still there on that seat',
    remedy: 'cxbcore restart: seats change one after the other, and no call is ended',
    find: (facts) => {
      const { build } = facts;
      if (build === null) return [];
      return answering(facts)
        .filter(({ status }) => status.build !== build)
        .map(({ seat, status }) => `seat ${seat} runs ${status.build}, installed is ${build}`);
    },
  },
];

/** A call needs about thirty; what is below this is somebody's mistake. */
const MIN_FILES = 512;

import type { Check } from './check.ts';
import type { HostFacts } from './facts.ts';

/** Seconds of a time as systemd (`3720`, `1h 2min`, `90s`) or HAProxy (`4h`, `30m`) writes it; null: another, or none. */
export function seconds(text: string | undefined): number | null {
  const units: Readonly<Record<string, number>> = {
    h: 3600,
    hr: 3600,
    min: 60,
    m: 60,
    s: 1,
    sec: 1,
    '': 1,
    d: 86_400,
  };
  const parts = [...(text ?? '').matchAll(/(\d+)\s*([a-z]*)/g)];
  if (parts.length === 0) return null;
  let sum = 0;
  for (const [, amount, unit = ''] of parts) {
    const factor = units[unit];
    if (factor === undefined) return null;
    sum += Number(amount) * factor;
  }
  return sum;
}

/** The last value of a key in the units of the workers; drop-ins come after the unit. */
function unitValue({ units }: HostFacts, key: string): string | undefined {
  const lines = units.flatMap(({ text }) => text.split('\n'));
  return lines
    .findLast((line) => line.startsWith(`${key}=`))
    ?.slice(key.length + 1)
    .trim();
}

/** Tokens are good for a minute, and a time told over HTTP is right to a second or two. */
const CLOCK_LIMIT_S = 5;

export const HOST_CHECKS: readonly Check[] = [
  {
    id: 'settings',
    why: 'no worker starts with them',
    remedy:
      'correct them in the environment or in the file of settings; docs/reference/settings.md lists all',
    find: ({ problems }) => problems,
  },
  {
    id: 'limits-fit',
    why: 'a drain would end calls that are still allowed to go on',
    remedy: 'keep CXBCORE_MAX_CALL_S < CXBCORE_DRAIN_S < TimeoutStopSec < hard-stop-after',
    find: (facts) => {
      if (!facts.settings) return [];
      const { maxCallS, drainS } = facts.settings;
      const stop = seconds(unitValue(facts, 'TimeoutStopSec'));
      const hardStop = facts.haproxy
        .map(({ text }) => seconds(/^\s*hard-stop-after\s+(\S+)/m.exec(text)?.[1]))
        .find((value) => value !== null);
      const steps: readonly (readonly [string, number | null | undefined])[] = [
        ['CXBCORE_MAX_CALL_S', maxCallS],
        ['CXBCORE_DRAIN_S', drainS],
        ['TimeoutStopSec', stop],
        ['hard-stop-after', hardStop],
      ];
      const known = steps.filter((step): step is readonly [string, number] => typeof step[1] === 'number');
      return known.flatMap(([name, value], i) => {
        const next = known[i + 1];
        return next && value >= next[1]
          ? [`${name} (${value} s) is not less than ${next[0]} (${next[1]} s)`]
          : [];
      });
    },
  },
  {
    id: 'private-tmp',
    why: 'the workers see a /tmp of their own: their sockets are there, and nginx finds none',
    remedy:
      'set PrivateTmp=no (and DynamicUser=no) in the unit, or put the sockets elsewhere with CXBCORE_SOCKET_DIR',
    find: (facts) => {
      const dir = facts.settings?.socketDir ?? '';
      if (!/^\/(?:var\/)?tmp(?:\/|$)/.test(dir)) return [];
      return ['PrivateTmp', 'DynamicUser']
        .filter((key) => /^(yes|true|on|1)$/i.test(unitValue(facts, key) ?? ''))
        .map((key) => `the unit has ${key}=${unitValue(facts, key)}, and the sockets are in ${dir}`);
    },
  },
  {
    id: 'two-supervisors',
    why: 'both start workers for the same seats: half of them never get one, and drains reach only some',
    remedy: 'stop one: "cxbcore up" with Ctrl-C, or systemctl disable --now cxbcore.target',
    find: ({ up, unitsActive }) =>
      up !== null && unitsActive !== null && unitsActive > 0
        ? [`"cxbcore up" (process ${up}) and systemd (${unitsActive} units) run the same seats`]
        : [],
  },
  {
    id: 'clock',
    why: 'tokens and signatures expire by the clock: calls would be refused, here or on other hosts',
    remedy: 'run a time service (chrony or systemd-timesyncd), and see "timedatectl"',
    find: ({ clockSynchronised, clockOffsets }) => [
      ...(clockSynchronised === false ? ['the clock is not synchronised'] : []),
      ...clockOffsets
        .filter(({ seconds: offset }) => Math.abs(offset) > CLOCK_LIMIT_S)
        .map(
          ({ host, seconds: offset }) =>
            `the clock is ${Math.abs(Math.round(offset))} s ${offset > 0 ? 'behind' : 'ahead of'} that of ${host}`,
        ),
    ],
  },
  {
    id: 'dns',
    why: 'calls over that server cannot begin',
    remedy: 'correct the address in the settings, or the resolver of this host (/etc/resolv.conf)',
    find: ({ unresolved }) => unresolved.map(({ host, why }) => `${host}: ${why}`),
  },
  {
    id: 'start-url',
    why: 'callers who ring over LiveKit are given no seat: their starts go to CXBCORE_START_URL',
    remedy:
      'correct CXBCORE_START_URL; for a certificate of your own, name its authority in NODE_EXTRA_CA_CERTS of fleetd and of this command',
    find: ({ startUrl }) => (startUrl === null ? [] : [startUrl]),
  },
];

import { z } from 'zod';
import { isAddressRange } from '../../contract/settings/kinds.ts';
import { SOCKET_CARRIERS } from '../../contract/states.ts';

/** Names reach HAProxy's files and commands, where blanks, quotes and semicolons would be read as its own. */
const NAME = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
    'must be up to 63 of A-Z a-z 0-9 . _ - and begin with a letter or digit',
  );
const PORT = z.number().int().min(1).max(65_535);
const HOST = z.string().regex(/^[A-Za-z0-9.:_-]{1,253}$/, 'must be an address or a host name');
const RANGES = z.array(
  z.string().refine(isAddressRange, 'must be an IP address or a range such as 10.1.0.0/24'),
);
const PATH = z.string().regex(/^\/[A-Za-z0-9._/+@:-]*$/, 'must be an absolute path without blanks or quotes');
const BIND = z
  .string()
  .regex(/^(\*|[0-9.]+|\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):\d{1,5}$/, 'must be such as *:443');
const LOCAL = z
  .string()
  .regex(/^127\.\d+\.\d+\.\d+:\d{1,5}$/, 'must be on this machine, such as 127.0.0.1:8404');

const FLEET = z.strictObject({
  name: NAME,
  address: HOST,
  port: PORT.default(8080),
  check_port: PORT.default(8081),
  workers: z.number().int().min(1).max(1024),
});

/**
 * One ingress node as its operator describes it; `/etc/cxbcore/ingress.json`. HAProxy's files are made from it, and
 * `cxbcore ingress add` and `remove` edit its list of fleets.
 */
export const INGRESS = z
  .strictObject({
    /** This node: the mark it sets on every request, and its name among its peers. */
    name: NAME,
    listen: z.array(BIND).min(1).default(['*:443']),
    /** A file with certificate, chain and key. Absent: no TLS here, because something in front ends it. */
    certificate: PATH.optional(),
    /** The balancer in front speaks the PROXY protocol. */
    accept_proxy: z.boolean().default(false),
    /** Pinned test calls come in here. */
    local: LOCAL.default('127.0.0.1:8404'),
    metrics: BIND.default('127.0.0.1:8405'),
    /** Where each carrier's calls come from. A carrier with a list is let in from there alone, and without limits. */
    carriers: z.partialRecord(z.enum(SOCKET_CARRIERS), RANGES).default({}),
    /** Further addresses without limits, such as your own dialler. */
    trusted: RANGES.default([]),
    /** For every other address. */
    requests_per_10s: z.number().int().min(1).max(1_000_000).default(100),
    connections: z.number().int().min(1).max(1_000_000).default(64),
    max_body_kb: z.number().int().min(1).max(64).default(64),
    /** Where this node listens for its peers; alone, it hands its memory to itself over a reload. */
    peer_listen: BIND.default('127.0.0.1:10000'),
    peers: z.array(z.strictObject({ name: NAME, address: BIND })).default([]),
    fleets: z.array(FLEET).max(64).default([]),
    log: z
      .string()
      .regex(/^[A-Za-z0-9._/:@-]+$/)
      .default('/dev/log'),
    /** Absent: HAProxy keeps the user who started it. */
    user: NAME.optional(),
    group: NAME.optional(),
    program: PATH.default('/usr/sbin/haproxy'),
    config_dir: PATH.default('/etc/haproxy/conf.d'),
    state_dir: PATH.default('/var/lib/haproxy'),
    stats_socket: PATH.default('/run/haproxy/admin.sock'),
    master_socket: PATH.default('/run/haproxy-master.sock'),
  })
  .superRefine((ingress, context) => {
    const say = (path: PropertyKey[], message: string) => context.addIssue({ code: 'custom', path, message });
    twice(ingress.fleets.map(({ name }) => name)).forEach((name) =>
      say(['fleets'], `${name} is there twice`),
    );
    twice(ingress.fleets.map(({ address, port }) => `${address}:${port}`)).forEach((at) =>
      say(['fleets'], `${at} is there twice`),
    );
    twice([ingress.name, ...ingress.peers.map(({ name }) => name)]).forEach((name) =>
      say(['peers'], `${name} is there twice; this node itself is not listed`),
    );
  });

export type Ingress = z.output<typeof INGRESS>;
export type Fleet = z.output<typeof FLEET>;

/** The description of an ingress could not be used; every wrong part is named. */
export class IngressError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'IngressError';
  }
}

/** @throws IngressError naming every wrong part */
export function parseIngress(text: string, from: string): Ingress {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new IngressError(`${from} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const read = INGRESS.safeParse(json);
  if (read.success) return read.data;
  const problems = read.error.issues.map(({ path, message }) => `  ${path.join('.') || 'it'}: ${message}`);
  throw new IngressError(`${from} cannot be used:\n${problems.join('\n')}`);
}

/** The file's own text with other fleets, everything else as its operator wrote it. */
export function withFleets(text: string, fleets: readonly Fleet[]): string {
  const json = JSON.parse(text) as Record<string, unknown>;
  return `${JSON.stringify({ ...json, fleets }, null, 2)}\n`;
}

function twice(values: readonly string[]): readonly string[] {
  return [...new Set(values.filter((value, at) => values.indexOf(value) !== at))];
}
